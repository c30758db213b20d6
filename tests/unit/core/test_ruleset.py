from typing import Any

import pytest

from handlers.core.severity import Severity
from tests.support.rules import CUSTOM_RULE, UPDATE_CERTIFICATE, make_ruleset
from tests.support.small_windows import BURST, SEQUENCE


@pytest.mark.parametrize(
    ("severity", "expected"),
    [
        (Severity.CRITICAL, ("secops", "audit")),
        (Severity.MEDIUM, ("audit",)),
        (Severity.INFORMATIONAL, ()),
    ],
)
def test_a_severity_goes_where_its_routes_say(severity: Severity, expected: tuple[str, ...]) -> None:
    assert expected == make_ruleset().audience_of(severity).destinations_for({})


@pytest.mark.parametrize(
    ("minimum", "expected"), [("low", ("audit",)), ("medium", ("audit",)), ("high", ()), ("critical", ())]
)
def test_a_severity_is_told_from_the_minimum_on_and_below_it_not_even_with_a_route(
    minimum: str, expected: tuple[str, ...]
) -> None:
    assert expected == make_ruleset(minimum_severity=minimum).audience_of(Severity.MEDIUM).destinations_for(
        {}
    )


def test_a_destination_of_two_routes_hears_once() -> None:
    routes = [
        {"severities": ["high"], "match": None, "to": ["audit"]},
        {"severities": ["high", "low"], "match": None, "to": ["audit"]},
    ]
    assert ("audit",) == make_ruleset(routes=routes).audience_of(Severity.HIGH).destinations_for({})


def test_a_route_with_a_match_takes_only_what_matches() -> None:
    match = {"recipientAccountId": ["111122223333"]}
    ruleset = make_ruleset(routes=[{"severities": ["high"], "match": match, "to": ["audit"]}])
    views = [{"recipientAccountId": account} for account in ("111122223333", "444455556666")]
    assert [("audit",), ()] == [ruleset.audience_of(Severity.HIGH).destinations_for(view) for view in views]


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
    switched_off = {**UPDATE_CERTIFICATE, "name": "iot:DeleteThing", "off": True}
    rule = make_ruleset(UPDATE_CERTIFICATE, switched_off).base_rule(f"iot:{event_name}")
    assert (expected, off) == (rule.name, rule.off)


def test_a_custom_rule_has_what_it_leaves_open_from_the_catalogs_rule() -> None:
    ((_, rule),) = make_ruleset(custom_rules=[CUSTOM_RULE]).rules_for("iot:UpdateCertificate").custom_rules
    base_rule = make_ruleset().base_rule("iot:UpdateCertificate")
    assert ("mine", Severity.CRITICAL, "because", ()) == (rule.name, rule.severity, rule.why, rule.attack)
    assert (base_rule.category, base_rule.subject, base_rule.shown, base_rule.runbook) == (
        rule.category,
        rule.subject,
        rule.shown,
        rule.runbook,
    )


def test_a_custom_rule_keeps_what_it_says_itself() -> None:
    own = {
        "category": "job",
        "subject": "requestParameters.a",
        "shown": ["requestParameters.b"],
        "runbook": ["c"],
    }
    ruleset = make_ruleset(custom_rules=[CUSTOM_RULE | own])
    ((_, rule),) = ruleset.rules_for("iot:UpdateCertificate").custom_rules
    assert ("job", "requestParameters.a", ("requestParameters.b",), ("c",)) == (
        rule.category,
        rule.subject,
        rule.shown,
        rule.runbook,
    )


def test_the_rules_of_operations_that_nobody_catalogued_are_not_kept() -> None:
    ruleset = make_ruleset()
    assert ruleset.rules_for("iot:UpdateCertificate") is ruleset.rules_for("iot:UpdateCertificate")
    assert ruleset.rules_for("iot:LaunchRocket") is not ruleset.rules_for("iot:LaunchRocket")


@pytest.mark.parametrize(
    ("capitals", "match", "expected"),
    [
        (None, {"requestParameters": {"name": ["x"]}}, True),
        (None, {"eventName": ["x"]}, False),
        ([], {"requestParameters": {"name": ["x"]}}, False),
        (["attributes"], {"requestParameters": {"name": ["x"]}}, False),
        (["attributes"], {"requestParameters": {"attributes": {"env": ["x"]}}}, True),
        (["attributes"], {"requestParameters": {"Attributes": {"Env": ["x"]}}}, True),
        ([], {"requestParameters": {"attributes": {"Env": ["x"]}}}, False),
        (["id"], {"$or": [{"awsRegion": ["x"]}, {"responseElements": {"Id": ["x"]}}]}, True),
        (["id"], {"requestParameters": [{"exists": True}]}, False),
    ],
)
def test_parameters_are_lowered_where_a_pattern_can_meet_two_cases(
    capitals: list[str] | None, match: dict[str, Any], expected: bool
) -> None:
    rule = {**UPDATE_CERTIFICATE, "escalations": [], "capitals": capitals}
    ruleset = make_ruleset(rule, custom_rules=[{**CUSTOM_RULE, "match": match}])
    assert expected == ruleset.rules_for("iot:UpdateCertificate").two_cases


def test_only_the_facts_that_a_pattern_looks_at_or_an_alert_tells_are_asked() -> None:
    ruleset = make_ruleset({**UPDATE_CERTIFICATE, "escalations": []}, circumstances=[])
    assert {"policy", "template"} == ruleset.rules_for("iot:UpdateCertificate").facts
    asking = {"$or": [{"facts": {"resource": {"kind": ["job"]}}}, {"facts.job.targets": [1]}]}
    route = {"severities": ["low"], "match": asking, "to": ["audit"]}
    ruleset = make_ruleset({**UPDATE_CERTIFICATE, "escalations": []}, circumstances=[], routes=[route])
    assert {"policy", "template", "resource", "job"} == ruleset.rules_for("iot:UpdateCertificate").facts


def test_the_facts_that_windows_alone_look_at_are_asked_for_apart() -> None:
    rule = {
        **BURST,
        "steps": {"calls": {"eventName": ["UpdateCertificate"], "facts": {"policy": {"risks": ["x"]}}}},
        "group_by": ["facts.touches.certificates", "facts.actor.id"],
    }
    rules = make_ruleset(windowed_rules=[rule], circumstances=[]).rules_for("iot:UpdateCertificate")
    assert {"touches"} == rules.windowed_facts
    assert "touches" not in rules.facts


def test_a_windowed_rule_is_tried_with_the_steps_that_the_operation_may_be() -> None:
    ruleset = make_ruleset(windowed_rules=[SEQUENCE, BURST])
    assert [("sequence", ["deleted"]), ("burst", ["calls"])] == [
        (rule.name, [step for step, _ in steps])
        for rule, steps in ruleset.rules_for("iot:DeleteCertificate").windowed_rules
    ]
    assert () == ruleset.rules_for("iot:CreateThing").windowed_rules
