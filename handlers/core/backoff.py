"""How long a delivery waits before it is tried again."""

from __future__ import annotations

import hashlib
from datetime import timedelta

FIRST_DELAY = timedelta(seconds=2)
LONGEST_DELAY = timedelta(minutes=15)
LONGEST_ASKED = timedelta(minutes=30)
"""The most that a destination may ask for: the tries must come to their end before the queue's
retention does, or SQS deletes the message."""


_TRIES_OF_A_CROWD = 3


def retry_delay(
    receives: int, *, spread: float, asked: timedelta = timedelta(0), crowded: bool = False
) -> timedelta:
    """The wait after the `receives`-th failed try (1 is the first): doubling from two seconds up to a
    quarter of an hour, and not shorter than the destination `asked` for.

    It grows even when the destination asks for a second each time: a storm at a limited rate
    must not use up a delivery's tries within minutes. `spread`, from 0 to 1, shortens it by up to
    a half, so that the messages of a storm do not come back all together. Where the destination is only
    `crowded`, the wait doubles with every third try: what lost its turn shall not wait for ever after.
    """
    doublings = min((max(receives, 1) - 1) // (_TRIES_OF_A_CROWD if crowded else 1), 16)
    doubled = min(FIRST_DELAY * (1 << doublings), LONGEST_DELAY)
    return max(min(asked, LONGEST_ASKED), doubled * (1 - spread / 2))


def spread_of(name: str, receives: int) -> float:
    """A number from 0 to 1 that differs for each name (of a message or a run) and each try, and is the same
    when asked again.
    """
    digest = hashlib.sha256(f"{name} {receives}".encode()).digest()
    return int.from_bytes(digest[:4]) / 0xFFFFFFFF
