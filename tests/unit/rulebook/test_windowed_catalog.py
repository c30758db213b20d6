"""Each built-in rule over time: what makes it fire, what nearly does, and what a fleet does all day."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handlers.core.automation import Automation
from handlers.core.record import as_mapping
from handlers.core.record_pattern import RecordPattern
from handlers.core.ruleset import Ruleset
from handlers.core.severity import Severity
from rulebook.catalog import WINDOWED_RULES
from rulebook.config.context import read_context
from rulebook.config.dead_patterns import never_matches
from rulebook.config.windows import windowed_faults
from rulebook.source import read_source
from rulebook.windowed_rules import EventCount, NewTerms, Temporal, ValueCount, load_windowed_rules
from tests.support.aws_commands import faults_of
from tests.support.catalog import CATALOG
from tests.support.count_histories import (
    ARN,
    COUNTED,
    DEVICE,
    GREENGRASS,
    NOT_COUNTED,
    TOUCHES,
    TUNNEL,
    attach,
    certificate,
    certificate_arn,
    delete_certificate,
    denied,
    deploy,
    detach,
    identity,
    part,
    run_job,
    send_to,
    switch_off,
)
from tests.support.histories import DENIED, Call, built_in, document, fired, windowed_alerts
from tests.support.records import ACCOUNT
from tests.support.sequence_histories import SEQUENCES as HISTORIES

RULES = load_windowed_rules()
COUNTS = [name for name, rule in RULES.items() if isinstance(rule.kind, EventCount | ValueCount)]
SEQUENCES = [name for name, rule in RULES.items() if isinstance(rule.kind, Temporal)]
FIRST_TOUCHES = [name for name, rule in RULES.items() if isinstance(rule.kind, NewTerms)]
Events = list[dict[str, Any]]


def within(rule: str) -> int:
    kind = RULES[rule].kind
    assert isinstance(kind, EventCount | ValueCount | Temporal)
    return int(kind.within.total_seconds())


def spread(calls: Sequence[Call], seconds: int) -> Events:
    """The calls over a time: the first at 0, the last at the end."""
    return [call.at(number * seconds // (len(calls) - 1)) for number, call in enumerate(calls)]


def sequence(rule: str, *changes: tuple[str, Call]) -> list[Call]:
    return list((HISTORIES[rule].steps | dict(changes)).values())


def counted(rule: str) -> list[Call]:
    kind = RULES[rule].kind
    assert isinstance(kind, EventCount | ValueCount)
    return [COUNTED[rule](number) for number in range(kind.at_least)]


def test_every_rule_has_its_histories() -> None:
    assert set(RULES) == {*HISTORIES, *COUNTED, *TOUCHES}
    assert set(COUNTED) == set(NOT_COUNTED)
    for name, each in HISTORIES.items():
        kind = RULES[name].kind
        assert isinstance(kind, Temporal)
        assert list(kind.steps) == list(each.steps)
        assert each.nearly


@pytest.mark.parametrize("rule", SEQUENCES)
def test_a_sequence_fires_once_at_its_last_step_within_the_window_in_any_order(rule: str) -> None:
    expected = sorted({rule, *HISTORIES[rule].also})
    calls = sequence(rule)
    assert expected == fired(spread(calls, within(rule) - 1))
    assert expected == fired(spread(calls[::-1], within(rule) - 1))
    assert expected == fired(spread(calls, within(rule) - 1)[::-1] * 2)


@pytest.mark.parametrize("rule", SEQUENCES)
def test_a_sequence_does_not_fire_when_a_step_is_missing_or_a_second_too_late(rule: str) -> None:
    calls = sequence(rule)
    assert rule not in fired(spread(calls, within(rule)))
    for position in range(len(calls)):
        rest = [*calls[:position], *calls[position + 1 :]]
        assert rule not in fired([call.at(number) for number, call in enumerate(rest * 2)])


@pytest.mark.parametrize(
    ("rule", "step", "call"),
    [
        pytest.param(rule, step, call, id=f"{rule} {step} {number} {call.operation}")
        for rule, each in HISTORIES.items()
        for number, (step, call) in enumerate(each.instead)
    ],
)
def test_other_calls_are_a_step_too(rule: str, step: str, call: Call) -> None:
    assert 1 == fired(spread(sequence(rule, (step, call)), within(rule) - 1)).count(rule)


@pytest.mark.parametrize(
    ("rule", "step", "call"),
    [
        pytest.param(rule, step, call, id=f"{rule} {step} {number} {call.operation}")
        for rule, each in HISTORIES.items()
        for number, (step, call) in enumerate(each.nearly)
    ],
)
def test_a_call_that_only_resembles_a_step_completes_nothing(rule: str, step: str, call: Call) -> None:
    assert rule not in fired(spread(sequence(rule, (step, call)), within(rule) - 1))


@pytest.mark.parametrize(
    "rule", [each for each in SEQUENCES if "facts.actor.id" in RULES[each].kind.group_by]
)
def test_a_sequence_that_follows_the_actor_is_not_completed_by_another(rule: str) -> None:
    *first, last = sequence(rule)
    assert rule not in fired(spread([*first, last.by_another()], within(rule) - 1))


@pytest.mark.parametrize("rule", COUNTS)
def test_a_count_fires_once_at_the_last_call_within_the_window(rule: str) -> None:
    events = spread(counted(rule), within(rule) - 1)
    assert [rule] == fired(events)
    random.Random(7).shuffle(events)  # noqa: S311 - no secret
    assert [rule] == fired(events * 2)


@pytest.mark.parametrize("rule", COUNTS)
def test_a_count_does_not_fire_one_short_or_a_second_too_late_or_with_another_actor(rule: str) -> None:
    *calls, last = counted(rule)
    assert [] == fired(spread(calls, within(rule) - 1))
    assert [] == fired(spread([*calls, last], within(rule)))
    assert [] == fired(spread([*calls, last.by_another()], within(rule) - 1))
    assert [] == fired(spread([*calls, replace(last, account="444455556666")], within(rule) - 1))


@pytest.mark.parametrize(
    ("rule", "call"),
    [
        pytest.param(rule, call, id=f"{rule} {number} {call.operation}")
        for rule, calls in NOT_COUNTED.items()
        for number, call in enumerate(calls)
    ],
)
def test_a_call_that_does_not_count_completes_no_count(rule: str, call: Call) -> None:
    *calls, _ = counted(rule)
    assert rule not in fired(spread([*calls, call], within(rule) - 1))


@pytest.mark.parametrize("rule", COUNTS)
def test_what_known_automation_does_is_not_counted(rule: str) -> None:
    events = spread(counted(rule), within(rule) - 1)
    assert [] == fired(events, automated("mallory"))


def test_devices_that_register_themselves_are_not_counted() -> None:
    devices = [replace(DEVICE, answer={"certificateId": certificate(each)}) for each in range(600)]
    refused = [replace(each, error=DENIED) for each in devices]
    assert [] == fired(spread([*devices, *refused], 600))


DAY = 86_400


@pytest.mark.parametrize("rule", FIRST_TOUCHES)
def test_a_first_touch_is_told_after_a_week_of_learning_and_once(rule: str) -> None:
    call, newcomer = TOUCHES[rule], TOUCHES[rule].by_another()
    assert [rule] == fired([call.at(0), newcomer.at(7 * DAY), newcomer.at(8 * DAY), call.at(9 * DAY)])


@pytest.mark.parametrize("rule", FIRST_TOUCHES)
def test_a_first_touch_is_not_told_within_the_week_nor_in_another_account(rule: str) -> None:
    call, newcomer = TOUCHES[rule], TOUCHES[rule].by_another()
    elsewhere = replace(newcomer, account="444455556666")
    assert [] == fired([call.at(0), newcomer.at(7 * DAY - 1), elsewhere.at(8 * DAY), call.at(9 * DAY)])


def automated(role: str) -> Ruleset:
    """The ruleset of a config that knows the role as automation."""
    when = RecordPattern({"facts": {"actor": {"id": [f"arn:aws:iam::{ACCOUNT}:role/{role}"]}}})
    known = Automation("factory", when, None, Severity.LOW, "it makes devices")
    return replace(built_in(), automation=(known,))


def provision(number: int, by: str) -> Iterator[Call]:
    """What gives one device its thing, its certificate and its permissions."""
    name = f"device-{number}"
    principal = {"thingName": name, "principal": certificate_arn(number)}
    yield Call("CreateThing", {"thingName": name}, by=by)
    yield replace(identity(number), by=by)
    yield replace(attach("device-policy", number), by=by)
    yield Call("AttachThingPrincipal", principal, by=by)


def test_an_ordinary_day_of_a_fleet_is_told_to_nobody() -> None:
    day = [
        call.at(60 * number + second)
        for number in range(50)
        for second, call in enumerate(provision(number, "provisioning"))
    ]
    assert [] == fired(day)


def retire(number: int) -> list[Call]:
    return [part(number), detach(number), switch_off(number, "INACTIVE"), delete_certificate(number)]


def renew(number: int) -> list[Call]:
    return [identity(1000 + number), attach("device-policy", 1000 + number), *retire(number)]


ORDINARY: dict[str, tuple[int, Sequence[Call]]] = {
    "support that opens tunnels and is refused once": (600, [*[TUNNEL] * 20, denied(1), *[TUNNEL] * 20]),
    "fifteen devices that are retired": (15, [call for number in range(15) for call in retire(number)]),
    "certificates that are renewed all day": (30, [call for each in range(200) for call in renew(each)]),
    "a developer who tries a component on one device": (
        300,
        [Call("CreateComponentVersion", source=GREENGRASS), deploy(f"{ARN}:thing/core")] * 20,
    ),
    "a deployment of infrastructure that lacks a permission": (
        5,
        [
            Call("CreateThingGroup", {"thingGroupName": "pumps"}),
            Call("CreatePolicy", {"policyName": "pump", "policyDocument": document("iot:Connect", "x")}),
            attach("pump"),
            send_to(sqs={"queueUrl": "q", "roleArn": f"arn:aws:iam::{ACCOUNT}:role/ours"}),
            denied(1, "CreateJob"),
            denied(2, "CreateRoleAlias"),
        ],
    ),
    "jobs that go to one group at a time": (900, [run_job("SNAPSHOT")] * 50),
}
"""What people and machines do in a normal week: seconds between calls, and the calls."""


@pytest.mark.parametrize("name", ORDINARY)
def test_what_happens_in_a_normal_week_is_told_to_nobody(name: str) -> None:
    gap, calls = ORDINARY[name]
    assert [] == fired([call.at(gap * number) for number, call in enumerate(calls)])


def test_known_automation_that_mints_five_thousand_certificates_makes_no_alert_above_low() -> None:
    veteran = attach().at(-10 * DAY), identity().at(-10 * DAY)
    day = [call.at(number) for number in range(5000) for call in provision(number, "factory")]
    alerts = windowed_alerts([*veteran, *day], automated("factory"))
    assert [("first-touch-of-certificates", "low"), ("first-touch-of-policies", "low")] == sorted(
        (each.rule, each.severity.value) for each in alerts
    )


AROUND = read_context({}, CATALOG)
WRITTEN = read_source(WINDOWED_RULES).data


@pytest.mark.parametrize("rule", RULES)
def test_no_built_in_rule_is_one_that_we_would_refuse(rule: str) -> None:
    written = as_mapping(WRITTEN[rule])
    assert [] == list(windowed_faults(written, AROUND))
    assert [] == ([] if "match" not in written else never_matches(written["match"], AROUND))


@pytest.mark.parametrize("rule", RULES)
def test_texts_are_short_and_in_one_style_and_their_commands_exist(rule: str) -> None:
    texts, why = RULES[rule].runbook, RULES[rule].why
    assert [] == [step for step in texts if len(step) > 220]
    assert len(why) <= 140
    assert why[0].islower()
    assert not why.endswith(".")
    commands = [each for step in texts for each in re.findall(r"`(aws [^`]*)`", step)]
    assert [] == [fault for command in commands for fault in faults_of(command)]


def test_counts_and_first_touches_can_be_quietened_by_known_automation() -> None:
    assert [] == [each for each in (*COUNTS, *FIRST_TOUCHES) if RULES[each].severity is Severity.CRITICAL]
    kinds = [RULES[each].kind for each in FIRST_TOUCHES]
    assert {(timedelta(days=7), timedelta(days=90))} == {
        (kind.learn, kind.forget_after) for kind in kinds if isinstance(kind, NewTerms)
    }
