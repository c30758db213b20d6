"""What mutes hold: whose alerts, of which time, and how their end is asked for."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handlers.core.record_pattern import RecordPattern
from handlers.pipeline.telling import Fate
from tests.support.rules import UPDATE_CERTIFICATE, make_ruleset
from tests.support.telling import NOW, Died, World, muted


@pytest.fixture
def world() -> World:
    return World()


def test_what_a_mute_holds_is_counted_for_its_audience_and_its_end_asked_for_once(world: World) -> None:
    world.mutes.put(muted())
    fates = [world.detect(f"e{number}", is_cold=False).fate for number in range(4)]
    assert ([Fate.MUTED] * 4, [], 4) == (fates, world.queue.sent, world.held())
    (asked,) = world.summaries.asked
    assert asked.mute is not None
    assert ("quiet", NOW + timedelta(hours=1)) == (asked.mute.name, asked.bucket.ends)
    assert ["hold"] == world.calls


def test_a_function_that_has_not_asked_for_the_end_of_a_mute_registers_its_audience_and_asks(
    world: World,
) -> None:
    world.mutes.put(muted())
    world.detect()
    assert ["read mutes", "hold", "register", "ask"] == world.calls
    ((audience, alert),) = world.mutes.read()[0].audiences.items()
    assert (("secops", "audit"), "e1") == (audience, alert.event_id)


def test_a_muted_alert_asks_for_the_end_as_the_command_moved_it(world: World) -> None:
    mute = muted()
    world.mutes.put(mute)
    world.detect(is_cold=False, operation="DeletePolicy")
    soon = NOW + timedelta(minutes=1)
    world.mutes.end(mute, soon)
    world.detect("e2", is_cold=False)
    assert [mute.ends, soon] == [each.bucket.ends for each in world.summaries.asked]


@pytest.mark.parametrize("dies_at", range(4))
def test_a_muted_alert_of_a_run_that_dies_anywhere_is_held_once(world: World, dies_at: int) -> None:
    world.mutes.put(muted())
    world.dies_at = dies_at
    with pytest.raises(Died):
        world.detect()
    world.detect()
    assert (set(), 1) == (world.told, world.held())


@pytest.mark.parametrize(
    ("changes", "fate"),
    [
        ({"begins": NOW, "ends": NOW + timedelta(days=1)}, Fate.TOLD),
        ({"ends": datetime(2026, 11, 22, 9, 30, 15, tzinfo=UTC)}, Fate.TOLD),
        ({"ends": datetime(2026, 11, 22, 9, 30, 16, tzinfo=UTC)}, Fate.MUTED),
        ({"match": RecordPattern({"eventName": ["CreateThing"]})}, Fate.TOLD),
        ({"match": RecordPattern({"finding": {"severity": ["low", "medium"]}})}, Fate.TOLD),
        ({"match": RecordPattern({"finding": {"rule": ["iot:UpdateCertificate"]}})}, Fate.MUTED),
        (
            {"match": RecordPattern({"facts": {"actor": {"id": [{"suffix": "role/fleet-admin"}]}}})},
            Fate.MUTED,
        ),
    ],
)
def test_a_mute_holds_what_matches_in_its_time_by_the_time_of_the_call(
    world: World, changes: dict[str, Any], fate: Fate
) -> None:
    world.mutes.put(muted(**changes))
    assert fate is world.detect().fate


@pytest.mark.parametrize(("critical", "fate"), [(False, Fate.TOLD), (True, Fate.MUTED)])
def test_a_critical_alert_is_held_only_by_a_mute_that_says_so(
    world: World, critical: bool, fate: Fate
) -> None:
    world.ruleset = make_ruleset({**UPDATE_CERTIFICATE, "severity": "critical", "escalations": []})
    world.mutes.put(muted(critical=critical))
    assert fate is world.detect().fate


def test_of_several_mutes_the_one_that_began_first_holds(world: World) -> None:
    world.mutes.put(muted(name="later"))
    world.mutes.put(muted(name="first", begins=NOW - timedelta(hours=2)))
    world.detect()
    assert ["first"] == [each.mute.name for each in world.summaries.asked if each.mute is not None]
