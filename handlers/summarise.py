"""The Lambda function that tells what was held back: one summary → rollups on the delivery queue.

SQS hands a summary out after its delay. One that is not due yet is queued again.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from handlers.adapters.aws_clients import make_client
from handlers.adapters.dynamodb_buckets import DynamoDbBuckets
from handlers.adapters.metric_log import put_metrics
from handlers.adapters.sqs_deliveries import SqsDeliveries
from handlers.adapters.sqs_messages import SqsRetries, describe_failure, hand_out_again, read_messages
from handlers.adapters.sqs_summaries import SqsSummaries
from handlers.core.metrics import STACK
from handlers.pipeline.messages import QueueMessage, Retries, process
from handlers.pipeline.outside import Buckets, DeliveryQueue, SummaryQueue
from handlers.pipeline.summaries import read_body, summarise
from handlers.settings import LambdaContext, read_summarise_settings

logger = logging.getLogger("summarise")
logger.setLevel(logging.INFO)


@dataclass(frozen=True, slots=True)
class _Wiring:
    buckets: Buckets
    deliveries: DeliveryQueue
    summaries: SummaryQueue
    retries: Retries
    stack: str


@cache
def _wire() -> _Wiring:
    settings = read_summarise_settings(os.environ)
    sqs = make_client("sqs")
    return _Wiring(
        buckets=DynamoDbBuckets(make_client("dynamodb"), settings.state_table),
        deliveries=SqsDeliveries(
            sqs,
            settings.delivery_queue_urls,
            dead_letter_queue_url=settings.delivery_dead_letter_queue_url,
        ),
        summaries=SqsSummaries(sqs, settings.queue_url),
        retries=SqsRetries(
            sqs,
            queue=settings.queue_url.rpartition("/")[2],
            dead_letter_queue_url=settings.dead_letter_queue_url,
        ),
        stack=settings.stack,
    )


def handler(event: Mapping[str, Any], _context: LambdaContext) -> Mapping[str, Any]:
    """Entry point of Lambda. Answers which messages must be handed out again."""
    wiring = _wire()
    return hand_out_again(each for each in read_messages(event) if not _is_done(each, wiring))


def _is_done(message: QueueMessage, wiring: _Wiring) -> bool:
    about: dict[str, Any] = {"message_id": message.message_id}

    def act() -> None:
        summary = read_body(message.body)
        about["bucket"], about["rule"] = summary.bucket.key, summary.alert.rule
        about["rollups"] = summarise(
            summary,
            buckets=wiring.buckets,
            deliveries=wiring.deliveries,
            summaries=wiring.summaries,
            clock=_now,
        )

    failure = process(message, act, retries=wiring.retries)
    if failure is None:
        logger.info("summarised", extra=about)
        if about["rollups"]:
            put_metrics({"Rollups": [about["rollups"]]}, dimensions={STACK: wiring.stack}, now=_now())
        return True
    level = logging.CRITICAL if failure.delay is None else logging.WARNING
    unexpected = None if failure.is_expected else failure.error
    logger.log(level, "not summarised", extra=about | describe_failure(failure), exc_info=unexpected)
    return failure.delay is None


def _now() -> datetime:
    return datetime.now(UTC)
