"""What telling works with: the state, the queues, the clock, and what a warm function remembers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from handlers.core.alerts import Alert, Delivery
from handlers.core.dedup import Bucket
from handlers.core.mutes import Mute, SavedMute
from handlers.core.rollups import HeldAlert, HeldAlerts, Summary

KEPT = timedelta(days=35)
"""How long a head is kept after its time and the last write: longer than any alert that touches it is old."""
_MOST_KNOWN = 10_000


class Head(NamedTuple):
    """The head of a bucket, as it is stored."""

    told: frozenset[str] = frozenset()
    """Ids of the alerts that are told one by one."""
    rolled: int = 0
    """How many held alerts were told in rollups."""
    pending: int | None = None
    """Up to which number they are being told in a rollup."""


class Buckets(Protocol):
    """Heads and held items of buckets, in the state table."""

    def tell(self, key: str, alert_id: str, *, first: int, lapses: datetime) -> Head | None:
        """Note that an alert is told one by one. Where `first` others are, return the head instead."""

    def hold(self, key: str, held: HeldAlert, *, lapses: datetime) -> None:
        """Keep an alert that is held back; once, however often."""

    def read(self, key: str) -> Head:
        """The head, all that was written before included."""

    def read_held(self, key: str) -> HeldAlerts:
        """What is held; all that was written before this began is counted."""

    def begin_rollup(self, key: str, *, rolled: int, upto: int, lapses: datetime) -> bool:
        """Make a rollup pending, if `rolled` is as it was read and none is pending."""

    def end_rollup(self, key: str, *, upto: int) -> None:
        """Note that the rollup that is pending was sent, if it is this one still."""


class Mutes(Protocol):
    """Operators' mutes, in the state table."""

    def read(self) -> Sequence[SavedMute]:
        """All that are remembered, ended ones too."""

    def register(self, mute: Mute, audience: tuple[str, ...], alert: Alert) -> datetime:
        """Note who would have been told what a mute holds, with the first such alert.

        Returns when the mute ends by now.
        """

    def put(self, mute: Mute) -> None:
        """Begin a mute."""

    def end(self, mute: Mute, ends: datetime) -> SavedMute:
        """End a mute at `ends`, if it would last longer; as it is then, with all audiences so far."""


class DeliveryQueue(Protocol):
    """Where deliveries are left for `deliver`."""

    def send(self, deliveries: Sequence[Delivery]) -> None:
        """Queue all of them, or raise."""


class SummaryQueue(Protocol):
    """Where summaries wait for `summarise`."""

    def ask(self, summary: Summary, *, delay: timedelta) -> None:
        """Queue a summary that is not seen before `delay`, or as late as the queue can."""


@dataclass(slots=True)
class Warm:
    """What a function remembers from one run to the next."""

    mutes: Sequence[Mute] = ()
    mutes_until: datetime | None = None
    settled: dict[str, tuple[datetime, frozenset[str]]] = field(default_factory=dict)
    """By bucket: until its end nothing changes about who is told, and who is. Of a mute, whose summary was
    asked for, that is nobody.
    """

    asked: dict[str, datetime] = field(default_factory=dict)
    """By bucket: when the summary is due that was asked for last. What was held before then it finds."""

    def settle(self, bucket: Bucket, told: frozenset[str] = frozenset()) -> None:
        """Remember that a head is full, or that a mute's summary was asked for."""
        if len(self.settled) >= _MOST_KNOWN:
            self.settled.clear()
        self.settled[bucket.key] = (bucket.ends, told)

    def note_asked(self, bucket: Bucket, due: datetime) -> None:
        """Remember that a summary was asked for."""
        if len(self.asked) >= _MOST_KNOWN:
            self.asked.clear()
        self.asked[bucket.key] = due

    def find_settled(self, bucket: Bucket, now: datetime) -> frozenset[str] | None:
        """Who is told, if that is settled."""
        ends, told = self.settled.get(bucket.key, (now, None))
        return told if now < ends else None


class Outside(NamedTuple):
    """What telling works with."""

    buckets: Buckets
    mutes: Mutes
    deliveries: DeliveryQueue
    summaries: SummaryQueue
    clock: Callable[[], datetime]
    grace: timedelta
    warm: Warm
