"""What becomes of an alert, what that asks of the state, and what a run that dies leaves behind."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handlers.core.dedup import OFF, Dedup
from handlers.core.our_calls import OurCalls
from handlers.core.record import BadRecord
from handlers.core.severity import Severity
from handlers.pipeline.alarms import tell_alarm
from handlers.pipeline.detection import detect
from handlers.pipeline.telling import Candidate, Fate, tell
from tests.support.alarms import make_alarm
from tests.support.alerts import make_alert
from tests.support.outside import MemoryQueue, MemorySummaries, make_outside
from tests.support.records import make_event
from tests.support.rules import CUSTOM_RULE, UPDATE_CERTIFICATE, make_ruleset
from tests.support.telling import ENDS, NOW, Died, World, muted
from tests.support.windows import NoWindows

TWO_IN_TEN_MINUTES = Dedup(window=600, first=2)


@pytest.fixture
def world() -> World:
    return World()


def test_an_event_becomes_one_delivery_for_each_destination(world: World) -> None:
    detection = world.detect()
    assert [(detection.alert, "secops"), (detection.alert, "audit")] == [
        (each.alert, each.destination) for each in world.queue.sent
    ]


def test_an_operation_that_no_rule_knows_becomes_nothing(world: World) -> None:
    detection = world.detect(operation="ListThings")
    assert (None, Fate.NOBODY, []) == (detection.alert, detection.fate, world.calls)


READS = {"name": "any-call", "match": {"eventName": [{"exists": True}]}, "severity": "low", "why": "x"}


@pytest.mark.parametrize(
    ("operation", "error", "role", "fate"),
    [
        ("GetPolicyVersion", None, "deliver", Fate.NOBODY),
        ("GetPolicyVersion", None, "other", Fate.TOLD),
        ("GetPolicyVersion", "AccessDeniedException", "deliver", Fate.TOLD),
        ("DeletePolicy", None, "deliver", Fate.TOLD),
    ],
)
def test_what_deliver_asks_aws_iot_is_told_to_nobody_and_whatever_else_its_role_does_is(
    operation: str, error: str | None, role: str, fate: Fate
) -> None:
    arn = "arn:aws:iam::111122223333:role/{}"
    issuer = {"type": "Role", "arn": arn.format("deliver"), "userName": "deliver"}
    identity = {"type": "AssumedRole", "sessionContext": {"sessionIssuer": issuer}}
    detection = detect(
        make_event(operation, userIdentity=identity, errorCode=error),
        ruleset=make_ruleset(custom_rules=[READS]),
        windows=NoWindows(),
        outside=make_outside(NOW),
        our_calls=OurCalls(arn.format(role)),
    )
    assert fate is detection.fate


def test_an_event_without_a_record_is_refused_so_that_it_reaches_the_failure_queue(world: World) -> None:
    with pytest.raises(BadRecord):
        detect({"detail": {}}, ruleset=world.ruleset, windows=NoWindows(), outside=make_outside(NOW))


def test_the_first_few_are_told_and_the_others_held(world: World) -> None:
    fates = [world.detect(f"e{number}").fate for number in range(5)]
    assert [Fate.TOLD] * 2 + [Fate.HELD] * 3 == fates
    assert ({"e0", "e1"}, 3) == (world.told, world.held())


def test_each_told_alert_asks_for_a_summary_once_its_bucket_has_ended(world: World) -> None:
    world.detect()
    (asked,) = world.summaries.asked
    assert (ENDS, ENDS + timedelta(minutes=5)) == (asked.bucket.ends, asked.due)
    assert [asked.due - NOW] == world.summaries.delays


@pytest.mark.parametrize("times", [2, 3])
def test_the_same_event_again_is_told_or_held_as_before(world: World, times: int) -> None:
    fates = [[world.detect(f"e{number}").fate for number in range(4)] for _ in range(times)]
    assert [fates[0]] * times == fates
    assert ({"e0", "e1"}, 2) == (world.told, world.held())


@pytest.mark.parametrize(
    "other",
    [
        {"operation": "DeletePolicy"},
        {"errorCode": "AccessDenied"},
        {"recipientAccountId": "444455556666"},
        {"awsRegion": "us-east-1"},
        {"requestParameters": {"certificateId": "7a1f", "newStatus": "INACTIVE"}},
        {"eventTime": "2026-11-22T09:29:59Z"},
        {"userIdentity": {"type": "IAMUser", "userName": "eve", "arn": "arn:aws:iam::111122223333:user/eve"}},
    ],
)
def test_another_kind_or_another_window_is_told_at_once(world: World, other: dict[str, Any]) -> None:
    for number in range(3):
        world.detect(f"e{number}")
    assert Fate.TOLD is world.detect("other", **other).fate


def test_a_failed_and_a_denied_call_are_of_two_kinds(world: World) -> None:
    fates = [
        world.detect(f"{code}{n}", errorCode=code).fate
        for code in ("Throttled", "AccessDenied")
        for n in (1, 2)
    ]
    assert [Fate.TOLD] * 4 == fates


@pytest.mark.parametrize(
    ("rule", "fates"),
    [
        ({"dedup": {"window": 0, "first": 0}}, [Fate.TOLD] * 4),
        ({"dedup": {"window": 600, "first": 1}}, [Fate.TOLD] + [Fate.HELD] * 3),
        ({}, [Fate.TOLD] * 2 + [Fate.HELD] * 2),
    ],
)
def test_a_rules_own_dedup_holds_before_that_of_its_severity(rule: dict[str, Any], fates: list[Fate]) -> None:
    dedup = {each.value: {"window": 600, "first": 2} for each in Severity}
    world = World(make_ruleset({**UPDATE_CERTIFICATE, **rule}, dedup=dedup))
    assert fates == [world.detect(f"e{number}").fate for number in range(4)]


def test_of_several_rules_the_deciding_ones_dedup_holds() -> None:
    custom = {**CUSTOM_RULE, "dedup": {"window": 600, "first": 1}}
    world = World(
        make_ruleset({**UPDATE_CERTIFICATE, "dedup": {"window": 0, "first": 0}}, custom_rules=[custom])
    )
    assert [Fate.TOLD, Fate.HELD] == [world.detect(f"e{number}").fate for number in range(2)]


ARCHIVE: dict[str, dict[str, Any]] = {
    "secops": {"name": "secops", "kind": "slack", "secret": "ssm:/x"},
    "audit": {"name": "audit", "kind": "sns", "dedup": False},
}


def test_an_archive_is_told_each_at_once_even_what_a_mute_holds_or_the_state_refuses(world: World) -> None:
    world.ruleset = replace(world.ruleset, destinations=make_ruleset(destinations=ARCHIVE).destinations)
    world.mutes.put(muted())
    world.detect("e1")
    world.dies_at = 1
    with pytest.raises(Died):
        world.detect("e2")
    assert [("audit", "e1"), ("audit", "e2")] == [
        (each.destination, each.alert.event_id) for each in world.queue.sent
    ]


# What a record asks of the state and the queues; docs/adr/0017 has this table.
TOLD = ["read mutes", "tell", "send", "ask"]
COSTS = [
    pytest.param({"dedup": {}}, 1, True, ["read mutes", "send"], id="dedup-is-off"),
    pytest.param({"routes": []}, 1, True, [], id="nobody-is-told"),
    pytest.param(
        {"destinations": {**ARCHIVE, "secops": {**ARCHIVE["secops"], "dedup": False}}},
        1,
        True,
        ["send"],
        id="archives-alone",
    ),
    pytest.param({}, 1, True, TOLD, id="told"),
    pytest.param({}, 3, True, ["read mutes", "tell", "hold", "ask"], id="held"),
    pytest.param({}, 4, False, ["hold"], id="held-by-a-function-that-knows-the-head"),
]


@pytest.mark.parametrize(("changes", "number", "is_cold", "calls"), COSTS)
def test_a_record_asks_this_of_the_state(
    world: World, changes: dict[str, Any], number: int, is_cold: bool, calls: list[str]
) -> None:
    world.ruleset = replace(
        world.ruleset, **{name: getattr(make_ruleset(**changes), name) for name in changes}
    )
    for each in range(number):
        world.detect(f"e{each}", is_cold=is_cold)
    assert calls == world.calls


def test_mutes_are_read_again_after_a_quarter_of_a_minute(world: World) -> None:
    reads = []
    for seconds in (0, 14, 15, 16):
        world.now = NOW + timedelta(seconds=seconds)
        world.detect(f"e{seconds}", is_cold=False)
        reads.append("read mutes" in world.calls)
    assert [True, False, True, False] == reads


def test_a_function_that_knows_a_full_head_asks_it_again_once_the_bucket_has_ended(world: World) -> None:
    for number in range(4):
        world.detect(f"e{number}", is_cold=False)
    world.now = ENDS + timedelta(seconds=1)
    world.detect("late", is_cold=False)
    assert ["read mutes", "tell", "hold", "ask"] == world.calls


def test_what_is_told_stays_told_for_a_function_that_has_learnt_that_the_head_is_full(world: World) -> None:
    world.detect("e0", is_cold=False)
    world.dies_at = 1
    with pytest.raises(Died):
        world.detect("e1", is_cold=False)
    world.detect("e2", is_cold=False)
    assert (Fate.TOLD, {"e0", "e1"}) == (world.detect("e1", is_cold=False).fate, world.told)


@pytest.mark.parametrize("seconds", [0, 1, 7200])
def test_what_is_held_after_the_buckets_end_asks_for_another_summary(world: World, seconds: int) -> None:
    for number in range(2):
        world.detect(f"e{number}")
    world.now = ENDS + timedelta(seconds=seconds)
    world.detect("late")
    asked = world.summaries.asked[-1]
    assert (3, True) == (len(world.summaries.asked), asked.due >= world.now + timedelta(minutes=5))
    assert 0 == asked.due.timestamp() % 300


def test_a_function_asks_once_for_a_summary_that_finds_all_of_a_late_burst(world: World) -> None:
    world.now = ENDS + timedelta(hours=1)
    for number in range(9):
        world.detect(f"e{number}", is_cold=False)
    assert 1 == len(world.summaries.asked)
    world.now += timedelta(minutes=5)
    world.detect("later", is_cold=False)
    assert 2 == len(world.summaries.asked)


def test_a_bucket_that_ends_while_a_run_holds_an_alert_is_asked_for(world: World) -> None:
    for number in range(2):
        world.detect(f"e{number}")
    hold = world.buckets.hold

    def slowly(*arguments: Any, **named: Any) -> None:
        world.now = ENDS
        hold(*arguments, **named)

    world.buckets = _Replaced(world.buckets, hold=slowly)  # type: ignore[assignment] # the same methods
    world.detect("e2")
    assert 3 == len(world.summaries.asked)


class _Replaced:
    """A part with some of its methods replaced."""

    def __init__(self, part: object, **methods: Any) -> None:
        self._part, self._methods = part, methods

    def __getattr__(self, name: str) -> Any:
        return self._methods.get(name) or getattr(self._part, name)


def test_what_is_held_is_told_even_if_every_run_that_was_told_fails_for_good(world: World) -> None:
    for number in range(2):
        world.dies_at = 2
        with pytest.raises(Died):
            world.detect(f"e{number}")
    world.detect("e2")
    (asked,) = world.summaries.asked
    assert 1 == world.buckets.read_held(asked.bucket.key).total


@pytest.mark.parametrize("dies_at", range(4))
def test_a_told_alert_of_a_run_that_dies_anywhere_is_told_and_asked_for_by_the_next_try(
    world: World, dies_at: int
) -> None:
    world.dies_at = dies_at
    with pytest.raises(Died):
        world.detect()
    world.detect()
    assert ({"e1"}, 0, 1) == (world.told, world.held(), len(world.summaries.asked))


@pytest.mark.parametrize("dies_at", range(3))
def test_a_held_alert_of_a_run_that_dies_anywhere_is_held_once(world: World, dies_at: int) -> None:
    for number in range(2):
        world.detect(f"e{number}")
    world.dies_at = dies_at
    with pytest.raises(Died):
        world.detect("e2")
    world.detect("e2")
    assert ({"e0", "e1"}, 1) == (world.told, world.held())


@pytest.mark.parametrize(
    ("time", "reason"),
    [
        ("2026-10-22T09:30:59Z", "seen late: it is more than 30 days old"),
        ("2026-11-23T09:31:01Z", "its time lies ahead, which can not be true"),
        ("1969-12-31T23:59:59Z", "seen late: it is more than 30 days old"),
    ],
)
def test_an_alert_of_a_time_beyond_memory_is_told_with_the_reason_and_touches_no_state(
    world: World, time: str, reason: str
) -> None:
    fates = [world.detect(f"e{number}", eventTime=time).fate for number in range(4)]
    assert ([Fate.TOLD] * 4, ["send"]) == (fates, world.calls)
    assert reason == world.queue.sent[-1].alert.reasons[-1]


def test_an_alert_of_a_month_ago_is_held_as_any(world: World) -> None:
    fates = [world.detect(f"e{number}", eventTime="2026-10-23T09:32:00Z").fate for number in range(3)]
    assert [Fate.TOLD, Fate.TOLD, Fate.HELD] == fates


def test_an_alert_that_another_call_completes_again_is_held_once() -> None:
    outside = make_outside(NOW)
    for seconds in (0, 5):
        for number in range(3):
            alert = replace(make_alert(), alert_id=f"{number:024x}", time=NOW + timedelta(seconds=seconds))
            candidate = Candidate(alert, ("audit",), TWO_IN_TEN_MINUTES, {}, int(NOW.timestamp()))
            tell(candidate, make_ruleset(), outside)
    summaries = outside.summaries
    assert isinstance(summaries, MemorySummaries)
    assert 1 == outside.buckets.read_held(summaries.asked[0].bucket.key).total


def test_another_window_or_first_makes_another_bucket(world: World) -> None:
    for number in range(3):
        world.detect(f"e{number}")
    changed = {each: replace(TWO_IN_TEN_MINUTES, first=1) for each in Severity}
    world.ruleset = replace(world.ruleset, dedup=changed)
    assert [Fate.TOLD, Fate.HELD] == [world.detect(f"e{number}").fate for number in (3, 4)]


def test_where_nothing_is_said_of_a_severity_every_alert_is_told(world: World) -> None:
    world.ruleset = replace(world.ruleset, dedup={Severity.CRITICAL: TWO_IN_TEN_MINUTES, Severity.HIGH: OFF})
    assert [Fate.TOLD] * 5 == [world.detect(f"e{number}").fate for number in range(5)]


def test_an_alarm_is_told_to_the_operators_and_never_held_back() -> None:
    queue = MemoryQueue()
    outside = make_outside(NOW, deliveries=queue)
    ruleset = make_ruleset(operators=["secops", "audit"])
    for _ in range(2):
        told = tell_alarm(make_alarm(), ruleset, outside)
    assert ["secops", "audit"] * 2 == [each.destination for each in queue.sent]
    assert [told] * 4 == [each.alert for each in queue.sent]
    assert None is tell_alarm(make_event(), ruleset, outside)
