"""The line from event to message: `detect` makes deliveries, `deliver` sends one.

Both gather, let the core decide, and act through the few Protocols below. Each acts
under a claim, because everything upstream may deliver twice:

    claim (lease) ──▶ act ──▶ confirm          the claim is done; a repetition is a no-op
    claim (lease) ──▶ act fails ──▶ release    a retry may claim at once
    claim (lease) ──▶ crash                    the lease lapses; a retry claims then

A crash between act and confirm repeats the act: a rare duplicate is preferred to a loss.

What is expected to go wrong, and what `handle_message` then does with the queue message:

    PipelineError          the message is the reason, free of secrets
    ├── TryAgain           hides it: 2 s, doubling up to 15 minutes, and as long as was asked for
    ├── ClaimHeld          hides it likewise, at most for the lease
    └── Undeliverable      keeps it in the dead-letter queue with the reason

Anything else is hidden like TryAgain. After its last try (500) SQS moves a message to the
dead-letter queue. `detect` handles nothing: Lambda retries its events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from typing import Protocol

from handlers.core.alerts import Alert, BadDelivery, Delivery, UnknownDelivery, build_alert, read_delivery
from handlers.core.backoff import retry_delay, spread_of
from handlers.core.judgement import Judged, judge_event
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


class PipelineError(Exception):
    """What is expected to go wrong; the message is the reason, free of secrets."""


class ClaimHeld(PipelineError):
    """Another run holds the claim; raised so that the event is retried and not dropped."""


class TryAgain(PipelineError):
    """The alert can not be sent now; `after` is how long the destination asked us to wait, if it did."""

    def __init__(self, reason: str, after: timedelta = timedelta(0)) -> None:
        super().__init__(reason)
        self.after = after


class Undeliverable(PipelineError):
    """The delivery can never be sent."""


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
    """What became of one event. `alert` is None when there is no finding; `repeated` says that an earlier
    run queued the deliveries.
    """

    judged: Judged
    alert: Alert | None = None
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """A message as the queue handed it out, for the `receives`-th time (1 is the first)."""

    message_id: str
    receipt_handle: str
    body: str
    receives: int


class Outcome(Enum):
    """What became of a queue message."""

    SENT = "sent"
    REPEATED = "was sent before"
    WAITING = "to be tried again"
    GIVEN_UP = "undeliverable, kept in the dead-letter queue"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to deliver what a queue message holds.

    `delivery` is None when the message could not be read. `error` is why it was not sent, `delay` how
    long it is hidden.
    """

    outcome: Outcome
    delivery: Delivery | None
    error: Exception | None = None
    delay: timedelta | None = None

    @property
    def reason(self) -> str | None:
        """Why it was not sent, for people."""
        if self.error is None:
            return None
        kind = "" if isinstance(self.error, PipelineError) else f"{type(self.error).__name__}: "
        return "; ".join((f"{kind}{self.error}", *getattr(self.error, "__notes__", ())))


def detect(event: object, *, ruleset: Ruleset, claims: Claims, queue: DeliveryQueue, run: Run) -> Detection:
    """Judge one EventBridge event and queue a delivery for each destination.

    Raises `BadRecord` for an event that can not be judged, `ClaimHeld` when another run is at
    it, and whatever the adapters raise: Lambda then retries the event and, in the end,
    keeps it whole in the failure queue.
    """
    judged = judge_event(parse_event(event), ruleset)
    finding = judged.finding
    if finding is None:
        return Detection(judged)
    alert = build_alert(judged, finding, ruleset)
    deliveries = [Delivery(alert=alert, destination=name) for name in finding.destinations]
    told = not deliveries or _once(
        f"alert#{alert.alert_id}", partial(queue.send, deliveries), claims=claims, run=run
    )
    return Detection(judged, alert, repeated=not told)


def handle_message(
    message: QueueMessage,
    *,
    ruleset: Ruleset,
    senders: Mapping[str, Sender],
    claims: Claims,
    retries: Retries,
    run: Run,
) -> Attempt:
    """Deliver what a queue message holds, and see to the message when that fails, whatever the failure."""
    delivery = None
    try:
        try:
            delivery = _read(message.body)
            sent = deliver(delivery, ruleset=ruleset, senders=senders, claims=claims, run=run)
            return Attempt(Outcome.SENT if sent else Outcome.REPEATED, delivery)
        except Undeliverable as error:
            retries.give_up(message.body, str(error))
            return Attempt(Outcome.GIVEN_UP, delivery, error)
    except Exception as error:  # noqa: BLE001 - the caller is told, and the message comes back
        delay = _delay_after(error, message, run)
        try:
            retries.wait(message.receipt_handle, delay)
        except Exception as second:  # noqa: BLE001 - the first error is the one to tell
            error.add_note(f"the message was not hidden ({second}); it waits for the queue's own timeout")
        return Attempt(Outcome.WAITING, delivery, error, delay)


def _read(body: str) -> Delivery:
    try:
        return read_delivery(body)
    except UnknownDelivery as error:
        # While a deployment is under way, `detect` may be newer than `deliver`.
        raise TryAgain(str(error)) from None
    except BadDelivery as error:
        raise Undeliverable(str(error)) from None


def _delay_after(error: Exception, message: QueueMessage, run: Run) -> timedelta:
    asked = error.after if isinstance(error, TryAgain) else timedelta(0)
    spread = spread_of(message.message_id, message.receives)
    delay = retry_delay(message.receives, spread=spread, asked=asked)
    # Whoever holds the claim is done within a moment; only of a crashed run does the lease have to lapse.
    return min(delay, run.lease) if isinstance(error, ClaimHeld) else delay


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
        raise ClaimHeld(f"{key} is claimed by another run")
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
