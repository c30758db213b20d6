"""Summaries: when they are told, what a rollup counts, and what a run that dies leaves behind."""

from datetime import timedelta
from typing import Any

import pytest

from handlers.adapters.memory_buckets import MemoryBuckets
from handlers.core.alerts import Alert, EndedMute
from handlers.core.dedup import Bucket
from handlers.core.digest import digest
from handlers.core.rollups import HeldAlert, Summary, write_summary
from handlers.core.severity import Severity
from handlers.pipeline import TryAgain, Undeliverable
from handlers.pipeline.summaries import read_body, summarise
from tests.support.alerts import make_alert
from tests.support.outside import MemoryQueue, MemorySummaries
from tests.support.telling import ENDS, Died, dying

DUE = ENDS + timedelta(minutes=5)


class World:
    """A bucket, and queues that last."""

    def __init__(self, **changes: Any) -> None:
        self.buckets, self.queue, self.summaries = MemoryBuckets(), MemoryQueue(), MemorySummaries()
        fields: dict[str, Any] = {
            "bucket": Bucket("k", ENDS, 3),
            "due": DUE,
            "alert": make_alert(),
            "destinations": ("secops", "audit"),
            "lapses": DUE,
        }
        self.summary = Summary(**{**fields, **changes})

    def hold(self, *numbers: int, **fields: Any) -> None:
        for number in numbers:
            held = {
                "severity": Severity.HIGH,
                "subject": f"lamp-{number}",
                "source_ip": "198.51.100.7",
                **fields,
            }
            self.buckets.hold(
                "k", HeldAlert(digest(str(number)), int(ENDS.timestamp()) - 600 + number, **held), lapses=DUE
            )

    def summarise(self, *, seconds: float = 0, dies_at: int | None = None) -> int:
        parts = dying([self.buckets, self.queue, self.summaries], dies_at)
        return summarise(
            self.summary,
            buckets=parts[0],
            deliveries=parts[1],
            summaries=parts[2],
            clock=lambda: DUE + timedelta(seconds=seconds),
        )

    @property
    def rollups(self) -> dict[str, int]:
        """The count of each, as often as it was sent: `deliver` takes each id once."""
        return {each.alert.alert_id: each.alert.rollup.count for each in self.queue.sent if each.alert.rollup}

    @property
    def alert(self) -> Alert:
        return self.queue.sent[-1].alert


@pytest.fixture
def world() -> World:
    return World()


def test_nothing_is_told_where_nothing_is_held(world: World) -> None:
    assert (0, []) == (world.summarise(), world.queue.sent)


def test_what_is_held_is_told_once_to_each_destination(world: World) -> None:
    world.hold(*range(7))
    assert [1, 0] == [world.summarise(), world.summarise()]
    assert ["secops", "audit"] == [each.destination for each in world.queue.sent]
    assert [7] == list(world.rollups.values())


def test_before_it_is_due_it_waits_again(world: World) -> None:
    world.hold(1)
    assert 0 == world.summarise(seconds=-0.5)
    assert ([world.summary], [timedelta(seconds=0.5)], []) == (
        world.summaries.asked,
        world.summaries.delays,
        world.queue.sent,
    )


def test_who_comes_late_is_told_in_a_rollup_of_its_own(world: World) -> None:
    world.hold(*range(5))
    world.summarise()
    world.hold(*range(3, 8))
    world.summarise()
    assert [5, 3] == list(world.rollups.values())
    assert world.alert.rollup is not None
    assert 5 == world.alert.rollup.before


def test_a_rollup_names_the_first_subjects_and_addresses_and_how_many_more(world: World) -> None:
    world.hold(*range(40))
    world.hold(40, source_ip="203.0.113.9", subject=None)
    world.hold(*range(41, 47), source_ip="", subject="lamp-1")
    world.summarise()
    rollup = world.alert.rollup
    assert rollup is not None
    assert (47, tuple(f"lamp-{number}" for number in range(5)), 35) == (
        rollup.count,
        rollup.subjects,
        rollup.more_subjects,
    )
    assert (("198.51.100.7", "203.0.113.9"), 0) == (rollup.addresses, rollup.more_addresses)
    starts = ENDS - timedelta(minutes=10)
    assert (starts, starts + timedelta(seconds=46)) == (rollup.first_seen, rollup.last_seen)


def test_a_rollup_is_of_the_alert_that_asked_but_of_no_single_call(world: World) -> None:
    world.hold(1)
    world.summarise()
    asked, told = world.summary.alert, world.alert
    for name in (
        "rule",
        "operation",
        "category",
        "reasons",
        "actor",
        "account",
        "region",
        "severity",
        "runbook",
        "dedup_key",
    ):
        assert getattr(asked, name) == getattr(told, name)
    assert ("rollup", None, {}, None, "") == (told.kind, told.subject, told.shown, told.link, told.source_ip)


def test_the_end_of_a_mute_is_as_bad_as_the_worst_that_it_held_and_tells_why_it_was() -> None:
    mute = EndedMute("quiet", "load test", "arn:aws:iam::111122223333:user/alice", ENDS, ENDS)
    world = World(mute=mute)
    world.hold(1, 2, severity=Severity.LOW)
    world.hold(3, severity=Severity.CRITICAL)
    world.summarise()
    assert world.alert.rollup is not None
    assert (Severity.CRITICAL, mute, ("lamp-3", "lamp-1", "lamp-2")) == (
        world.alert.severity,
        world.alert.rollup.mute,
        world.alert.rollup.subjects,
    )
    assert (("the mute quiet ended, so alerts like these are told again",), (), None) == (
        world.alert.reasons,
        world.alert.runbook,
        world.alert.error,
    )


@pytest.mark.parametrize("dies_at", range(5))
def test_a_run_that_dies_anywhere_is_made_good_by_the_next_and_counts_nothing_twice(dies_at: int) -> None:
    world = World()
    world.hold(*range(5))
    with pytest.raises(Died):
        world.summarise(dies_at=dies_at)
    world.hold(5, 6)
    world.summarise()
    assert 7 == sum(world.rollups.values())


def test_a_run_that_ends_the_rollup_of_another_goes_on_to_what_it_was_asked_for(world: World) -> None:
    world.hold(*range(5))
    world.buckets.begin_rollup("k", rolled=0, upto=3, lapses=DUE)
    assert 2 == world.summarise()
    assert [3, 2] == list(world.rollups.values())


def test_a_body_that_is_no_summary_can_never_be_told_and_one_of_a_newer_release_waits() -> None:
    body = write_summary(World().summary)
    assert World().summary == read_body(body)
    for broken in ("hello", "[]", '{"kind": "summary", "version": 1}'):
        with pytest.raises(Undeliverable, match=r"^not a summary: "):
            read_body(broken)
    with pytest.raises(TryAgain, match="kind summary, version 2: a newer release wrote it"):
        read_body(body.replace('"version": 1', '"version": 2', 1))
