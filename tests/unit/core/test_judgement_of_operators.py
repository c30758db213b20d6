"""What the operator's config does to a judgement: custom rules, automation, suppressions, routes, reads."""

from typing import Any

import pytest

from handlers.core.judgement import Finding
from handlers.core.severity import Severity
from tests.support.findings import find, reasons
from tests.support.rules import CUSTOM_RULE, UPDATE_CERTIFICATE, make_ruleset

ACTIVE = {"requestParameters": {"newStatus": ["ACTIVE"]}}


NIGHT_SHIFT: dict[str, Any] = {
    **CUSTOM_RULE,
    "name": "night-shift",
    "why": "nobody activates certificates at night",
    "attack": ["T1078"],
}


def test_a_custom_rule_that_is_worse_decides_and_the_catalogs_reasons_follow() -> None:
    ruleset = make_ruleset(custom_rules=[NIGHT_SHIFT])
    finding = find(ruleset)
    assert ("night-shift", Severity.CRITICAL) == (finding.rule.name, finding.severity)
    assert (
        "nobody activates certificates at night",
        "changes whether a device may connect",
        "an identity becomes usable",
    ) == reasons(ruleset)
    assert ("T1078", "T1098") == finding.attack


def test_of_equals_the_custom_rule_decides_and_a_lesser_one_adds_its_reason() -> None:
    equal, lesser = (
        make_ruleset(custom_rules=[{**NIGHT_SHIFT, "severity": severity}]) for severity in ("high", "low")
    )
    assert ("night-shift", "iot:UpdateCertificate") == (find(equal).rule.name, find(lesser).rule.name)
    assert "nobody activates certificates at night" == reasons(lesser)[-1]


def test_a_custom_rule_that_does_not_match_is_not_heard() -> None:
    finding = find(make_ruleset(custom_rules=[NIGHT_SHIFT]), requestParameters={"newStatus": "REVOKED"})
    assert ["iot:UpdateCertificate"] == [each.rule.name for each in finding.verdicts]


def test_a_custom_rule_speaks_of_an_operation_that_is_off_and_knows_what_it_is_about() -> None:
    finding = find(make_ruleset({**UPDATE_CERTIFICATE, "off": True}, custom_rules=[NIGHT_SHIFT]))
    assert (["night-shift"], "requestParameters.certificateId", "certificate") == (
        [each.rule.name for each in finding.verdicts],
        finding.rule.subject,
        finding.rule.category,
    )


def test_a_custom_rule_is_as_bad_as_the_operator_wrote_whatever_came_of_the_call() -> None:
    finding = find(make_ruleset(custom_rules=[NIGHT_SHIFT]), errorCode="AccessDenied")
    assert [("night-shift", Severity.CRITICAL), ("iot:UpdateCertificate", Severity.MEDIUM)] == [
        (each.rule.name, each.severity) for each in finding.verdicts
    ]


def test_a_custom_rule_escalates_by_its_own_patterns() -> None:
    worse = {"when": {"facts": {"actor": {"kind": ["root"]}}}, "to": "critical", "why": "and it was root"}
    ruleset = make_ruleset(custom_rules=[{**NIGHT_SHIFT, "severity": "high", "escalations": [worse]}])
    assert [Severity.HIGH, Severity.CRITICAL] == [
        find(ruleset).severity,
        find(ruleset, userIdentity={"type": "Root"}).severity,
    ]


def test_custom_rules_are_found_by_the_operations_that_they_name() -> None:
    named = {
        **NIGHT_SHIFT,
        "match": {"eventName": ["LaunchRocket"]},
    }
    ruleset = make_ruleset(custom_rules=[named])
    assert ["night-shift", "uncatalogued-operation"] == [
        each.rule.name for each in find(ruleset, operation="LaunchRocket").verdicts
    ]
    assert ["iot:UpdateCertificate"] == [each.rule.name for each in find(ruleset).verdicts]


PROVISIONING: dict[str, Any] = {
    "name": "provisioning",
    "when": {"facts": {"actor": {"id": ["arn:aws:iam::111122223333:role/fleet-admin"]}}},
    "operations": None,
    "at_most": "low",
    "reason": "line 3 makes devices",
}
LOWERED = "it is routine work of provisioning, so it is lowered: line 3 makes devices"


def test_the_routine_work_of_known_automation_is_lowered_and_told_with_the_reason() -> None:
    ruleset = make_ruleset(automation=[PROVISIONING])
    finding = find(ruleset)
    assert (Severity.LOW, LOWERED, ("audit",)) == (
        finding.severity,
        reasons(ruleset)[-1],
        finding.destinations,
    )


def test_what_is_critical_stays_critical_whoever_does_it() -> None:
    critical = {**UPDATE_CERTIFICATE, "severity": "critical"}
    finding = find(make_ruleset(critical, automation=[PROVISIONING]))
    assert (Severity.CRITICAL, None) == (finding.severity, finding.verdicts[0].automation)


def test_circumstances_still_raise_what_automation_lowered() -> None:
    theirs = {"certificateId": "arn:aws:iot:eu-west-1:999999999999:cert/x"}
    finding = find(make_ruleset(automation=[PROVISIONING]), requestParameters=theirs)
    automation = finding.verdicts[0].automation
    assert (Severity.HIGH, "provisioning") == (finding.severity, automation and automation.name)


def test_what_others_do_and_what_is_no_routine_of_theirs_is_not_lowered() -> None:
    ruleset = make_ruleset(automation=[{**PROVISIONING, "operations": ["iot:DeleteThing"]}])
    assert Severity.HIGH == find(ruleset).severity
    stranger = {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/bob", "accountId": "111122223333"}
    ruleset = make_ruleset(automation=[PROVISIONING])
    assert Severity.HIGH == find(ruleset, userIdentity=stranger).severity


def test_automation_never_raises_what_is_lower_already() -> None:
    quiet = {**UPDATE_CERTIFICATE, "severity": "informational", "escalations": []}
    finding = find(make_ruleset(quiet, automation=[PROVISIONING]))
    assert (Severity.INFORMATIONAL, None) == (finding.severity, finding.verdicts[0].automation)


def test_custom_rules_are_not_lowered_by_automation() -> None:
    finding = find(
        make_ruleset(automation=[PROVISIONING], custom_rules=[{**NIGHT_SHIFT, "severity": "medium"}])
    )
    assert [("night-shift", Severity.MEDIUM), ("iot:UpdateCertificate", Severity.LOW)] == [
        (each.rule.name, each.severity) for each in finding.verdicts
    ]


def _suppressed_by(finding: Finding) -> list[str]:
    """By which suppressions nobody is told of it; none where somebody is."""
    return [each.suppression.name for each in finding.suppressed] if finding.is_suppressed else []


def _suppression(**changes: Any) -> dict[str, Any]:
    planned = {"name": "rollout", "match": ACTIVE, "reason": "OPS-12", "until": "2026-11-22"}
    return {**planned, **changes}


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2026-11-22T23:59:59Z", ()),
        ("2026-11-23T00:00:00Z", ("secops", "audit")),
        ("2026-11-23T01:59:59+02:00", ()),
    ],
)
def test_a_suppression_holds_through_its_last_day_in_utc_by_the_time_of_the_call(
    time: str, expected: tuple[str, ...]
) -> None:
    finding = find(make_ruleset(suppressions=[_suppression()]), eventTime=time)
    assert expected == finding.destinations


def test_what_is_suppressed_says_by_what_and_once_that_ended_people_are_told_so() -> None:
    held = find(make_ruleset(suppressions=[_suppression()]))
    expired = make_ruleset(suppressions=[_suppression(until="2026-11-21")])
    told = find(expired)
    assert ["rollout"] == _suppressed_by(held)
    assert "the suppression rollout ended on 2026-11-21, so this is told again" == reasons(expired)[-1]
    assert ([], Severity.HIGH) == (_suppressed_by(told), told.severity)


def test_while_one_suppression_holds_nothing_is_said_of_another_that_ended() -> None:
    both = [_suppression(name="old", until="2026-11-01"), _suppression()]
    finding = find(make_ruleset(suppressions=both))
    assert (["rollout"], ()) == (_suppressed_by(finding), finding.expired)


@pytest.mark.parametrize(
    ("match", "left"),
    [
        ({"finding": {"rule": ["night-shift"]}}, ["iot:UpdateCertificate"]),
        ({"finding": {"rule": ["iot:UpdateCertificate"]}}, ["night-shift"]),
        ({"finding": {"severity": ["critical"]}}, ["iot:UpdateCertificate"]),
        ({"finding": {"severity": ["low"]}}, ["night-shift", "iot:UpdateCertificate"]),
    ],
)
def test_a_suppression_of_one_rule_leaves_what_others_say(match: dict[str, Any], left: list[str]) -> None:
    finding = find(make_ruleset(custom_rules=[NIGHT_SHIFT], suppressions=[_suppression(match=match)]))
    assert (left, []) == ([each.rule.name for each in finding.verdicts], _suppressed_by(finding))
    held = {each.verdict.rule.name for each in finding.suppressed}
    assert {"night-shift", "iot:UpdateCertificate"} == held | set(left)
    assert ("secops", "audit") == finding.destinations


@pytest.mark.parametrize(
    "matches",
    [
        [{"finding": {"category": ["certificate"]}}],
        [ACTIVE],
        [{"finding": {"rule": ["iot:UpdateCertificate"]}}, {"finding": {"rule": ["night-shift"]}}],
    ],
)
def test_when_every_verdict_is_suppressed_nobody_is_told_and_all_that_hold_are_known(
    matches: list[dict[str, Any]],
) -> None:
    suppressions = [_suppression(name=f"s{number}", match=match) for number, match in enumerate(matches)]
    finding = find(make_ruleset(custom_rules=[NIGHT_SHIFT], suppressions=suppressions))
    assert ({each["name"] for each in suppressions}, (), Severity.CRITICAL) == (
        set(_suppressed_by(finding)),
        finding.destinations,
        finding.severity,
    )


def test_of_several_suppressions_the_one_that_holds_longest_is_named() -> None:
    both = [_suppression(name="short"), _suppression(name="long", until="2027-01-01")]
    assert ["long"] == _suppressed_by(find(make_ruleset(suppressions=both)))


@pytest.mark.parametrize(
    ("match", "told"),
    [
        ({"finding": {"rule": ["iot:UpdateCertificate"]}}, True),
        ({"finding": {"rule": ["night-shift"]}}, True),
        ({"finding": {"severity": ["critical"]}}, True),
        ({"finding": {"severity": ["high"]}}, False),
        ({"finding": {"category": ["certificate"]}}, True),
        ({"finding": {"category": ["job"]}}, False),
    ],
)
def test_a_route_sees_all_rules_and_the_worst_severity(match: dict[str, Any], told: bool) -> None:
    route = {"severities": ["critical"], "match": match, "to": ["audit"]}
    finding = find(make_ruleset(custom_rules=[NIGHT_SHIFT], routes=[route]))
    assert (("audit",) if told else ()) == finding.destinations


def test_a_field_of_the_record_named_finding_does_not_replace_ours() -> None:
    suppression = _suppression(match={"finding": {"severity": ["informational"]}})
    ruleset = make_ruleset(suppressions=[suppression])
    assert [] == _suppressed_by(find(ruleset, finding={"severity": "informational"}))


def test_reads_are_judged_where_the_operator_wants_them() -> None:
    reads = {**UPDATE_CERTIFICATE, "name": "read-operation", "severity": "low", "escalations": []}
    finding = find(make_ruleset(reads=reads), operation="ListThings")
    assert ("read-operation", Severity.LOW) == (finding.rule.name, finding.severity)


def test_nothing_is_said_to_be_lowered_that_was_raised_again_or_that_a_custom_rule_decides() -> None:
    theirs = {"certificateId": "arn:aws:iot:eu-west-1:999999999999:cert/x"}
    raised = reasons(make_ruleset(automation=[PROVISIONING]), requestParameters=theirs)
    custom = reasons(make_ruleset(automation=[PROVISIONING], custom_rules=[NIGHT_SHIFT]))
    assert LOWERED not in raised + custom


def test_of_several_automations_the_one_that_lowers_most_counts() -> None:
    both = [{**PROVISIONING, "name": "a", "at_most": "medium"}, PROVISIONING]
    for order in (both, both[::-1]):
        assert Severity.LOW == find(make_ruleset(automation=order)).severity


def test_a_rule_of_any_operation_is_heard_beside_one_that_names_it() -> None:
    named = {**NIGHT_SHIFT, "name": "named", "match": {"eventName": ["UpdateCertificate"]}}
    finding = find(make_ruleset(custom_rules=[NIGHT_SHIFT, named]))
    assert {"named", "night-shift", "iot:UpdateCertificate"} == {each.rule.name for each in finding.verdicts}
