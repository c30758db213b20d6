"""Rules over time in the pipeline: what is told first, what it costs, and what a failing store does."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handlers.adapters.memory_windows import MemoryWindows
from handlers.core.ruleset import Ruleset
from handlers.pipeline.detection import Detection, detect
from tests.support.interleaved import Died, Outside
from tests.support.outside import make_outside
from tests.support.small_windows import (
    BURST,
    FIRST,
    SEQUENCE,
    SPREAD,
    START,
    make_call,
    make_windowed_ruleset,
)

NOW = datetime.fromtimestamp(START + 60, UTC)


class World:
    """A store and a queue that last, and runs that each count what they ask of them."""

    def __init__(self, *rules: dict[str, Any], **changes: Any) -> None:
        self.ruleset: Ruleset = make_windowed_ruleset(*rules, **changes)
        self.windows, self.queue = MemoryWindows(), list[Any]()

    def detect(
        self, second: float = 0, *, now: datetime = NOW, dies_at: int | None = None, **call: Any
    ) -> tuple[Detection, list[str]]:
        outside = Outside(self.windows, self.queue, dies_at=dies_at)
        detection = detect(
            make_call(second, **call),
            ruleset=self.ruleset,
            windows=outside,
            outside=make_outside(now, deliveries=outside),
        )
        return detection, outside.calls

    @property
    def told(self) -> list[str]:
        return [each.rule for each in self.queue]


def test_the_call_itself_is_told_before_what_it_completes() -> None:
    world = World(BURST)
    for number in range(3):
        world.detect(number, event_id=f"e{number}")
    assert [*["iot:UpdateCertificate"] * 2, "iot:UpdateCertificate", "burst"] == world.told


def test_a_window_that_was_told_is_told_no_more_however_many_calls_follow() -> None:
    world = World(BURST)
    for number in range(9):
        world.detect(number, event_id=f"e{number}")
    assert 1 == world.told.count("burst")


def test_a_copy_of_a_rule_under_another_name_is_told_too() -> None:
    world = World({**BURST, "notify": False}, {**BURST, "name": "copy", "severity": "critical"})
    for number in range(3):
        world.detect(number, event_id=f"e{number}")
    assert 1 == world.told.count("copy")


def test_a_rule_on_trial_makes_an_alert_that_nobody_is_sent() -> None:
    world = World({**BURST, "notify": False})
    found = [world.detect(number, event_id=f"e{number}")[0].windowed for number in range(4)]
    assert [0, 0, 1, 0] == [len(each) for each in found]
    assert () == found[2][0].destinations
    assert "burst" not in world.told


def test_a_call_without_a_finding_enters_its_windows_all_the_same() -> None:
    off = {"name": "x", "category": "x", "severity": "low", "subject": None, "why": "x", "off": True}
    world = World(BURST, catalog_rules={}, uncatalogued=off)
    for number in range(3):
        world.detect(number, event_id=f"e{number}")
    assert ["burst"] == world.told


@pytest.mark.parametrize(
    ("rules", "calls"),
    [
        ([], ["read"]),
        ([BURST], ["read", "write", "read"]),
        ([SPREAD], ["read", "write", "read"]),
        ([SEQUENCE], ["read", "write", "read"]),
        ([FIRST], ["read", "send", "write"]),
        ([{**FIRST, "new_terms": {**FIRST["new_terms"], "learn": 60}}], ["read", "write", "write"]),
        ([BURST, SPREAD], ["read", "write", "read"] * 2),
    ],
)
def test_the_first_call_of_a_group_asks_this_of_the_store(
    rules: list[dict[str, Any]], calls: list[str]
) -> None:
    world = World(*rules) if rules else World({**BURST, "steps": {"calls": {"eventName": ["CreateThing"]}}})
    _, made = world.detect()
    assert ["send", *(calls if rules else [])] == made


def test_a_call_that_changes_nothing_reads_once() -> None:
    world = World(BURST)
    world.detect()
    assert ["send", "read"] == world.detect()[1]


def test_a_fire_costs_its_sending_and_its_mark() -> None:
    world = World(BURST)
    world.detect(0, event_id="e0")
    world.detect(1, event_id="e1")
    assert ["send", "read", "write", "read", "send", "mark"] == world.detect(2, event_id="e2")[1]
    assert ["send", "read", "write", "read"] == world.detect(3, event_id="e3")[1]


def test_a_known_term_is_read_once_and_written_again_once_it_may_soon_be_forgotten() -> None:
    world = World(FIRST)
    world.detect()
    assert ["send", "read"] == world.detect(60, event_id="e1")[1]
    for day, expected in [(2, ["send", "read"]), (3, ["send", "read", "write"])]:
        later = NOW + timedelta(days=day)
        assert expected == world.detect(days(day), event_id=f"day {day}", now=later)[1]


@pytest.mark.parametrize("dies_at", range(6))
def test_a_run_that_dies_anywhere_is_mended_by_the_next_try_and_told_under_the_same_id(dies_at: int) -> None:
    world = World(BURST)
    world.detect(0, event_id="e0")
    world.detect(1, event_id="e1")
    with pytest.raises(Died):
        world.detect(2, event_id="e2", dies_at=dies_at)
    world.detect(2, event_id="e2")
    assert {("burst", 1), ("iot:UpdateCertificate", 3)} == {
        (rule, len({each.alert_id for each in world.queue if each.rule == rule})) for rule in world.told
    }


@pytest.mark.parametrize("dies_at", [1, 2, 3])
def test_when_the_store_fails_the_call_itself_is_told_and_the_run_fails(dies_at: int) -> None:
    world = World(BURST)
    with pytest.raises(Died):
        world.detect(dies_at=dies_at)
    assert ["iot:UpdateCertificate"] == world.told


def test_what_is_older_than_claims_are_remembered_enters_no_window() -> None:
    world = World(BURST)
    month = timedelta(days=30)
    _, old = world.detect(now=NOW + month)
    _, young = world.detect(60, event_id="e1", now=NOW + month)
    assert (["send"], ["send", "read", "write", "read"]) == (old, young)


def test_a_call_from_before_1970_enters_no_window() -> None:
    time = "0001-01-01T00:00:00Z"
    _, calls = World(BURST).detect(now=datetime(1, 1, 2, tzinfo=UTC), eventTime=time)
    assert ["send"] == calls


def test_a_call_of_a_later_day_enters_no_window() -> None:
    for time, expected in [("9999-12-31T23:59:59Z", ["send"]), ("2025-11-24T16:00:00Z", ["send", "read"])]:
        assert expected == World(BURST).detect(eventTime=time)[1][:2]


def days(number: float) -> float:
    return timedelta(days=number).total_seconds()


def test_a_term_that_was_not_seen_for_so_long_is_new_again_under_another_id() -> None:
    world = World(FIRST)
    for number, day in enumerate([0, 50, 100, 189, 280]):
        world.detect(days(day), event_id=f"e{number}", now=NOW + timedelta(days=day))
    alerts = [each for each in world.queue if each.rule == "first"]
    assert [0, 280] == [(each.time.timestamp() - START) // 86_400 for each in alerts]
    assert 2 == len({each.alert_id for each in alerts})


def test_terms_are_learnt_in_silence_for_so_long_after_the_first_call_of_the_group() -> None:
    world = World({**FIRST, "new_terms": {**FIRST["new_terms"], "learn": days(7)}})
    for number, day in enumerate([0, 1, 6.9, 7.1, 8]):
        world.detect(days(day), event_id=f"e{number}", certificate=f"c{day}", now=NOW + timedelta(days=day))
    world.detect(days(9), event_id="again", certificate="c1", now=NOW + timedelta(days=9))
    assert ["c7.1", "c8"] == [each.shown["certificateId"] for each in world.queue if each.rule == "first"]


def test_each_group_learns_for_itself() -> None:
    world = World({**FIRST, "new_terms": {**FIRST["new_terms"], "learn": days(7)}})
    world.detect()
    world.detect(days(8), event_id="e1", actor="bob", now=NOW + timedelta(days=8))
    assert "first" not in world.told
