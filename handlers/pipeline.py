"""The line from event to message: `detect` makes deliveries, `deliver` sends one.

Both gather, let the core decide, and act through the few Protocols below. Each acts
under a claim, because everything upstream may deliver twice:

    claim (lease) ──▶ act ──▶ confirm          the claim is done; a repetition is a no-op
    claim (lease) ──▶ act fails ──▶ release    a retry may claim at once
    claim (lease) ──▶ crash                    the lease lapses; a retry claims then

A crash between act and confirm repeats the act: a rare duplicate is preferred to a loss.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from typing import Protocol

from handlers.core.alerts import Alert, Delivery, build_alert
from handlers.core.judgement import judge_event
from handlers.core.record import parse_event
from handlers.core.ruleset import Destination, Ruleset

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


class DeliveryQueue(Protocol):
    """Where `detect` leaves deliveries for `deliver`."""

    def send(self, deliveries: Sequence[Delivery]) -> None:
        """Queue all of them, or raise."""


class Sender(Protocol):
    """Sends alerts to one kind of destination."""

    def send(self, alert: Alert, destination: Destination) -> None:
        """Send, or raise `TryAgain` or `Undeliverable`."""


class Retries(Protocol):
    """What becomes of a queue message that was not sent."""

    def wait(self, receipt_handle: str, delay: timedelta) -> None:
        """Hide the message for `delay`; then the queue hands it out again."""

    def give_up(self, body: str, reason: str) -> None:
        """Keep the message whole in the dead-letter queue, with the reason."""


class ClaimHeld(Exception):
    """Another run holds the claim; raised so that the event is retried and not dropped."""


class TryAgain(Exception):
    """The destination can not take the alert now; `after` is how long it asked us to wait, if it did."""

    def __init__(self, reason: str, after: timedelta = timedelta(0)) -> None:
        super().__init__(reason)
        self.after = after


class Undeliverable(Exception):
    """The destination will never take this delivery; the message is the reason, free of secrets."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a function: who claims, when, and for how long.

    `lease` outlives the function's timeout, so that a run that still holds a claim when
    its lease lapses is surely dead.
    """

    owner: str
    now: datetime
    lease: timedelta


@dataclass(frozen=True, slots=True)
class Detection:
    """What became of one alert: the destinations it goes to, the suppressions that hold back it or some of
    what was found, and whether it is a repetition.
    """

    alert: Alert
    destinations: tuple[str, ...]
    suppressed_by: tuple[str, ...]
    repeated: bool


def detect(
    event: object, *, ruleset: Ruleset, claims: Claims, queue: DeliveryQueue, run: Run
) -> Detection | None:
    """Judge one EventBridge event and queue a delivery for each destination; None when nothing is found.

    Raises `BadRecord` for an event that can not be judged, `ClaimHeld` when another run is at
    it, and whatever the adapters raise: Lambda then retries the event and, in the end,
    keeps it whole in the failure queue.
    """
    judged = judge_event(parse_event(event), ruleset)
    finding = judged.finding
    if finding is None:
        return None
    alert = build_alert(judged, finding, ruleset)
    deliveries = [Delivery(alert=alert, destination=name) for name in finding.destinations]
    told = not deliveries or _once(
        f"alert#{alert.alert_id}", partial(queue.send, deliveries), claims=claims, run=run
    )
    return Detection(
        alert=alert,
        destinations=finding.destinations,
        suppressed_by=tuple(dict.fromkeys(each.suppression.name for each in finding.suppressed)),
        repeated=not told,
    )


def deliver(
    delivery: Delivery, *, ruleset: Ruleset, senders: Mapping[str, Sender], claims: Claims, run: Run
) -> bool:
    """Send one alert to one destination; False when an earlier run had sent it already.

    Raises `TryAgain` or `ClaimHeld` when it must be tried again later, `Undeliverable` when never.
    """
    destination = ruleset.destinations.get(delivery.destination)
    if destination is None:
        # Perhaps not yet: while a deployment is under way, `detect` may know more than `deliver`.
        raise TryAgain(f"the config knows no destination {delivery.destination}")
    sender = senders[destination.kind]
    return _once(
        f"delivery#{delivery.key}",
        partial(sender.send, delivery.alert, destination),
        claims=claims,
        run=run,
    )


def _once(key: str, act: Callable[[], None], *, claims: Claims, run: Run) -> bool:
    """Act under a claim; False when it was done before."""
    claimed = claims.claim(key, owner=run.owner, now=run.now, lease=run.lease)
    if claimed is Claimed.DONE:
        return False
    if claimed is Claimed.HELD:
        raise ClaimHeld(f"{key} is claimed by another run; it is tried again after the lease")
    try:
        act()
    except Exception as error:
        try:
            claims.release(key, owner=run.owner)
        except Exception as second:  # noqa: BLE001 - the first error is the one to raise
            error.add_note(f"the claim {key} was not released ({second}); it lapses after {run.lease}")
        raise
    claims.confirm(key, now=run.now, keep=REMEMBERED)
    return True
