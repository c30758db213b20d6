"""Rules over time hold for the same reasons whatever AWS does: any order, repeats, deaths, many runs at once.

`tests.support.reference` says by brute force what must hold.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import count
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.adapters.dynamodb_windows import DynamoDbWindows
from handlers.adapters.memory_windows import MemoryWindows
from handlers.core.alerts import Alert
from handlers.core.judgement import judge_event
from handlers.core.record import parse_event
from handlers.core.ruleset import Ruleset
from handlers.pipeline.windows import Windows, enter_windows
from local.aws import EmbeddedAws
from tests.support.interleaved import Died, Outside, interleave
from tests.support.outside import make_outside
from tests.support.reference import Fire, Seen, fires_of
from tests.support.small_windows import BURST, START, WITHIN, make_call, make_windowed_ruleset

RULESET = make_windowed_ruleset()
NOW = datetime.fromtimestamp(START + 60, UTC)

_histories = count()


def enter(seen: Seen, outside: Outside, ruleset: Ruleset = RULESET) -> None:
    event = make_call(
        seen.second,
        operation=seen.operation,
        actor=seen.actor,
        certificate=seen.certificate,
        event_id=seen.event_id,
    )
    enter_windows(
        judge_event(parse_event(event), ruleset),
        ruleset=ruleset,
        windows=outside,
        outside=make_outside(NOW, deliveries=outside),
    )


def fire_of(alert: Alert) -> Fire:
    assert alert.story is not None
    group = alert.story.group["facts.actor.name"]
    if alert.rule == "first":
        return alert.rule, group, alert.story.group["requestParameters.certificateId"]
    end = int(alert.story.last_seen.timestamp())
    return alert.rule, group, end // WITHIN * WITHIN


def ids_of(alerts: Iterable[Alert]) -> dict[Fire, set[str]]:
    found: dict[Fire, set[str]] = {}
    for alert in alerts:
        found.setdefault(fire_of(alert), set()).add(alert.alert_id)
    return found


CALLS = st.builds(
    Seen,
    event_id=st.just(""),
    second=st.integers(0, 4 * WITHIN),
    actor=st.sampled_from(["alice", "alice", "bob"]),
    operation=st.sampled_from(["UpdateCertificate", "DeleteCertificate", "AttachPolicy"]),
    certificate=st.sampled_from(["c1", "c2", "c3", "c4"]),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Seen]:
    """Calls by people whom no other history knows, so that histories may share a store."""
    prefix = f"h{next(_histories)}"
    calls = draw(st.lists(CALLS, max_size=14))
    return [
        replace(each, event_id=f"e{number}", actor=f"{prefix}-{each.actor}")
        for number, each in enumerate(calls)
    ]


def play(deliveries: Sequence[Seen], windows: Windows) -> list[Alert]:
    outside = Outside(windows, [])
    for each in deliveries:
        enter(each, outside)
    return outside.queue


def repeated_and_shuffled(history: Sequence[Seen], random: Random) -> list[Seen]:
    deliveries = [*history, *random.choices(history, k=len(history))] if history else []
    random.shuffle(deliveries)
    return deliveries


def check_every_order_alike(
    history: Sequence[Seen], random: Random, make_windows: Callable[[], Windows]
) -> None:
    in_order = play(sorted(history, key=lambda each: each.second), make_windows())
    assert fires_of(history) == set(map(fire_of, in_order))
    assert len(in_order) == len({each.alert_id for each in in_order})
    other = [replace(each, actor=f"other-{each.actor}") for each in history]
    shuffled = play(repeated_and_shuffled(other, random), make_windows())
    assert fires_of(other) == set(map(fire_of, shuffled))
    assert len(shuffled) == len({each.alert_id for each in shuffled})


@given(histories(), st.randoms(use_true_random=False))
def test_every_order_and_repetition_fires_what_the_definitions_say(
    history: list[Seen], random: Random
) -> None:
    check_every_order_alike(history, random, MemoryWindows)


@settings(max_examples=settings().max_examples // 5)
@given(histories(), st.randoms(use_true_random=False))
def test_on_the_table_too(aws: EmbeddedAws, history: list[Seen], random: Random) -> None:
    client = aws.client("dynamodb")
    check_every_order_alike(history, random, lambda: DynamoDbWindows(client, "state"))


@given(histories(), st.randoms(use_true_random=False))
def test_every_order_and_repetition_gives_the_same_alert_ids(history: list[Seen], random: Random) -> None:
    once = ids_of(play(history, MemoryWindows()))
    again = ids_of(play(repeated_and_shuffled(history, random), MemoryWindows()))
    assert once == again
    assert all(len(ids) == 1 for ids in once.values())


@given(histories(), st.randoms(use_true_random=False))
def test_runs_that_take_turns_at_every_call_and_die_at_any_fire_what_the_definitions_say(
    history: list[Seen], random: Random
) -> None:
    windows, queue = MemoryWindows(), list[Alert]()
    waiting = repeated_and_shuffled(history, random)
    while waiting:
        batch, waiting = waiting[:3], waiting[3:]
        dying = [random.choice([None, None, random.randrange(12)]) for _ in batch]
        runs = [
            (partial(enter, each), Outside(windows, queue, dies_at=dies_at))
            for each, dies_at in zip(batch, dying, strict=True)
        ]
        died = interleave(runs, random)
        # Lambda tries again what died.
        waiting += [each for each, is_dead in zip(batch, died, strict=True) if is_dead]
    assert fires_of(history) == set(map(fire_of, queue))
    assert all(len(ids) == 1 for ids in ids_of(queue).values())


AROUND_A_BORDER = st.lists(
    st.builds(
        Seen,
        event_id=st.just(""),
        second=st.integers(WITHIN - 4, WITHIN + 4),
        actor=st.just("alice"),
        operation=st.sampled_from(["UpdateCertificate", "DeleteCertificate", "AttachPolicy"]),
        certificate=st.sampled_from(["c1", "c2", "c3"]),
    ),
    min_size=3,
    max_size=4,
)


@given(AROUND_A_BORDER, st.randoms(use_true_random=False))
def test_calls_around_the_border_of_two_panes_that_all_arrive_at_once_are_seen_together(
    calls: list[Seen], random: Random
) -> None:
    history = [replace(each, event_id=f"e{number}") for number, each in enumerate(calls)]
    windows, queue = MemoryWindows(), list[Alert]()
    interleave([(partial(enter, each), Outside(windows, queue)) for each in history], random)
    assert fires_of(history) == set(map(fire_of, queue))


WITHIN_FIVE_MINUTES = make_windowed_ruleset(
    {**BURST, "threshold": {"kind": "event_count", "at_least": 10, "within": 300, "of": None}}
)


def test_a_burst_by_eight_threads_with_repeats_and_deaths_is_exact_on_the_table(
    aws: EmbeddedAws, size: Callable[[int], int]
) -> None:
    random = Random(10)  # noqa: S311 - a schedule, no secret
    actor = f"h{next(_histories)}-burst"
    history = [
        Seen(f"e{number}", random.randrange(20), actor, "UpdateCertificate", "c1")
        for number in range(size(3000))
    ]
    deliveries = repeated_and_shuffled(history, random)[: len(history) * 11 // 10]
    deliveries += [each for each in history if each not in set(deliveries)]
    windows = DynamoDbWindows(aws.client("dynamodb"), "state")

    def run(each: Seen, dies_at: int | None) -> Outside:
        outside = Outside(windows, [], dies_at=dies_at)
        try:
            enter(each, outside, WITHIN_FIVE_MINUTES)
        except Died:
            # Lambda tries again, in a run that lives.
            outside.dies_at = None
            enter(each, outside, WITHIN_FIVE_MINUTES)
        return outside

    # One in twenty dies after its write and before it looks.
    dying = [2 if random.random() < 0.05 else None for _ in deliveries]
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(run, deliveries, dying))
    alerts = [alert for each in runs for alert in each.queue]
    assert 1 == len({each.alert_id for each in alerts})
    writes, conflicts = sum(each.writes for each in runs), sum(each.conflicts for each in runs)
    sys.stdout.write(
        f"{len(deliveries)} deliveries, {writes} writes, {conflicts} conflicts, {len(alerts)} alerts sent\n"
    )
    assert writes + conflicts < len(deliveries)
