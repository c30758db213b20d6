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
    assert expected == make_ruleset().destinations_for(severity, {})


@pytest.mark.parametrize(
    ("minimum", "expected"), [("low", ("audit",)), ("medium", ("audit",)), ("high", ()), ("critical", ())]
)
def test_a_severity_is_told_from_the_minimum_on_and_below_it_not_even_with_a_route(
    minimum: str, expected: tuple[str, ...]
) -> None:
    assert expected == make_ruleset(minimum_severity=minimum).destinations_for(Severity.MEDIUM, {})


def test_a_destination_of_two_routes_hears_once() -> None:
    routes = [
        {"severity": ["high"], "match": None, "to": ["audit"]},
        {"severity": ["high", "low"], "match": None, "to": ["audit"]},
    ]
    assert ("audit",) == make_ruleset(routes=routes).destinations_for(Severity.HIGH, {})


def test_a_route_with_a_match_takes_only_what_matches() -> None:
    match = {"recipientAccountId": ["111122223333"]}
    ruleset = make_ruleset(routes=[{"severity": ["high"], "match": match, "to": ["audit"]}])
    views = [{"recipientAccountId": account} for account in ("111122223333", "444455556666")]
    assert [("audit",), ()] == [ruleset.destinations_for(Severity.HIGH, view) for view in views]


def test_a_rule_is_found_under_each_of_its_event_sources() -> None:
    sources = ["iotsecuredtunneling.amazonaws.com", "iotsecuretunneling.amazonaws.com"]
    ruleset = make_ruleset({**UPDATE_CERTIFICATE, "event_sources": sources, "event_name": "OpenTunnel"})
    names = [ruleset.built_in_rule((source, "OpenTunnel")).name for source in sources]
    assert ["iot:UpdateCertificate"] * 2 == names


IOT = "iot.amazonaws.com"


@pytest.mark.parametrize(
    ("event_name", "expected", "off"),
    [
        ("UpdateCertificate", "iot:UpdateCertificate", False),
        ("DeleteThing", "iot:DeleteThing", True),
        ("LaunchRocket", "uncatalogued-operation", False),
        ("DescribeThing", "read-operation", True),
    ],
    ids=["with a rule", "off", "unknown", "a read"],
)
def test_an_operation_is_judged_by_its_rule_or_as_unknown_unless_it_is_off_or_reads(
    event_name: str, expected: str, off: bool
) -> None:
    switched_off = {**UPDATE_CERTIFICATE, "name": "iot:DeleteThing", "event_name": "DeleteThing", "off": True}
    rule = make_ruleset(UPDATE_CERTIFICATE, switched_off).built_in_rule((IOT, event_name))
    assert (expected, off) == (rule.name, rule.off)


@pytest.mark.parametrize(
    ("event_source", "expected"),
    [("iotsecuretunneling.amazonaws.com", "iotsecuredtunneling:X"), ("iam.amazonaws.com", "iam:X")],
)
def test_an_operation_has_the_prefix_that_people_write(event_source: str, expected: str) -> None:
    ruleset = make_ruleset(event_sources={"iotsecuretunneling.amazonaws.com": "iotsecuredtunneling"})
    assert expected == ruleset.name_of((event_source, "X"))
