"""From a queue message to a destination, and what becomes of a message that can not be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Protocol

from handlers.core.alerts import Alert, BadDelivery, Delivery, UnknownDelivery, read_delivery
from handlers.core.destinations import Destination
from handlers.pipeline import Claims, Run, TryAgain, Undeliverable, act_once
from handlers.pipeline.messages import Failure, QueueMessage, Retries, process


class Sender(Protocol):
    """Sends alerts to one kind of destination."""

    def send(self, alert: Alert, destination: Destination) -> None:
        """Send, or raise `TryAgain` or `Undeliverable`."""


class Outcome(Enum):
    """What became of a queue message."""

    SENT = "sent"
    REPEATED = "was sent before"
    WAITING = "to be tried again"
    GIVEN_UP = "undeliverable, kept in the dead-letter queue"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to deliver what a queue message holds.

    `delivery` is None when the message could not be read; `failure` says why it was not sent.
    """

    outcome: Outcome
    delivery: Delivery | None
    failure: Failure | None = None


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
    delivery, sent = None, False

    def act() -> None:
        nonlocal delivery, sent
        delivery = _read(message.body)
        sent = deliver(delivery, destinations=destinations, senders=senders, claims=claims, run=run)

    failure = process(message, act, retries=retries)
    if failure is None:
        return Attempt(Outcome.SENT if sent else Outcome.REPEATED, delivery)
    return Attempt(Outcome.GIVEN_UP if failure.delay is None else Outcome.WAITING, delivery, failure)


def _read(body: str) -> Delivery:
    try:
        return read_delivery(body)
    except UnknownDelivery as error:
        # While a deployment is under way, `detect` may be newer than `deliver`.
        raise TryAgain(str(error)) from None
    except BadDelivery as error:
        raise Undeliverable(str(error)) from None


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
