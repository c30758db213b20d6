from typing import Any

import pytest

from handlers.core.facts import derive_facts
from handlers.core.judgement import judge
from handlers.core.record import parse_event
from handlers.core.severity import Severity
from tests.findings import find, judge_call
from tests.records import make_event
from tests.rules import CIRCUMSTANCES, UPDATE_CERTIFICATE, make_ruleset


def test_the_plain_case_has_the_base_severity_and_its_why() -> None:
    finding = find(requestParameters={"newStatus": "REVOKED"})
    assert (Severity.MEDIUM, ("changes whether a device may connect",)) == (finding.severity, finding.reasons)


def test_the_highest_escalation_that_matches_wins_and_every_matching_one_gives_its_reason() -> None:
    finding = find(userIdentity={"type": "Root"})
    assert (
        Severity.CRITICAL,
        ("changes whether a device may connect", "root did it", "an identity becomes usable"),
    ) == (finding.severity, finding.reasons)


ACTIVE = {"requestParameters": {"newStatus": ["ACTIVE"]}}


@pytest.mark.parametrize("levels", [("critical", "high"), ("high", "critical"), ("critical", "low")])
def test_the_order_of_escalations_does_not_change_the_severity(levels: tuple[str, str]) -> None:
    escalate = [{"when": ACTIVE, "to": level, "why": level} for level in levels]
    finding = find(make_ruleset({**UPDATE_CERTIFICATE, "escalate": escalate}))
    assert Severity.CRITICAL == finding.severity


ANYTHING = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
ANY_CLIENT = {"Statement": [{"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"}]}
TEMPLATE = {
    "Resources": {"p": {"Type": "AWS::IoT::Policy", "Properties": {"PolicyDocument": ANY_CLIENT}}},
}


def test_reasons_are_the_meaning_the_escalations_worst_first_the_details_and_last_what_holds_down() -> None:
    escalations = [("high", "a"), ("critical", "worst"), ("high", "b"), ("critical", "a")]
    escalate = [{"when": ACTIVE, "to": to, "why": why} for to, why in escalations]
    ruleset = make_ruleset({**UPDATE_CERTIFICATE, "escalate": escalate}, circumstances=CIRCUMSTANCES[::-1])
    parameters = {
        "newStatus": "ACTIVE",
        "templateBody": TEMPLATE,
        "policyDocument": ANYTHING,
        "targetAwsAccount": "999999999999",
    }
    finding = find(ruleset, requestParameters=parameters, errorCode="ThrottlingException")
    assert (
        "changes whether a device may connect",
        "worst",
        "a",
        "b",
        "statement 1 allows every action on every resource",
        "statement 1 lets a device take the role of any role alias",
        "statement 1 lets a device connect as any client",
        "it names another account",
        "the call failed, so nothing was changed",
    ) == finding.reasons


def test_a_failed_call_changed_nothing_so_it_is_medium_at_most_and_says_so() -> None:
    finding = find(errorCode="AccessDenied", userIdentity={"type": "Root"})
    assert (Severity.MEDIUM, "the call failed, so nothing was changed") == (
        finding.severity,
        finding.reasons[-1],
    )


def test_an_escalation_fires_on_a_parameter_in_either_spelling() -> None:
    when = {"requestParameters": {"Sidewalk": {"Role": ["gateway"]}}}
    rule = {**UPDATE_CERTIFICATE, "escalate": [{"when": when, "to": "critical", "why": "w"}]}
    for parameters in ({"Sidewalk": {"Role": "gateway"}}, {"sidewalk": {"role": "gateway"}}):
        record = parse_event(make_event(requestParameters=parameters))
        finding = judge(record, derive_facts(record), make_ruleset(rule))
        assert finding is not None
        assert Severity.CRITICAL == finding.severity


def test_a_circumstance_raises_any_operation_and_gives_its_reason_and_techniques() -> None:
    theirs = "arn:aws:iot:eu-west-1:999999999999:cert/x"
    finding = find(requestParameters={"newStatus": "REVOKED", "certificateId": theirs})
    assert (Severity.HIGH, "it names another account", ("T1098", "T1199")) == (
        finding.severity,
        finding.reasons[-1],
        finding.attack,
    )


def test_techniques_are_the_rules_and_then_those_of_the_circumstances_each_once() -> None:
    circumstances = [
        {**CIRCUMSTANCES[1], "when": ACTIVE, "attack": techniques}
        for techniques in (["T3", "T1"], ["T0", "T3", "T4"])
    ]
    ruleset = make_ruleset({**UPDATE_CERTIFICATE, "attack": ["T2", "T1"]}, circumstances=circumstances)
    finding = find(ruleset)
    assert ("T2", "T1", "T3", "T0", "T4") == finding.attack


def test_a_field_of_the_record_named_facts_does_not_replace_ours() -> None:
    finding = find(facts={"actor": {"kind": "root"}, "failed": True})
    assert (Severity.HIGH, ()) == (finding.severity, finding.circumstances)


def test_a_circumstance_that_holds_down_has_the_last_word() -> None:
    theirs = "arn:aws:iot:eu-west-1:999999999999:cert/x"
    finding = find(requestParameters={"certificateId": theirs}, errorCode="AccessDenied")
    assert (Severity.MEDIUM, ["another-account", "failed-call"]) == (
        finding.severity,
        [each.name for each in finding.circumstances],
    )


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"policyDocument": ANY_CLIENT}, ("statement 1 lets a device connect as any client",)),
        ({"templateBody": TEMPLATE}, ("statement 1 lets a device connect as any client",)),
        ({}, ()),
    ],
    ids=["policy", "template", "neither"],
)
def test_what_a_document_allows_is_told_statement_by_statement(
    parameters: dict[str, Any], expected: tuple[str, ...]
) -> None:
    finding = find(requestParameters=parameters)
    assert expected == finding.details


def test_a_writing_operation_without_a_rule_is_told_as_uncatalogued() -> None:
    finding = find(operation="LaunchRocket")
    assert ("uncatalogued-operation", Severity.LOW) == (finding.rule.name, finding.severity)


def test_circumstances_hold_for_an_uncatalogued_operation_too() -> None:
    theirs = "arn:aws:iot:eu-west-1:999999999999:cert/x"
    finding = find(operation="LaunchRocket", requestParameters={"target": theirs})
    assert Severity.HIGH == finding.severity


def test_nothing_is_said_of_an_operation_that_the_operator_switched_off() -> None:
    assert judge_call(make_ruleset({**UPDATE_CERTIFICATE, "off": True})) is None


@pytest.mark.parametrize(
    "record", [{"operation": "ListThings"}, {"eventSource": "organizations.amazonaws.com"}]
)
def test_nothing_is_said_of_reads_and_of_other_services(record: dict[str, Any]) -> None:
    assert judge_call(**record) is None
