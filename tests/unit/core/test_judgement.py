from typing import Any

import pytest

from handlers.core.reasons import document_risks
from handlers.core.severity import Severity
from tests.support.findings import find, judge_call, reasons
from tests.support.rules import CIRCUMSTANCES, UPDATE_CERTIFICATE, make_ruleset


def test_the_plain_case_has_the_base_severity_and_its_why() -> None:
    record: dict[str, Any] = {"requestParameters": {"newStatus": "REVOKED"}}
    assert (Severity.MEDIUM, ("changes whether a device may connect",)) == (
        find(**record).severity,
        reasons(**record),
    )


def test_the_highest_escalation_that_matches_wins_and_gives_its_reason_first() -> None:
    root: dict[str, Any] = {"userIdentity": {"type": "Root"}}
    assert (
        Severity.CRITICAL,
        ("root did it", "changes whether a device may connect", "an identity becomes usable"),
    ) == (find(**root).severity, reasons(**root))


ACTIVE = {"requestParameters": {"newStatus": ["ACTIVE"]}}


@pytest.mark.parametrize("levels", [("critical", "high"), ("high", "critical"), ("critical", "low")])
def test_the_order_of_escalations_does_not_change_the_severity(levels: tuple[str, str]) -> None:
    escalate = [{"when": ACTIVE, "to": level, "why": level} for level in levels]
    finding = find(make_ruleset({**UPDATE_CERTIFICATE, "escalations": escalate}))
    assert Severity.CRITICAL == finding.severity


ANYTHING = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
ANY_CLIENT = {"Statement": [{"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"}]}
TEMPLATE = {
    "Resources": {"p": {"Type": "AWS::IoT::Policy", "Properties": {"PolicyDocument": ANY_CLIENT}}},
}


def test_reasons_are_what_decided_the_meaning_the_escalations_worst_first_and_the_circumstances() -> None:
    escalations = [("high", "a"), ("critical", "worst"), ("high", "b"), ("critical", "a")]
    escalate = [{"when": ACTIVE, "to": to, "why": why} for to, why in escalations]
    ruleset = make_ruleset({**UPDATE_CERTIFICATE, "escalations": escalate}, circumstances=CIRCUMSTANCES[::-1])
    parameters = {
        "newStatus": "ACTIVE",
        "templateBody": TEMPLATE,
        "policyDocument": ANYTHING,
        "targetAwsAccount": "999999999999",
    }
    assert (
        "worst",
        "changes whether a device may connect",
        "a",
        "b",
        "it names another account",
    ) == reasons(ruleset, requestParameters=parameters)
    assert (
        "the call failed, so nothing was changed",
        "it would have meant: changes whether a device may connect",
        "it would have meant: worst",
        "it would have meant: a",
        "it would have meant: b",
        "it names another account",
    ) == reasons(ruleset, requestParameters=parameters, errorCode="ThrottlingException")


def test_what_a_document_in_the_call_allows_is_told_statement_by_statement() -> None:
    judged = judge_call(requestParameters={"templateBody": TEMPLATE, "policyDocument": ANYTHING})
    assert (
        "statement 1 allows every action on every resource",
        "statement 1 lets a device take the role of any role alias",
        "statement 1 lets a device connect as any client",
    ) == document_risks(judged.facts)


def test_a_failed_call_changed_nothing_so_it_is_medium_at_most_and_says_so() -> None:
    denied: dict[str, Any] = {"errorCode": "AccessDenied", "userIdentity": {"type": "Root"}}
    assert (Severity.MEDIUM, "the call failed, so nothing was changed") == (
        find(**denied).severity,
        reasons(**denied)[0],
    )


def test_an_escalation_fires_on_a_parameter_in_either_case() -> None:
    when = {"requestParameters": {"Sidewalk": {"Role": ["gateway"]}}}
    rule = {**UPDATE_CERTIFICATE, "escalations": [{"when": when, "to": "critical", "why": "w"}]}
    for parameters in ({"Sidewalk": {"Role": "gateway"}}, {"sidewalk": {"role": "gateway"}}):
        assert Severity.CRITICAL == find(make_ruleset(rule), requestParameters=parameters).severity


def test_a_circumstance_raises_any_operation_and_gives_its_reason_and_techniques() -> None:
    theirs = "arn:aws:iot:eu-west-1:999999999999:cert/x"
    record: dict[str, Any] = {"requestParameters": {"newStatus": "REVOKED", "certificateId": theirs}}
    finding = find(**record)
    assert (Severity.HIGH, "it names another account", ("T1098", "T1199")) == (
        finding.severity,
        reasons(**record)[0],
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
    assert expected == document_risks(judge_call(requestParameters=parameters).facts)


def test_a_writing_operation_without_a_rule_is_told_as_uncatalogued() -> None:
    finding = find(operation="LaunchRocket")
    assert ("uncatalogued-operation", Severity.LOW) == (finding.rule.name, finding.severity)


def test_circumstances_hold_for_an_uncatalogued_operation_too() -> None:
    theirs = "arn:aws:iot:eu-west-1:999999999999:cert/x"
    finding = find(operation="LaunchRocket", requestParameters={"target": theirs})
    assert Severity.HIGH == finding.severity


def test_nothing_is_said_of_an_operation_that_the_operator_switched_off() -> None:
    assert judge_call(make_ruleset({**UPDATE_CERTIFICATE, "off": True})).finding is None


@pytest.mark.parametrize(
    "record", [{"operation": "ListThings"}, {"eventSource": "organizations.amazonaws.com"}]
)
def test_nothing_is_said_of_reads_and_of_other_services(record: dict[str, Any]) -> None:
    assert judge_call(**record).finding is None
