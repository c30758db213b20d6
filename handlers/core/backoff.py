"""How long a delivery waits before it is tried again."""

from __future__ import annotations

from datetime import timedelta

FIRST_DELAY = timedelta(seconds=2)
LONGEST_DELAY = timedelta(minutes=15)
LONGEST_ASKED = timedelta(hours=11)
"""SQS hides a message for twelve hours at most, counted from when it was received."""


def retry_delay(receives: int, asked: timedelta | None = None) -> timedelta:
    """The wait after the `receives`-th failed try (1 is the first): what the destination asked for,
    if it did, else doubling from two seconds up to a quarter of an hour.
    """
    if asked is not None:
        return min(max(asked, timedelta(seconds=1)), LONGEST_ASKED)
    doublings = min(max(receives, 1) - 1, 16)
    return min(FIRST_DELAY * (1 << doublings), LONGEST_DELAY)
