"""What must hold of a story that has come to its end."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from handlers.core.alerts import Rollup
from handlers.core.dedup import Bucket, find_bucket
from handlers.core.digest import digest
from handlers.core.mutes import find_mute
from tests.simulation.story import Story
from tests.simulation.world import World

SOON = timedelta(minutes=40)
"""So long after the last thing that kept it back, and after grace, a rollup is surely queued: one failed run
costs a redrive and a try of each function."""


class Group(NamedTuple):
    """The alerts that are counted together, by what the documents say."""

    name: str
    bucket: Bucket
    audience: tuple[str, ...]
    alerts: frozenset[str]


class Told(NamedTuple):
    """What Slack took."""

    copies: Counter[tuple[str, str]]
    """By alert and destination: in how many messages."""
    rollups: dict[tuple[str, str], set[Rollup]]
    """By rollup and destination: what was told."""


def find_differences(story: Story, world: World) -> list[str]:
    """What does not add up, in words; empty when all does."""
    told = _read_slack(world)
    groups, at_once = _group(story, world)
    expected = set(at_once)
    found = [f"{alert} was not told to {destination}" for alert, destination in at_once - told.copies.keys()]
    for group in groups:
        for destination in group.audience:
            one_by_one = {each for each in group.alerts if (each, destination) in told.copies}
            rollups = {
                (digest("rollup", group.bucket.key, str(number)), destination)
                for number in range(len(group.alerts))
            } & told.rollups.keys()
            expected |= {(each, destination) for each in one_by_one} | rollups
            found += (
                f"{group.name}, told to {destination}: {each}"
                for each in _check_group(group, one_by_one, [told.rollups[each] for each in rollups], world)
            )
        found += (f"{group.name}: {each}" for each in _check_times(group, story, world))
    found += (
        f"{alert} was told to {to}, which nobody expects" for alert, to in told.copies.keys() - expected
    )
    return sorted(found) + list(_check_copies(told, world))


def _read_slack(world: World) -> Told:
    told = Told(Counter(), defaultdict(set))
    for alert, destination, _ in world.slack:
        told.copies[alert.alert_id, destination] += 1
        if alert.rollup is not None:
            told.rollups[alert.alert_id, destination].add(alert.rollup)
    return told


def _group(story: Story, world: World) -> tuple[list[Group], set[tuple[str, str]]]:
    """The groups, and who must be told of which alerts whatever happens."""
    mutes = [saved.mute for saved in world.mutes.read()]
    alerts, at_once = defaultdict(set), set()
    names = {}
    for _, candidate, _ in story.records:
        alert = candidate.alert
        archives = {each for each in candidate.destinations if not story.ruleset.destinations[each].dedup}
        audience = tuple(each for each in candidate.destinations if each not in archives)
        at_once |= {(alert.alert_id, each) for each in archives}
        mute = find_mute(mutes, candidate.view, alert.severity, alert.time)
        if mute is None and candidate.dedup.is_off:
            at_once |= {(alert.alert_id, each) for each in audience}
            continue
        if mute is not None:
            bucket = mute.bucket_for(audience)
            key = (mute.mute_id, audience, 0)
        else:
            bucket = find_bucket(alert.dedup_key, candidate.dedup, audience, candidate.second)
            key = (alert.dedup_key, audience, candidate.second // candidate.dedup.window)
        alerts[key].add(alert.alert_id)
        names[key] = bucket
    groups = [
        Group(f"bucket {names[key].key}", names[key], key[1], frozenset(ids)) for key, ids in alerts.items()
    ]
    return groups, at_once


def _check_group(
    group: Group, one_by_one: set[str], rollups: list[set[Rollup]], world: World
) -> Iterator[str]:
    expected, bucket = min(group.bucket.first, len(group.alerts)), group.bucket
    if len(one_by_one) != expected:
        yield f"{len(one_by_one)} were told one by one, not {expected}"
    if any(len({each.count for each in versions}) > 1 for versions in rollups):
        yield f"one rollup has several counts: {rollups}"
    first = sorted((min(each, key=lambda rollup: rollup.count) for each in rollups), key=lambda r: r.before)
    spans = [(each.before, each.before + each.count) for each in first]
    counted = sum(each.count for each in first)
    if len(one_by_one) + counted != len(group.alerts):
        yield f"{len(one_by_one)} told + {counted} in rollups {spans} are not {len(group.alerts)} alerts"
    if [before for before, _ in spans] != [0, *(upto for _, upto in spans)][: len(spans)]:
        yield f"rollups {spans} overlap or leave gaps"
    late = sum(world.held_at.get((bucket.key, each), bucket.ends) >= bucket.ends for each in group.alerts)
    if len(spans) > 1 + late:
        yield f"{len(spans)} rollups, but only {late} came after the end"


def _check_times(group: Group, story: Story, world: World) -> Iterator[str]:
    """A rollup comes soon after its bucket's end, or after what kept it back."""
    bucket = group.bucket
    held = [at for (key, _), at in world.held_at.items() if key == bucket.key]
    by = max([bucket.ends, world.last_fault, *held]) + 2 * story.grace + SOON
    for number in range(len(group.alerts)):
        at = world.sent_at.get(digest("rollup", bucket.key, str(number)))
        if at is not None and at > by:
            yield f"its rollup was queued at {at}, not by {by}"


def _check_copies(told: Told, world: World) -> Iterator[str]:
    """A message comes twice only after a run that died or failed once Slack had taken it (ADR 0002)."""
    excused = Counter(
        (alert.alert_id, destination) for alert, destination, run in world.slack if run in world.broken
    )
    for (alert, destination), copies in told.copies.items():
        if copies - excused[alert, destination] > 1:
            yield f"{alert} was told to {destination} {copies} times, and no run of these broke down"
