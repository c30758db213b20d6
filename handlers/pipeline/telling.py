"""What becomes of an alert: told at once, or held back and counted (docs/adr/0017).

    archives                                       ──▶ told at once, whatever follows
    a mute holds it                                ──▶ muted: put a held item; ask for a summary, unless this
                                                       function has asked
    add its id to `told` in the head of its        ──▶ told:  send deliveries, ask for a summary
    bucket, if fewer than `first` are there,       ──▶ held:  put a held item; ask if the bucket has ended, or
    or it is itself                                           the head was seen rolled or pending

The head settles, once, who is told: `told` grows to `first` and never changes then, so a retry gets the same
answer. A held item is written only after that, and the clock is read only after the held item: a summary that
is due after the bucket's end finds all that was held before it, and what is held later asks for another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from math import ceil
from typing import Any, NamedTuple, Protocol

from handlers.core.alerts import Alert, Delivery
from handlers.core.dedup import Bucket, Dedup, find_bucket
from handlers.core.mutes import Mute, SavedMute, find_mute
from handlers.core.rollups import HeldAlert, HeldAlerts, Summary, find_due, hold
from handlers.core.ruleset import Ruleset
from handlers.pipeline import A_DAY, REMEMBERED

KEPT = timedelta(days=35)
"""How long a head is kept after its time and the last write: longer than any alert that touches it is old."""
HELD_LONGER = timedelta(days=1)
"""So much longer are held items kept."""
TAKES_EFFECT = timedelta(minutes=1)
"""So long after the command a mute begins, or ends early."""
MUTES_ARE_FRESH = timedelta(seconds=15)
"""How long a warm function goes by the mutes that it has read. With `detect`'s timeout (45 s) this is the
minute after which a command takes effect: from then on no run goes by older ones."""
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

    def settle(self, bucket: Bucket, told: frozenset[str] = frozenset()) -> None:
        """Remember that a head is full, or that a mute's summary was asked for."""
        if len(self.settled) >= _MOST_KNOWN:
            self.settled.clear()
        self.settled[bucket.key] = (bucket.ends, told)

    def find_settled(self, bucket: Bucket, now: datetime) -> frozenset[str] | None:
        """Who is told, if that is settled."""
        ends, told = self.settled.get(bucket.key, (now, None))
        return told if now < ends else None


@dataclass(frozen=True, slots=True)
class Outside:
    """What telling works with."""

    buckets: Buckets
    mutes: Mutes
    deliveries: DeliveryQueue
    summaries: SummaryQueue
    clock: Callable[[], datetime]
    grace: timedelta
    warm: Warm = field(default_factory=Warm)


class Fate(Enum):
    """What became of an alert. Archives are told in any case."""

    TOLD = "told"
    HELD = "held"
    MUTED = "muted"
    NOBODY = "nobody"
    """No route takes it, or the rule is on trial."""


class Candidate(NamedTuple):
    """An alert that is to be told, held or muted."""

    alert: Alert
    destinations: tuple[str, ...]
    dedup: Dedup
    view: Mapping[str, Any]
    """What mutes match on."""
    second: int
    """Its event time in seconds since 1970: its bucket is found by that."""


def tell(candidate: Candidate, ruleset: Ruleset, outside: Outside) -> Fate:
    """Tell an alert, or hold it back."""
    alert, destinations = candidate.alert, candidate.destinations
    archives = tuple(name for name in destinations if not ruleset.destinations[name].dedup)
    audience = tuple(name for name in destinations if name not in archives)
    now = outside.clock()
    if late := _say_late(alert, now):
        alert, archives, audience = late, destinations, ()
    if archives:
        _send(alert, archives, outside)
    if not audience:
        return Fate.TOLD if archives else Fate.NOBODY
    mute = find_mute(_read_mutes(outside, now), candidate.view, alert.severity, alert.time)
    if mute is not None:
        _hold_muted(alert, mute, audience, outside)
        return Fate.MUTED
    if candidate.dedup.is_off:
        _send(alert, audience, outside)
        return Fate.TOLD
    bucket = find_bucket(alert.dedup_key, candidate.dedup, audience, candidate.second)
    return _settle(alert, bucket, audience, outside)


def _say_late(alert: Alert, now: datetime) -> Alert | None:
    """An alert that touches no state, with the reason; None for one of a usual time."""
    if now - alert.time > REMEMBERED:
        return replace(
            alert, reasons=(*alert.reasons, f"seen late: it is more than {REMEMBERED.days} days old")
        )
    if alert.time - now > A_DAY or alert.time.timestamp() < 0:
        return replace(alert, reasons=(*alert.reasons, "its time lies ahead, which can not be true"))
    return None


def _settle(alert: Alert, bucket: Bucket, audience: tuple[str, ...], outside: Outside) -> Fate:
    now = outside.clock()
    told, must_ask = outside.warm.find_settled(bucket, now), False
    if told is None:
        lapses = max(now, alert.time) + KEPT
        head = outside.buckets.tell(bucket.key, alert.alert_id, first=bucket.first, lapses=lapses)
        told = frozenset({alert.alert_id}) if head is None else head.told
        if head is not None:
            outside.warm.settle(bucket, head.told)
            must_ask = head.rolled > 0 or head.pending is not None
    if alert.alert_id in told:
        _send(alert, audience, outside)
        _ask(alert, bucket, audience, outside)
        return Fate.TOLD
    _put_held(alert, bucket, outside)
    if must_ask or outside.clock() >= bucket.ends:
        _ask(alert, bucket, audience, outside)
    return Fate.HELD


def _hold_muted(alert: Alert, mute: Mute, audience: tuple[str, ...], outside: Outside) -> None:
    bucket = mute.bucket_for(audience)
    is_asked = outside.warm.find_settled(bucket, outside.clock()) is not None
    _put_held(alert, bucket, outside)
    if is_asked and outside.clock() < bucket.ends:
        return
    # The command `unmute` may have ended it since it was read.
    mute = replace(mute, ends=outside.mutes.register(mute, audience, alert))
    bucket = mute.bucket_for(audience)
    _ask(alert, bucket, audience, outside, mute)
    outside.warm.settle(bucket)


def _put_held(alert: Alert, bucket: Bucket, outside: Outside) -> None:
    lapses = max(outside.clock(), alert.time) + KEPT + HELD_LONGER
    outside.buckets.hold(bucket.key, hold(alert), lapses=lapses)


def _send(alert: Alert, destinations: tuple[str, ...], outside: Outside) -> None:
    outside.deliveries.send([Delivery(alert, name) for name in destinations])


def _ask(
    alert: Alert, bucket: Bucket, audience: tuple[str, ...], outside: Outside, mute: Mute | None = None
) -> None:
    now = outside.clock()
    summary = make_summary(bucket, alert, audience, now=now, grace=outside.grace, mute=mute)
    outside.summaries.ask(summary, delay=summary.due - now)


def make_summary(
    bucket: Bucket,
    alert: Alert,
    audience: tuple[str, ...],
    *,
    now: datetime,
    grace: timedelta,
    mute: Mute | None = None,
) -> Summary:
    """What is asked now of a bucket, or of what a mute holds for an audience."""
    return Summary(
        bucket=bucket,
        due=find_due(bucket.ends, now, grace),
        alert=alert,
        destinations=audience,
        lapses=max(now, bucket.ends) + KEPT,
        mute=None if mute is None else mute.ended,
    )


def find_effect(now: datetime) -> datetime:
    """When a command takes effect, on a whole second."""
    return datetime.fromtimestamp(ceil((now + TAKES_EFFECT).timestamp()), UTC)


def end_mute(
    mute: Mute, *, mutes: Mutes, summaries: SummaryQueue, now: datetime, grace: timedelta
) -> SavedMute:
    """End a mute soon, and ask for a summary of what it holds for each audience; the mute as it is then.

    An audience that is registered later learns of the new end, so `detect` asks for it.
    """
    saved = mutes.end(mute, find_effect(now))
    for audience, alert in saved.audiences.items():
        bucket = saved.mute.bucket_for(audience)
        summary = make_summary(bucket, alert, audience, now=now, grace=grace, mute=saved.mute)
        summaries.ask(summary, delay=summary.due - now)
    return saved


def _read_mutes(outside: Outside, now: datetime) -> Sequence[Mute]:
    warm = outside.warm
    if warm.mutes_until is None or now >= warm.mutes_until:
        warm.mutes = [each.mute for each in outside.mutes.read()]
        warm.mutes_until = now + MUTES_ARE_FRESH
    return warm.mutes
