"""What becomes of an alert: told at once, or held back and counted (docs/adr/0017).

    archives                                       ──▶ told at once, whatever follows
    a mute holds it                                ──▶ muted: put a held item; ask for a summary, unless this
                                                       function has asked
    add its id to `told` in the head of its        ──▶ told:  send deliveries, ask for a summary
    bucket, if fewer than `first` are there,       ──▶ held:  put a held item, ask for a summary, unless this
    or it is itself                                           function has asked for one that is still to come

The head settles, once, who is told: `told` grows to `first` and never changes then, so a retry gets the same
answer. A held item is written only after that, and the clock is read only after the held item: a summary that
is still to come then finds it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, NamedTuple

from handlers.core.alerts import Alert, Delivery
from handlers.core.dedup import Bucket, Dedup, find_bucket
from handlers.core.mutes import Mute, find_mute
from handlers.core.rollups import hold
from handlers.core.ruleset import Ruleset
from handlers.pipeline import A_DAY, REMEMBERED
from handlers.pipeline.outside import KEPT, Outside
from handlers.pipeline.summaries import make_summary

HELD_LONGER = timedelta(days=1)
"""So much longer are held items kept."""
MUTES_ARE_FRESH = timedelta(seconds=15)
"""How long a warm function goes by the mutes that it has read. With `detect`'s timeout (45 s) this is the
minute after which a command takes effect: from then on no run goes by older ones."""


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
    """Its event time in seconds since 1970. Of a rule over time it is one that every call which completes the
    same window gives, so that the alert is held once.
    """


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
        _hold_muted(candidate, mute, audience, outside)
        return Fate.MUTED
    if candidate.dedup.is_off:
        _send(alert, audience, outside)
        return Fate.TOLD
    bucket = find_bucket(alert.dedup_key, candidate.dedup, audience, candidate.second)
    return _settle(candidate, bucket, audience, outside)


def _say_late(alert: Alert, now: datetime) -> Alert | None:
    """An alert that touches no state, with the reason; None for one of a usual time."""
    if now - alert.time > REMEMBERED:
        return replace(
            alert, reasons=(*alert.reasons, f"seen late: it is more than {REMEMBERED.days} days old")
        )
    if alert.time - now > A_DAY:
        return replace(alert, reasons=(*alert.reasons, "its time lies ahead, which can not be true"))
    return None


def _settle(candidate: Candidate, bucket: Bucket, audience: tuple[str, ...], outside: Outside) -> Fate:
    alert, now = candidate.alert, outside.clock()
    told = outside.warm.find_settled(bucket, now)
    if told is None:
        lapses = max(now, alert.time) + KEPT
        head = outside.buckets.tell(bucket.key, alert.alert_id, first=bucket.first, lapses=lapses)
        told = frozenset({alert.alert_id}) if head is None else head.told
        if head is not None:
            outside.warm.settle(bucket, head.told)
    if alert.alert_id in told:
        _send(alert, audience, outside)
        _ask(alert, bucket, audience, outside)
        return Fate.TOLD
    _put_held(candidate, bucket, outside)
    # Not only what is told asks: its run may have failed for good.
    _ask(alert, bucket, audience, outside)
    return Fate.HELD


def _hold_muted(candidate: Candidate, mute: Mute, audience: tuple[str, ...], outside: Outside) -> None:
    alert, bucket = candidate.alert, mute.bucket_for(audience)
    is_asked = outside.warm.find_settled(bucket, outside.clock()) is not None
    _put_held(candidate, bucket, outside)
    if is_asked and outside.clock() < bucket.ends:
        return
    # The command `unmute` may have ended it since it was read.
    mute = replace(mute, ends=outside.mutes.register(mute, audience, alert))
    bucket = mute.bucket_for(audience)
    _ask(alert, bucket, audience, outside, mute)
    outside.warm.settle(bucket)


def _put_held(candidate: Candidate, bucket: Bucket, outside: Outside) -> None:
    lapses = max(outside.clock(), candidate.alert.time) + KEPT + HELD_LONGER
    outside.buckets.hold(bucket.key, hold(candidate.alert, candidate.second), lapses=lapses)


def _send(alert: Alert, destinations: tuple[str, ...], outside: Outside) -> None:
    outside.deliveries.send([Delivery(alert, name) for name in destinations])


def _ask(
    alert: Alert, bucket: Bucket, audience: tuple[str, ...], outside: Outside, mute: Mute | None = None
) -> None:
    now = outside.clock()
    summary = make_summary(bucket, alert, audience, now=now, grace=outside.grace, mute=mute)
    # Each alert asks, and one summary that is still to come will find them all.
    if outside.warm.asked.get(bucket.key) != summary.due:
        outside.summaries.ask(summary, delay=summary.due - now)
        outside.warm.note_asked(bucket, summary.due)


def _read_mutes(outside: Outside, now: datetime) -> Sequence[Mute]:
    warm = outside.warm
    if warm.mutes_until is None or now >= warm.mutes_until:
        warm.mutes = [each.mute for each in outside.mutes.read()]
        warm.mutes_until = now + MUTES_ARE_FRESH
    return warm.mutes
