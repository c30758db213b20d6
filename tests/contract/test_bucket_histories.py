"""Stories of tests/simulation with their state in a table of the embedded AWS, and threads on one head."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from handlers.adapters.dynamodb_buckets import DynamoDbBuckets
from handlers.adapters.dynamodb_claims import DynamoDbClaims
from handlers.adapters.dynamodb_mutes import DynamoDbMutes
from handlers.core.dedup import Dedup
from handlers.core.rollups import Summary
from handlers.pipeline.outside import Buckets, Mutes
from handlers.pipeline.summaries import summarise
from handlers.pipeline.telling import Candidate, Fate, tell
from local.aws import EmbeddedAws
from tests.simulation.check import find_differences
from tests.simulation.runs import Simulation
from tests.support.alerts import make_alert
from tests.support.outside import MemoryQueue, MemorySummaries, make_outside
from tests.support.rules import make_ruleset
from tests.support.state import make_state_table
from tests.support.telling import Died, dying

NOW = datetime(2026, 11, 22, 9, 35, tzinfo=UTC)
RULESET = make_ruleset()


def test_a_story_adds_up_with_its_state_in_the_table_as_it_does_in_memory(
    aws: EmbeddedAws, size: Callable[[int], int]
) -> None:
    dynamodb = aws.client("dynamodb")
    for seed in range(size(500)):
        make_state_table(aws, "story")
        try:
            stores: dict[str, Any] = {
                "buckets": DynamoDbBuckets(dynamodb, "story"),
                "mutes": DynamoDbMutes(dynamodb, "story"),
                "claims": DynamoDbClaims(dynamodb, "story"),
            }
            simulation = Simulation(seed, **stores)
            assert [] == find_differences(simulation.story, simulation.play()), f"seed {seed}"
        finally:
            dynamodb.delete_table(TableName="story")


@pytest.mark.parametrize("first", [1, 5])
def test_of_a_storm_from_many_threads_the_told_and_the_rolled_up_are_all_alerts(
    aws: EmbeddedAws, size: Callable[[int], int], first: int
) -> None:
    count, random = size(3000), Random(first)  # noqa: S311 - to be the same again
    storm = Storm(
        DynamoDbBuckets(aws.client("dynamodb"), "state"), DynamoDbMutes(aws.client("dynamodb"), "state")
    )
    arrivals = [number for number in range(count) for _ in range(random.choice((1, 1, 2)))]
    random.shuffle(arrivals)
    deaths = [random.randrange(5) if random.random() < 0.05 else None for _ in arrivals]
    with ThreadPoolExecutor(8) as pool:
        fates = list(pool.map(storm.tell, arrivals, [first] * len(arrivals), deaths))
        assert count == len({number for number, fate in zip(arrivals, fates, strict=True) if fate})
        for _ in range(3):
            list(pool.map(storm.summarise, storm.summaries.asked[:20]))
    told = {each.alert.alert_id for each in storm.queue.sent if each.alert.rollup is None}
    rollups = {each.alert.alert_id: each.alert.rollup for each in storm.queue.sent if each.alert.rollup}
    assert (first, count - first) == (len(told), sum(each.count for each in rollups.values()))


class Storm:
    """Alerts of one kind in one bucket, told by many runs at once."""

    def __init__(self, buckets: Buckets, mutes: Mutes) -> None:
        self.buckets, self.mutes = buckets, mutes
        self.queue, self.summaries = MemoryQueue(), MemorySummaries()

    def tell(self, number: int, first: int, dies_at: int | None) -> Fate:
        """Tell one alert; a run that dies is tried again."""
        alert = replace(make_alert(), alert_id=f"{number:024x}", time=NOW)
        candidate = Candidate(alert, ("audit",), Dedup(600, first), {}, int(NOW.timestamp()))
        for death in (dies_at, None):
            buckets, queue, summaries = dying([self.buckets, self.queue, self.summaries], death)
            outside = make_outside(
                NOW, buckets=buckets, mutes=self.mutes, deliveries=queue, summaries=summaries
            )
            try:
                return tell(candidate, RULESET, outside)
            except Died:
                continue
        raise AssertionError(number)

    def summarise(self, summary: Summary) -> None:
        """One of the runs that were asked for."""
        summarise(
            summary,
            buckets=self.buckets,
            deliveries=self.queue,
            summaries=self.summaries,
            clock=lambda: summary.due + timedelta(seconds=1),
        )
