"""From a queue message to a destination, and what becomes of a message that can not be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from functools import partial
from typing import Protocol

from handlers.core.alerts import Alert, BadDelivery, Delivery, UnknownDelivery, read_delivery
from handlers.core.backoff import retry_delay, spread_of
from handlers.core.destinations import Destination
from handlers.pipeline import ClaimHeld, Claims, PipelineError, Run, TryAgain, Undeliverable, act_once


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


def handle_message(
    message: QueueMessage,
    *,
    destinations: Mapping[str, Destination],
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
            sent = deliver(delivery, destinations=destinations, senders=senders, claims=claims, run=run)
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
    delivery: Delivery,
    *,
    destinations: Mapping[str, Destination],
    senders: Mapping[str, Sender],
    claims: Claims,
    run: Run,
) -> bool:
    """Send one alert to one destination; False when an earlier run had sent it already.

    Raises `TryAgain` or `ClaimHeld` when it must be tried again later, `Undeliverable` when never.
    """
    destination = destinations.get(delivery.destination)
    if destination is None:
        # Perhaps not yet: while a deployment is under way, `detect` may know more than `deliver`.
        raise TryAgain(f"the config knows no destination {delivery.destination}")
    sender = senders[destination.kind]
    return act_once(
        f"delivery#{delivery.key}",
        partial(sender.send, delivery.alert, destination),
        claims=claims,
        run=run,
    )
