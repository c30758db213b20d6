"""Which windows a record enters, in which groups, and how bad the alert is that it completes."""

from typing import Any

import pytest

from handlers.core.entries import Entry, StaysOut, find_entries, look_at_windows, route_entry
from handlers.core.judgement import judge_event
from handlers.core.record import parse_event
from handlers.core.ruleset import Ruleset
from handlers.core.severity import Severity
from tests.support.small_windows import BURST, FIRST, SEQUENCE, SPREAD, make_call, make_windowed_ruleset

ALICE = "arn:aws:iam::111122223333:user/alice"
BUILT_IN = {**BURST, "built_in": True}
ROUTINE: dict[str, Any] = {
    "name": "factory",
    "when": {"facts": {"actor": {"id": [ALICE]}}},
    "operations": None,
    "at_most": "low",
    "reason": "it makes devices",
}
PLANNED: dict[str, Any] = {
    "name": "planned",
    "match": {"finding": {"rule": ["burst"]}},
    "reason": "a test",
    "until": "2099-01-01",
}


def enter(*rules: dict[str, Any], operation: str = "UpdateCertificate", **record: Any) -> list[Entry]:
    changes = record.pop("ruleset", {})
    ruleset = make_windowed_ruleset(*(rules or (BURST,)), **changes)
    judged = judge_event(parse_event(make_call(operation=operation, **record)), ruleset)
    return list(find_entries(judged, ruleset))


def why_not(rule: dict[str, Any], *, ruleset: dict[str, Any] | None = None, **record: Any) -> list[str]:
    rules = make_windowed_ruleset(rule, **(ruleset or {}))
    judged = judge_event(parse_event(make_call(**record)), rules)
    return [each.why for each in look_at_windows(judged, rules) if isinstance(each, StaysOut)]


def test_a_record_enters_each_rule_that_it_matches_once() -> None:
    entries = enter(BURST, SPREAD, SEQUENCE, FIRST)
    assert [("burst", ["e"]), ("spread", ["c1"]), ("sequence", ["changed"]), ("first", ['["c1"]'])] == [
        (each.rule.name, list(each.arrival.slots)) for each in entries
    ]
    assert {("alice",)} == {each.group for each in entries}


def test_what_matches_no_step_enters_nothing() -> None:
    assert [] == enter(operation="CreateThing")


OFF = {"name": "off", "category": "x", "severity": "low", "subject": None, "why": "x", "off": True}


@pytest.mark.parametrize(
    "changes",
    [{"minimum_severity": "critical"}, {"routes": []}, {"catalog_rules": {}, "uncatalogued": OFF}],
)
def test_a_record_enters_whoever_hears_of_it_and_though_its_operation_is_off(
    changes: dict[str, Any],
) -> None:
    assert ["burst"] == [each.rule.name for each in enter(ruleset=changes)]


def test_a_failed_call_stays_out_of_a_rule_that_does_not_look_at_the_outcome() -> None:
    assert [] == enter(errorCode="ThrottlingException")
    assert ["the call failed, and the pattern does not look at the outcome"] == why_not(
        BURST, errorCode="ThrottlingException"
    )


@pytest.mark.parametrize(
    "outcome",
    [{"facts": {"failed": [True]}}, {"facts": {"denied": [True]}}, {"errorCode": [{"prefix": "A"}]}],
)
def test_a_failed_call_enters_the_steps_that_look_at_the_outcome_alone(outcome: dict[str, Any]) -> None:
    steps = {"refused": outcome, "changed": {"eventName": ["UpdateCertificate"]}}
    (entry,) = enter({**SEQUENCE, "steps": steps}, errorCode="AccessDeniedException")
    assert ["refused"] == list(entry.arrival.slots)


def test_reads_enter_only_if_the_config_watches_reads() -> None:
    rule = {**BURST, "steps": {"calls": {"eventName": ["ListThings"]}}}
    assert [] == enter(rule, operation="ListThings")
    entries = enter(rule, operation="ListThings", ruleset={"watches_reads": True})
    assert ["burst"] == [each.rule.name for each in entries]


def test_a_suppression_of_the_rules_findings_keeps_a_record_out_and_one_of_another_rule_does_not() -> None:
    assert [] == enter(ruleset={"suppressions": [PLANNED]})
    assert ["the suppression planned matches it"] == why_not(BURST, ruleset={"suppressions": [PLANNED]})
    other = {**PLANNED, "match": {"finding": {"rule": ["iot:UpdateCertificate"]}}}
    assert 1 == len(enter(ruleset={"suppressions": [other]}))


def test_a_suppression_that_has_ended_keeps_nothing_out() -> None:
    assert 1 == len(enter(ruleset={"suppressions": [{**PLANNED, "until": "2025-11-23"}]}))
    assert 0 == len(enter(ruleset={"suppressions": [{**PLANNED, "until": "2025-11-24"}]}))


def test_routine_of_known_automation_stays_out_of_built_in_counts_alone() -> None:
    automation = {"automation": [ROUTINE]}
    assert [] == enter(BUILT_IN, ruleset=automation)
    assert ["it is routine work of factory"] == why_not(BUILT_IN, ruleset=automation)
    assert [] == enter({**SPREAD, "built_in": True}, ruleset=automation)
    assert 1 == len(enter(BURST, ruleset=automation))
    assert 1 == len(enter({**SEQUENCE, "built_in": True}, ruleset=automation))


def test_a_built_in_sequence_by_known_automation_is_lowered_unless_it_is_critical() -> None:
    sequence = {**SEQUENCE, "built_in": True, "group_by": ["facts.actor.id"]}
    (high,) = enter(sequence, ruleset={"automation": [ROUTINE]})
    (critical,) = enter({**sequence, "severity": "critical"}, ruleset={"automation": [ROUTINE]})
    assert [Severity.LOW, Severity.CRITICAL] == [high.severity, critical.severity]


def test_where_actors_may_differ_automation_lowers_nothing() -> None:
    sequence = {**SEQUENCE, "built_in": True, "group_by": ["requestParameters.certificateId"]}
    (entry,) = enter(sequence, ruleset={"automation": [ROUTINE]})
    assert (Severity.HIGH, None) == (entry.severity, entry.automation)


def test_a_value_beyond_ascii_takes_its_slot_by_a_digest() -> None:
    (entry,) = enter(SPREAD, certificate="\N{PILE OF POO}")
    assert 24 == len(entry.arrival.slots[0])


def test_circumstances_raise_a_built_in_rule_and_never_hold_it_down() -> None:
    steps = {"calls": {"facts": {"failed": [True]}}}
    (raised,) = enter({**BUILT_IN, "severity": "low"}, requestParameters={"accountIds": ["999999999999"]})
    (failed,) = enter({**BUILT_IN, "severity": "critical", "steps": steps}, errorCode="Throttled")
    assert [Severity.HIGH, Severity.CRITICAL] == [raised.severity, failed.severity]
    assert ["another-account"] == [each.name for each in raised.circumstances]


def test_a_rule_of_the_operators_is_as_bad_as_the_operator_wrote() -> None:
    (entry,) = enter({**BURST, "severity": "low"}, requestParameters={"accountIds": ["999999999999"]})
    assert Severity.LOW == entry.severity


def test_a_missing_value_is_a_group_of_its_own() -> None:
    (entry,) = enter({**BURST, "group_by": ["errorCode", "facts.actor.session"]})
    assert (None, None) == entry.group


def test_each_value_of_a_list_is_a_group_and_ten_are_the_most() -> None:
    rule = {
        **BURST,
        "steps": {"calls": {"eventName": ["AttachPolicy"]}},
        "group_by": ["facts.actor.name", "facts.touches.certificates"],
        "list_path": "facts.touches.certificates",
    }
    targets = [f"arn:aws:iot:eu-west-1:111122223333:cert/c{number}" for number in range(12)]
    entries = enter(rule, operation="AttachPolicy", requestParameters={"targets": targets})
    assert [("alice", f"c{number}") for number in range(10)] == [each.group for each in entries]
    assert 10 == len({each.key for each in entries})


def test_a_missing_or_empty_list_keeps_a_record_out() -> None:
    rule = {**BURST, "group_by": ["facts.masked"], "list_path": "facts.masked"}
    assert [] == enter(rule)
    assert ["facts.masked is missing or empty"] == why_not(rule)


def test_what_a_rule_counts_must_be_there() -> None:
    assert ["what the rule counts is not in the record"] == why_not(SPREAD, requestParameters=None)


def test_parameters_are_found_in_either_case() -> None:
    (entry,) = enter(SPREAD, requestParameters={"CertificateId": "c9"})
    assert ["c9"] == list(entry.arrival.slots)


def test_a_long_value_takes_its_slot_by_a_digest() -> None:
    (one,) = enter(SPREAD, certificate="x" * 65)
    (other,) = enter(SPREAD, certificate="x" * 66)
    assert [24, 24] == [len(each.arrival.slots[0]) for each in (one, other)]
    assert one.arrival.slots != other.arrival.slots


def test_state_of_another_rule_or_definition_is_never_shared() -> None:
    changes: list[dict[str, Any]] = [
        {},
        {"name": "copy"},
        {"group_by": ["facts.actor.id"]},
        {"steps": {"calls": {"eventName": ["UpdateCertificate"]}}},
        {"threshold": {**BURST["threshold"], "at_least": 4}},
        {"threshold": {**BURST["threshold"], "within": 11}},
    ]
    keys = [enter({**BURST, **each})[0].key for each in changes]
    assert len(changes) == len(set(keys))
    said = {"why": "other words", "severity": "low", "runbook": ["ask"], "notify": False}
    assert keys[0] == enter({**BURST, **said})[0].key


def test_an_alert_is_identified_by_rule_group_and_place() -> None:
    (entry,) = enter()
    (bob,) = enter(actor="bob")
    (named,) = enter({**BURST, "name": "other"})
    (tuned,) = enter({**BURST, "threshold": {**BURST["threshold"], "at_least": 4}})
    assert entry.identify("10") == tuned.identify("10")
    ids = [each.identify("10") for each in (entry, bob, named)]
    assert 4 == len({*ids, entry.identify("20")})


def destinations(rule: dict[str, Any], **changes: Any) -> tuple[str, ...]:
    ruleset: Ruleset = make_windowed_ruleset(rule, **changes)
    (entry,) = find_entries(judge_event(parse_event(make_call()), ruleset), ruleset)
    return route_entry(entry, ruleset)


def test_routes_see_the_finding_and_the_group_and_nothing_else_of_the_record() -> None:
    by_certificate = {**BURST, "group_by": ["requestParameters.certificateId"]}

    def route(match: dict[str, Any]) -> tuple[str, ...]:
        routes = [{"severities": ["high"], "match": match, "to": ["audit"]}]
        return destinations(by_certificate, routes=routes)

    assert ("audit",) == route({"finding": {"rule": ["burst"], "severity": ["high"]}})
    assert ("audit",) == route({"requestParameters": {"CertificateId": ["c1"]}})
    assert () == route({"requestParameters": {"certificateId": ["c2"]}})
    assert () == route({"eventName": ["UpdateCertificate"]})


def test_a_rule_on_trial_is_told_to_nobody() -> None:
    assert ("secops", "audit") == destinations(BURST)
    assert () == destinations({**BURST, "notify": False})


def test_what_is_nested_too_deeply_to_write_down_is_one_group() -> None:
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    (entry,) = enter({**BURST, "group_by": ["requestParameters.deep"]}, requestParameters={"deep": deep})
    assert 24 == len(entry.key)
