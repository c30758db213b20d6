from typing import Any

import pytest

from handlers.core.facts import derive_facts
from handlers.core.judgement import Finding, judge
from handlers.core.record import parse_event
from handlers.core.severity import Severity
from tests.records import make_event
from tests.rules import UPDATE_CERTIFICATE, make_ruleset


def _judge(**record: Any) -> tuple[Finding, ...]:
    parsed = parse_event(make_event(**record))
    return judge(parsed, derive_facts(parsed), make_ruleset())


def test_the_plain_case_has_the_base_severity_and_its_why() -> None:
    (finding,) = _judge(requestParameters={"newStatus": "REVOKED"})
    assert (Severity.MEDIUM, ("changes whether a device may connect",)) == (finding.severity, finding.reasons)


def test_the_highest_escalation_that_matches_wins_and_every_matching_one_gives_its_reason() -> None:
    (finding,) = _judge(userIdentity={"type": "Root"})
    assert (
        Severity.CRITICAL,
        ("changes whether a device may connect", "root did it", "an identity becomes usable"),
    ) == (finding.severity, finding.reasons)


def test_a_failed_call_changed_nothing_so_it_is_medium_at_most_and_says_so() -> None:
    (finding,) = _judge(errorCode="AccessDenied", userIdentity={"type": "Root"})
    assert (Severity.MEDIUM, "the call failed, so nothing was changed") == (
        finding.severity,
        finding.reasons[-1],
    )


def test_an_escalation_fires_on_a_parameter_in_either_spelling() -> None:
    when = {"requestParameters": {"Sidewalk": {"Role": ["gateway"]}}}
    rule = {**UPDATE_CERTIFICATE, "escalate": [{"when": when, "to": "critical", "why": "w"}]}
    for parameters in ({"Sidewalk": {"Role": "gateway"}}, {"sidewalk": {"role": "gateway"}}):
        record = parse_event(make_event(requestParameters=parameters))
        (finding,) = judge(record, derive_facts(record), make_ruleset(rule))
        assert Severity.CRITICAL == finding.severity


def test_a_circumstance_raises_any_operation_and_gives_its_reason_and_techniques() -> None:
    theirs = "arn:aws:iot:eu-west-1:999999999999:cert/x"
    (finding,) = _judge(requestParameters={"newStatus": "REVOKED", "certificateId": theirs})
    assert (Severity.HIGH, "it names another account", ("T1098", "T1199")) == (
        finding.severity,
        finding.reasons[-1],
        finding.attack,
    )


def test_a_circumstance_that_holds_down_has_the_last_word() -> None:
    theirs = "arn:aws:iot:eu-west-1:999999999999:cert/x"
    (finding,) = _judge(requestParameters={"certificateId": theirs}, errorCode="AccessDenied")
    assert (Severity.MEDIUM, ["another-account", "failed-call"]) == (
        finding.severity,
        [each.name for each in finding.circumstances],
    )


def test_what_a_document_allows_is_told_statement_by_statement() -> None:
    document = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    (finding,) = _judge(requestParameters={"policyDocument": document})
    assert len(finding.details) > 0
    assert set(finding.details) < set(finding.reasons)


def test_a_writing_operation_without_a_rule_is_told_as_uncatalogued() -> None:
    (finding,) = _judge(operation="LaunchRocket")
    assert ("uncatalogued-operation", Severity.LOW) == (finding.rule.name, finding.severity)


def test_circumstances_hold_for_an_uncatalogued_operation_too() -> None:
    theirs = "arn:aws:iot:eu-west-1:999999999999:cert/x"
    (finding,) = _judge(operation="LaunchRocket", requestParameters={"target": theirs})
    assert Severity.HIGH == finding.severity


def test_nothing_is_said_of_an_operation_that_the_operator_switched_off() -> None:
    off = [{"event_sources": ["iot.amazonaws.com"], "event_name": "LaunchRocket"}]
    record = parse_event(make_event(operation="LaunchRocket"))
    assert () == judge(record, derive_facts(record), make_ruleset(off=off))


@pytest.mark.parametrize(
    "record", [{"operation": "ListThings"}, {"eventSource": "organizations.amazonaws.com"}]
)
def test_nothing_is_said_of_reads_and_of_other_services(record: dict[str, Any]) -> None:
    assert () == _judge(**record)
