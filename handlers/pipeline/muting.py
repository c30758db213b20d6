"""How a mute begins and ends: soon after the command, so that every run goes by it from then on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import ceil

from handlers.core.mutes import Mute, SavedMute
from handlers.pipeline.outside import Mutes, SummaryQueue
from handlers.pipeline.summaries import make_summary

TAKES_EFFECT = timedelta(minutes=1)
"""So long after the command a mute begins, or ends early."""


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
