"""The Lambda function that sends: one queue message → one destination.

A message that can not be sent now is hidden for a while and handed out again; one that
never can goes to the dead-letter queue with the reason. Nothing sleeps here.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSEvent, SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.adapters.aws_clients import CONFIG
from handlers.adapters.dynamodb_claims import DynamoDbClaims
from handlers.adapters.secrets import Secrets
from handlers.adapters.slack_webhook import SlackWebhook
from handlers.adapters.sns_topic import SnsTopic
from handlers.adapters.sqs_deliveries import SqsRetries
from handlers.core.alerts import BadDelivery, UnknownDelivery, read_delivery
from handlers.core.backoff import retry_delay, spread_of
from handlers.core.ruleset import Ruleset
from handlers.core.ruleset_file import load_ruleset
from handlers.pipeline import (
    ClaimHeld,
    Claims,
    Retries,
    Run,
    Sender,
    TryAgain,
    Undeliverable,
    deliver,
)
from handlers.settings import RULESET, read_deliver_settings

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

LEASE = timedelta(seconds=90)
"""Longer than the function's timeout (75 s), shorter than the queue's visibility timeout."""

logger = Logger(service="deliver")


@dataclass(frozen=True, slots=True)
class _Wiring:
    ruleset: Ruleset
    claims: Claims
    senders: Mapping[str, Sender]
    retries: Retries


@cache
def _sns_in(region: str) -> SNSClient:
    return boto3.client("sns", region_name=region, config=CONFIG)


@cache
def _wire() -> _Wiring:
    settings = read_deliver_settings(os.environ)
    ruleset = load_ruleset(json.loads(RULESET.read_text()))
    secrets = Secrets(
        ssm=boto3.client("ssm", config=CONFIG), secretsmanager=boto3.client("secretsmanager", config=CONFIG)
    )
    return _Wiring(
        ruleset=ruleset,
        claims=DynamoDbClaims(boto3.client("dynamodb", config=CONFIG), settings.state_table),
        senders={
            "slack": SlackWebhook(secrets, test_host=ruleset.slack_test_host),
            "sns": SnsTopic(_sns_in, settings.topic_arns),
        },
        retries=SqsRetries(
            boto3.client("sqs", config=CONFIG),
            queue_url=settings.queue_url,
            dead_letter_queue_url=settings.dead_letter_queue_url,
        ),
    )


def handler(event: dict[str, Any], context: LambdaContext) -> Mapping[str, Any]:
    """Entry point of Lambda. Answers which messages must be handed out again."""
    wiring = _wire()
    failed = [
        message.message_id
        for message in SQSEvent(event).records
        if not _handle(message, wiring=wiring, owner=context.aws_request_id)
    ]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _handle(message: SQSRecord, *, wiring: _Wiring, owner: str) -> bool:
    """Whether the queue may forget the message."""
    run = Run(owner=owner, now=datetime.now(UTC), lease=LEASE)
    about = {"message_id": message.message_id}
    try:
        delivery = read_delivery(message.body)
        about |= {"alert_id": delivery.alert.alert_id, "destination": delivery.destination}
        sent = deliver(
            delivery, ruleset=wiring.ruleset, senders=wiring.senders, claims=wiring.claims, run=run
        )
        logger.info("sent" if sent else "was sent before", extra=about)
    except (BadDelivery, Undeliverable) as error:
        wiring.retries.give_up(message.body, str(error))
        logger.critical(
            "undeliverable, kept in the dead-letter queue", extra={**about, "reason": _reason(error)}
        )
    except Exception as error:
        delay = _delay(error, message)
        logger.warning(
            "to be tried again",
            extra={**about, "reason": _reason(error), "delay_seconds": delay.total_seconds()},
            exc_info=not isinstance(error, TryAgain | ClaimHeld | UnknownDelivery),
        )
        wiring.retries.wait(message.receipt_handle, delay)
        return False
    return True


def _reason(error: Exception) -> str:
    expected = isinstance(error, BadDelivery | ClaimHeld | TryAgain | Undeliverable | UnknownDelivery)
    words = str(error) if expected else f"{type(error).__name__}: {error}"
    return "; ".join((words, *getattr(error, "__notes__", ())))


def _delay(error: Exception, message: SQSRecord) -> timedelta:
    if isinstance(error, ClaimHeld):
        return LEASE
    receives = int(message.attributes.approximate_receive_count)
    asked = error.after if isinstance(error, TryAgain) else timedelta(0)
    return retry_delay(receives, spread=spread_of(message.message_id, receives), asked=asked)
