"""From a summary that is due to rollups: count, make pending, send, note as rolled, and look again.

    read the head ── a rollup is pending ───────────────────────────┐
        │ none                                                      │
    count what is held ── no more than rolled ──▶ done              │
        │                                                           │
    pending = the count, if the head is as it was read              │
        ▼                                                           ▼
    send the rollup of the alerts after `rolled`, its id made of the bucket and `rolled`
    rolled = pending, pending = none; begin again

A run that dies after the send leaves the rollup pending: the next run sends the same one, and `deliver` drops
it. A run goes on until nothing is pending and all is rolled, so that one which ends another's rollup does not
forget what it was asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from handlers.core.alerts import Alert
from handlers.core.dedup import Bucket
from handlers.core.mutes import Mute
from handlers.core.rollups import (
    BadSummary,
    Summary,
    UnknownSummary,
    build_rollups,
    find_due,
    read_summary,
)
from handlers.pipeline import TryAgain, Undeliverable
from handlers.pipeline.outside import KEPT, Buckets, DeliveryQueue, SummaryQueue


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


def read_body(body: str) -> Summary:
    """The summary in a queue message. Raises `TryAgain` or `Undeliverable`."""
    try:
        return read_summary(body)
    except UnknownSummary as error:
        # While a deployment is under way, `detect` may be newer than `summarise`.
        raise TryAgain(str(error)) from None
    except BadSummary as error:
        raise Undeliverable(str(error)) from None


def summarise(
    summary: Summary,
    *,
    buckets: Buckets,
    deliveries: DeliveryQueue,
    summaries: SummaryQueue,
    clock: Callable[[], datetime],
) -> int:
    """Send the rollups of a bucket; how many. Before it is due, queue the summary again."""
    now = clock()
    if now < summary.due:
        summaries.ask(summary, delay=summary.due - now)
        return 0
    key, sent = summary.bucket.key, 0
    # Without end: whenever this run loses, another one has made its step.
    while True:
        head, held = buckets.read(key), buckets.read_held(key)
        upto = head.pending
        if upto is None:
            if held.total <= head.rolled:
                return sent
            if not buckets.begin_rollup(key, rolled=head.rolled, upto=held.total, lapses=summary.lapses):
                continue
            upto = held.total
        deliveries.send(build_rollups(summary, held, rolled=head.rolled, upto=upto))
        buckets.end_rollup(key, upto=upto)
        sent += 1
