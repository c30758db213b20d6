import pytest

from handlers.core.severity import Severity
from tests.rules import UPDATE_CERTIFICATE, make_ruleset


@pytest.mark.parametrize(
    ("severity", "expected"),
    [
        (Severity.CRITICAL, ("secops", "audit")),
        (Severity.MEDIUM, ("audit",)),
        (Severity.INFORMATIONAL, ()),
    ],
)
def test_a_severity_goes_where_its_routes_say(severity: Severity, expected: tuple[str, ...]) -> None:
    assert expected == make_ruleset().destinations_for(severity)


def test_a_severity_below_the_minimum_goes_nowhere_even_with_a_route() -> None:
    assert () == make_ruleset(minimum_severity="high").destinations_for(Severity.MEDIUM)


def test_a_destination_of_two_routes_hears_once() -> None:
    routes = [{"severity": ["high"], "to": ["audit"]}, {"severity": ["high", "low"], "to": ["audit"]}]
    assert ("audit",) == make_ruleset(routes=routes).destinations_for(Severity.HIGH)


def test_a_rule_is_found_under_each_of_its_event_sources() -> None:
    sources = ["iotsecuredtunneling.amazonaws.com", "iotsecuretunneling.amazonaws.com"]
    ruleset = make_ruleset({**UPDATE_CERTIFICATE, "event_sources": sources, "event_name": "OpenTunnel"})
    assert [1, 1] == [len(ruleset.rules_for(source, "OpenTunnel")) for source in sources]
