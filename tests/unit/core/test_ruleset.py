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


@pytest.mark.parametrize(
    ("minimum", "expected"), [("low", ("audit",)), ("medium", ("audit",)), ("high", ()), ("critical", ())]
)
def test_a_severity_is_told_from_the_minimum_on_and_below_it_not_even_with_a_route(
    minimum: str, expected: tuple[str, ...]
) -> None:
    assert expected == make_ruleset(minimum_severity=minimum).destinations_for(Severity.MEDIUM)


def test_a_destination_of_two_routes_hears_once() -> None:
    routes = [{"severity": ["high"], "to": ["audit"]}, {"severity": ["high", "low"], "to": ["audit"]}]
    assert ("audit",) == make_ruleset(routes=routes).destinations_for(Severity.HIGH)


def test_a_rule_is_found_under_each_of_its_event_sources() -> None:
    sources = ["iotsecuredtunneling.amazonaws.com", "iotsecuretunneling.amazonaws.com"]
    ruleset = make_ruleset({**UPDATE_CERTIFICATE, "event_sources": sources, "event_name": "OpenTunnel"})
    assert [1, 1] == [len(ruleset.rules_for(source, "OpenTunnel")) for source in sources]


IOT = "iot.amazonaws.com"


def test_all_rules_of_an_operation_are_found_in_their_order() -> None:
    names = ["a", "c", "b"]
    ruleset = make_ruleset(*({**UPDATE_CERTIFICATE, "name": name} for name in names))
    assert names == [rule.name for rule in ruleset.rules_for(IOT, "UpdateCertificate")]


@pytest.mark.parametrize(
    ("event_source", "event_name", "expected"),
    [
        (IOT, "UpdateCertificate", ["iot:UpdateCertificate"]),
        (IOT, "DeleteThing", []),
        (IOT, "LaunchRocket", ["uncatalogued-operation"]),
        (IOT, "DescribeThing", []),
        ("iam.amazonaws.com", "UpdateCertificate", []),
        ("iam.amazonaws.com", "LaunchRocket", []),
    ],
    ids=["with a rule", "off", "unknown", "a read", "same name elsewhere", "unknown elsewhere"],
)
def test_an_operation_is_judged_by_its_rules_or_as_unknown_unless_it_is_off_or_reads(
    event_source: str, event_name: str, expected: list[str]
) -> None:
    ruleset = make_ruleset(off=[{"event_sources": ["other", IOT], "event_name": "DeleteThing"}])
    assert expected == [rule.name for rule in ruleset.rules_for(event_source, event_name)]


@pytest.mark.parametrize(
    ("event_source", "expected"),
    [("iotsecuretunneling.amazonaws.com", "iotsecuredtunneling:X"), ("iam.amazonaws.com", "iam:X")],
)
def test_an_operation_has_the_prefix_that_people_write(event_source: str, expected: str) -> None:
    ruleset = make_ruleset(event_sources={"iotsecuretunneling.amazonaws.com": "iotsecuredtunneling"})
    assert expected == ruleset.operation(event_source, "X")
