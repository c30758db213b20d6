"""The Lambda function that sends: up to ten queue messages → one destination.

What becomes of a message that can not be sent is decided in `pipeline`; here everything is
wired, and logged. Nothing sleeps here.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from handlers.adapters.aws_clients import IN_A_HURRY, make_client
from handlers.adapters.dynamodb_claims import DynamoDbClaims
from handlers.adapters.iot_answers import IotAnswers
from handlers.adapters.metric_log import put_metrics
from handlers.adapters.secrets import Secrets
from handlers.adapters.slack_webhook import SlackWebhook
from handlers.adapters.sns_topic import SnsTopic
from handlers.adapters.sqs_messages import (
    SqsRetries,
    describe_failure,
    hand_out_again,
    name_of_queue,
    read_messages,
)
from handlers.core.alarm_events import RULE as ALARM_RULE
from handlers.core.destinations import Destination, load_destinations
from handlers.core.metrics import DESTINATION, STACK
from handlers.pipeline import Claims, Run
from handlers.pipeline.delivery import Attempt, Outcome, Sender, handle_messages
from handlers.pipeline.enrichment import Answers, Enrichment
from handlers.pipeline.messages import QueueMessage, Retries
from handlers.settings import RULESET, LambdaContext, read_deliver_settings

LEASE = timedelta(seconds=90)
"""Longer than the function's timeout (75 s), shorter than the queue's visibility timeout."""

logger = logging.getLogger("deliver")
logger.setLevel(logging.INFO)

_LEVELS = {
    Outcome.SENT: logging.INFO,
    Outcome.REPEATED: logging.INFO,
    Outcome.WAITING: logging.WARNING,
    Outcome.GIVEN_UP: logging.CRITICAL,
}


@dataclass(frozen=True, slots=True)
class _Wiring:
    destinations: Mapping[str, Destination]
    claims: Claims
    senders: Mapping[str, Sender]
    answers: Answers
    retries_of: Callable[[str], Retries]
    """By the queue's name."""
    stack: str


@cache
def _wire() -> _Wiring:
    settings = read_deliver_settings(os.environ)
    secrets = Secrets(ssm=make_client("ssm"), secretsmanager=make_client("secretsmanager"))
    return _Wiring(
        destinations=load_destinations(RULESET.read_text()),
        claims=DynamoDbClaims(make_client("dynamodb"), settings.state_table),
        senders={
            "slack": SlackWebhook(secrets),
            "sns": SnsTopic(lambda region: make_client("sns", region=region), settings.topic_arns),
        },
        answers=IotAnswers(lambda: make_client("iot", config=IN_A_HURRY)),
        retries_of=lambda queue: SqsRetries(
            make_client("sqs"), queue=queue, dead_letter_queue_url=settings.dead_letter_queue_url
        ),
        stack=settings.stack,
    )


def handler(event: Mapping[str, Any], context: LambdaContext) -> Mapping[str, Any]:
    """Entry point of Lambda. Answers which messages must be handed out again."""
    wiring = _wire()
    messages = read_messages(event)
    attempts = handle_messages(
        messages,
        destinations=wiring.destinations,
        senders=wiring.senders,
        claims=wiring.claims,
        retries=wiring.retries_of(name_of_queue(event)),
        run=Run(owner=context.aws_request_id, now=datetime.now(UTC), lease=LEASE),
        enrichment=_enrichment(wiring.answers, context.invoked_function_arn),
    )
    for message, attempt in zip(messages, attempts, strict=True):
        _log(message, attempt)
    now = datetime.now(UTC)
    for destination in wiring.destinations:
        if values := _measure(destination, messages, attempts, now):
            put_metrics(values, dimensions={STACK: wiring.stack, DESTINATION: destination}, now=now)
    return hand_out_again(
        message
        for message, attempt in zip(messages, attempts, strict=True)
        if attempt.outcome is Outcome.WAITING
    )


def _measure(
    destination: str, messages: Sequence[QueueMessage], attempts: Sequence[Attempt], now: datetime
) -> dict[str, Sequence[float]]:
    """The values of `METRICS` of one destination, by name."""
    ours = [
        (message, attempt.outcome, attempt.delivery.alert)
        for message, attempt in zip(messages, attempts, strict=True)
        if attempt.delivery is not None
        and attempt.delivery.destination == destination
        # Else an alarm that its destination refuses would be the cause of the next one.
        and attempt.delivery.alert.rule != ALARM_RULE
    ]
    sent = [alert for _, outcome, alert in ours if outcome is Outcome.SENT]
    values: dict[str, Sequence[float]] = {
        "Sent": [len(sent)],
        "Refused": [sum(outcome is Outcome.GIVEN_UP for _, outcome, _ in ours)],
        # A rollup is late by its nature.
        "SecondsToSend": [_since(alert.time, now) for alert in sent if alert.rollup is None],
        "SecondsOfRetries": [
            _since(message.sent, now) for message, outcome, _ in ours if outcome is Outcome.WAITING
        ],
    }
    return {name: each for name, each in values.items() if any(each)}


def _since(moment: datetime, now: datetime) -> float:
    # Clocks may differ.
    return max((now - moment).total_seconds(), 0)


def _enrichment(answers: Answers, function_arn: str) -> Enrichment:
    _, _, _, region, account, *_ = function_arn.split(":")
    return Enrichment(answers, account=account, region=region)


def _log(message: QueueMessage, attempt: Attempt) -> None:
    about: dict[str, Any] = {"message_id": message.message_id}
    if attempt.delivery is not None:
        about |= {"alert_id": attempt.delivery.alert.alert_id, "destination": attempt.delivery.destination}
    unexpected = None
    if attempt.failure is not None:
        about |= describe_failure(attempt.failure)
        unexpected = None if attempt.failure.is_expected else attempt.failure.error
    logger.log(_LEVELS[attempt.outcome], attempt.outcome.value, extra=about, exc_info=unexpected)
