"""From queue messages to a destination, and what becomes of those that can not be sent.

A run gets up to ten deliveries of one destination. Each is claimed, confirmed or released, and retried on its
own, however many of them its sender puts into one message.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from handlers.core.alerts import Alert, BadDelivery, Delivery, UnknownDelivery, read_delivery
from handlers.core.destinations import Destination
from handlers.pipeline import (
    REMEMBERED,
    Claimed,
    ClaimHeld,
    Claims,
    PipelineError,
    Run,
    TryAgain,
    Undeliverable,
)
from handlers.pipeline.enrichment import Enrichment, enrich
from handlers.pipeline.messages import Failure, QueueMessage, Retries, see_to


class Sender(Protocol):
    """Sends alerts to one kind of destination."""

    def send(self, alerts: Sequence[Alert], destination: Destination) -> Sequence[Exception | None]:
        """Send them, in one message or several; of each None, or why it was not sent.

        That is `TryAgain` or `Undeliverable`. What is raised holds for all: none was sent.
        """


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


def handle_messages(
    messages: Sequence[QueueMessage],
    *,
    destinations: Mapping[str, Destination],
    senders: Mapping[str, Sender],
    claims: Claims,
    retries: Retries,
    run: Run,
    enrichment: Enrichment | None = None,
) -> list[Attempt]:
    """Deliver what queue messages hold, and see to each that fails, whatever the failure."""
    read = [_read(message.body) for message in messages]
    deliveries = [each for each in read if isinstance(each, Delivery)]
    done = iter(
        deliver(
            deliveries,
            destinations=destinations,
            senders=senders,
            claims=claims,
            run=run,
            enrichment=enrichment,
        )
    )
    results = [next(done) if isinstance(each, Delivery) else each for each in read]
    return [
        _attempt(message, each if isinstance(each, Delivery) else None, result, retries, run)
        for message, each, result in zip(messages, read, results, strict=True)
    ]


def _attempt(
    message: QueueMessage,
    delivery: Delivery | None,
    result: Outcome | Exception,
    retries: Retries,
    run: Run,
) -> Attempt:
    if isinstance(result, Outcome):
        return Attempt(result, delivery)
    # Those of one digest come back as one digest: scattered they would be messages of their own.
    failure = see_to(message, result, retries=retries, together=run.owner)
    return Attempt(Outcome.GIVEN_UP if failure.delay is None else Outcome.WAITING, delivery, failure)


def _read(body: str) -> Delivery | Exception:
    try:
        return read_delivery(body)
    except UnknownDelivery as error:
        # While a deployment is under way, `detect` may be newer than `deliver`.
        return TryAgain(str(error))
    except BadDelivery as error:
        return Undeliverable(str(error))


def deliver(
    deliveries: Sequence[Delivery],
    *,
    destinations: Mapping[str, Destination],
    senders: Mapping[str, Sender],
    claims: Claims,
    run: Run,
    enrichment: Enrichment | None = None,
) -> list[Outcome | Exception]:
    """Send alerts to their destinations, enriched where that is wanted.

    Of each `SENT`, or `REPEATED` when an earlier run had sent it; else why it was not sent: `TryAgain` or
    `ClaimHeld` for now, `Undeliverable` for good, or any other error.
    """
    results: dict[int, Outcome | Exception] = {}
    ours: dict[str, dict[int, str]] = {}
    for number, delivery in enumerate(deliveries):
        key = f"delivery#{delivery.key}"
        try:
            _find(delivery, destinations)
            taken = {key for claimed in ours.values() for key in claimed.values()}
            if _claim(key, taken, claims, run):
                ours.setdefault(delivery.destination, {})[number] = key
            else:
                results[number] = Outcome.REPEATED
        except Exception as error:  # noqa: BLE001 - the caller sees to the message
            results[number] = error
    for name, claimed in ours.items():
        destination = destinations[name]
        alerts = [deliveries[number].alert for number in claimed]
        if enrichment is not None:
            alerts = enrich(alerts, enrichment)
        told = _send(senders[destination.kind], alerts, destination)
        for (number, key), wrong in zip(claimed.items(), told, strict=True):
            results[number] = _settle(key, wrong, claims, run)
    return [results[number] for number in range(len(deliveries))]


def _find(delivery: Delivery, destinations: Mapping[str, Destination]) -> None:
    if delivery.destination not in destinations:
        # Perhaps not yet: while a deployment is under way, `detect` may know more than `deliver`.
        raise TryAgain(f"the config knows no destination {delivery.destination}")


def _claim(key: str, taken: Collection[str], claims: Claims, run: Run) -> bool:
    """Whether the delivery is ours to send; False when it was sent before."""
    if key in taken:
        # A run may claim again what it holds, and a batch may hold a delivery twice.
        raise ClaimHeld(f"{key} is in the same batch twice", run.lease)
    claimed = claims.claim(key, owner=run.owner, now=run.now, lease=run.lease)
    if claimed is Claimed.HELD:
        raise ClaimHeld(f"{key} is claimed by another run", run.lease)
    return claimed is Claimed.OURS


def _send(sender: Sender, alerts: Sequence[Alert], destination: Destination) -> Sequence[Exception | None]:
    try:
        return sender.send(alerts, destination)
    except PipelineError as error:
        return [error] * len(alerts)
    except Exception as error:  # noqa: BLE001 - the caller sees to the message
        # Perhaps because of one of them alone; the others are told.
        return [error] if len(alerts) == 1 else [_send(sender, [each], destination)[0] for each in alerts]


def _settle(key: str, wrong: Exception | None, claims: Claims, run: Run) -> Outcome | Exception:
    """Confirm what was sent, release what was not."""
    if wrong is None:
        try:
            claims.confirm(key, now=run.now, keep=REMEMBERED)
        except Exception as error:  # noqa: BLE001 - it is sent again: rather twice than never
            return error
        return Outcome.SENT
    try:
        claims.release(key, owner=run.owner)
    except Exception as second:  # noqa: BLE001 - the first error is the one to tell
        wrong.add_note(f"the claim {key} was not released ({second}); it lapses after {run.lease}")
    return wrong
