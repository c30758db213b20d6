"""A deployment in between: what an earlier release claimed, queued and settled holds for this one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from handlers.adapters.memory_claims import MemoryClaims
from handlers.core.alerts import Alert, Delivery
from handlers.core.dedup import Dedup
from handlers.core.destinations import Destination
from handlers.core.severity import Severity
from handlers.pipeline import REMEMBERED, Run
from handlers.pipeline.delivery import deliver
from handlers.pipeline.summaries import summarise
from tests.support.alerts import make_alert
from tests.support.rules import make_ruleset
from tests.support.telling import NOW, World

RUN = Run("run", NOW, timedelta(seconds=90))


class Channel:
    """A destination that keeps what it is sent."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, alerts: Sequence[Alert], destination: Destination) -> Sequence[Exception | None]:
        """See `delivery.Sender`."""
        self.sent += [f"{alert.alert_id} to {destination.name}" for alert in alerts]
        return [None] * len(alerts)


def deliver_all(deliveries: list[Delivery], claims: MemoryClaims, channel: Channel) -> None:
    for each in deliveries:
        deliver(
            [each],
            destinations=make_ruleset().destinations,
            senders={"slack": channel, "sns": channel},
            claims=claims,
            run=RUN,
        )


def test_what_an_earlier_release_sent_is_not_sent_again() -> None:
    alert, claims, channel = make_alert(), MemoryClaims(), Channel()
    claims.confirm(f"delivery#{alert.alert_id}#audit", now=NOW, keep=REMEMBERED)
    deliver_all([Delivery(alert, "audit"), Delivery(alert, "secops")], claims, channel)
    assert [f"{alert.alert_id} to secops"] == channel.sent


def test_events_that_come_again_after_window_or_first_changed_are_not_told_twice() -> None:
    world, claims, channel = World(), MemoryClaims(), Channel()
    for dedup in (Dedup(600, 2), Dedup(600, 5), Dedup(60, 2)):
        world.ruleset = replace(world.ruleset, dedup=dict.fromkeys(Severity, dedup))
        for number in range(2):
            world.detect(f"e{number}")
    deliver_all(world.queue.sent, claims, channel)
    assert (12, 4) == (len(world.queue.sent), len(channel.sent))


def test_a_summary_of_the_config_before_tells_what_was_held_under_it() -> None:
    world = World()
    for number in range(5):
        world.detect(f"e{number}")
    world.ruleset = replace(world.ruleset, dedup=dict.fromkeys(Severity, Dedup(60, 1)))
    for number in range(5, 8):
        world.detect(f"e{number}")
    rollups: dict[str, int] = {}
    for summary in list(world.summaries.asked):
        summarise(
            summary,
            buckets=world.buckets,
            deliveries=world.queue,
            summaries=world.summaries,
            clock=lambda: NOW + timedelta(hours=1),
        )
    for each in world.queue.sent:
        if each.alert.rollup is not None:
            rollups[each.alert.alert_id] = each.alert.rollup.count
    assert [3, 2] == list(rollups.values())
