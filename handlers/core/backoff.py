"""How long a delivery waits before it is tried again."""

from __future__ import annotations

from datetime import timedelta

FIRST_DELAY = timedelta(seconds=2)
LONGEST_DELAY = timedelta(minutes=15)
LONGEST_ASKED = timedelta(minutes=30)
"""The most that a destination may ask for: the tries must come to their end before the queue's
retention does, or SQS deletes the message."""


def retry_delay(receives: int, asked: timedelta = timedelta(0)) -> timedelta:
    """The wait after the `receives`-th failed try (1 is the first): doubling from two seconds up to a
    quarter of an hour, and not shorter than the destination `asked` for.

    It grows even when the destination asks for a second each time: a storm at a limited rate
    must not use up a delivery's tries within minutes.
    """
    doublings = min(max(receives, 1) - 1, 16)
    return max(min(asked, LONGEST_ASKED), min(FIRST_DELAY * (1 << doublings), LONGEST_DELAY))
