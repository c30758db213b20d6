"""The line from event to message: `detect` tells or holds alerts, `summarise` counts what was held, `deliver`
sends the alerts of one destination.

Each gathers, lets the core decide, and acts through a few Protocols. Everything may happen twice, so what is
told has an id that is made of what it tells, and `deliver` acts under a claim:

    claim (lease) ──▶ act ──▶ confirm          the claim is done; a repetition is a no-op
    claim (lease) ──▶ act fails ──▶ release    a retry may claim at once
    claim (lease) ──▶ crash                    the lease lapses; a retry claims then

A crash between act and confirm repeats the act: a rare duplicate is preferred to a loss.

What is expected to go wrong, and what `messages.process` then does with the queue message:

    PipelineError          the message is the reason, free of secrets
    ├── TryAgain           hides it: 2 s, doubling up to 15 minutes, and as long as was asked for
    ├── ClaimHeld          hides it likewise, at most for the lease
    └── Undeliverable      keeps it in the dead-letter queue with the reason

Anything else is hidden like TryAgain. After its last try (500) SQS moves a message to the
dead-letter queue. `detect` handles nothing: Lambda retries its events.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol

A_DAY = timedelta(days=1)
"""An event time that lies further ahead can not be true."""
REMEMBERED = timedelta(days=30)
"""How long a done claim is remembered: longer than a message can wait in the queue and then in
its dead-letter queue (14 days each), so that no redrive sends what was sent."""


class Claimed(Enum):
    """What came of trying to claim a key."""

    OURS = "ours"
    DONE = "done"
    """Somebody confirmed it before: nothing is left to do."""
    HELD = "held"
    """Somebody holds a lease that has not lapsed: come back later."""


class Claims(Protocol):
    """Leases on keys, in the state table. All times are the caller's."""

    def claim(self, key: str, *, owner: str, now: datetime, lease: timedelta) -> Claimed:
        """Take the lease on `key` for `owner`, unless it is done or another's.

        An owner may claim again what it holds: a retried write, or Lambda's retry of a run
        that died, which has the same request id.
        """

    def confirm(self, key: str, *, now: datetime, keep: timedelta) -> None:
        """Mark `key` as done, whoever holds it, and remember that for `keep`."""

    def release(self, key: str, *, owner: str) -> None:
        """Give up `owner`'s lease on `key`; nothing happens when it is no longer `owner`'s."""


class PipelineError(Exception):
    """What is expected to go wrong; the message is the reason, free of secrets."""


class ClaimHeld(PipelineError):
    """Another run holds the claim, at most for `lease`; raised so that the delivery is tried again."""

    def __init__(self, reason: str, lease: timedelta) -> None:
        super().__init__(reason)
        self.lease = lease


class TryAgain(PipelineError):
    """The alert can not be sent now; `after` is how long the destination asked us to wait, if it did.

    `crowded`: nothing is wrong, it only takes no more at a time.
    """

    def __init__(self, reason: str, after: timedelta = timedelta(0), *, crowded: bool = False) -> None:
        super().__init__(reason)
        self.after = after
        self.crowded = crowded


class Undeliverable(PipelineError):
    """The work of a message can never be done."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a function: who claims, when, and for how long.

    `lease` outlives the function's timeout, so that a run that still holds a claim when
    its lease lapses is surely dead.
    """

    owner: str
    now: datetime
    lease: timedelta
