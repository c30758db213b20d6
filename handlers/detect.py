"""The Lambda function that judges events: EventBridge event → deliveries on the queue.

It is invoked asynchronously. When it raises, Lambda tries twice more (after one and two
minutes) and then keeps the event whole in the function's failure queue.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from handlers.adapters.aws_clients import make_client
from handlers.adapters.dynamodb_claims import DynamoDbClaims
from handlers.adapters.dynamodb_windows import DynamoDbWindows
from handlers.adapters.sqs_deliveries import SqsDeliveries
from handlers.core.ruleset import Ruleset
from handlers.core.ruleset_file import load_ruleset
from handlers.pipeline import Claims, Run
from handlers.pipeline.detection import DeliveryQueue, Detection, detect
from handlers.pipeline.windows import WindowedAlert, Windows
from handlers.settings import RULESET, LambdaContext, read_detect_settings

LEASE = timedelta(seconds=55)
"""Longer than the function's timeout (45 s), shorter than Lambda's wait before the first retry (60 s)."""

logger = logging.getLogger("detect")
logger.setLevel(logging.INFO)


@dataclass(frozen=True, slots=True)
class _Wiring:
    ruleset: Ruleset
    claims: Claims
    windows: Windows
    queue: DeliveryQueue


@cache
def _wire() -> _Wiring:
    settings = read_detect_settings(os.environ)
    dynamodb = make_client("dynamodb")
    return _Wiring(
        ruleset=load_ruleset(RULESET.read_text()),
        claims=DynamoDbClaims(dynamodb, settings.state_table),
        windows=DynamoDbWindows(dynamodb, settings.state_table),
        queue=SqsDeliveries(make_client("sqs"), settings.queue_url),
    )


def handler(event: Mapping[str, Any], context: LambdaContext) -> None:
    """Entry point of Lambda."""
    wiring = _wire()
    run = Run(owner=context.aws_request_id, now=datetime.now(UTC), lease=LEASE)
    detection = detect(
        event,
        ruleset=wiring.ruleset,
        claims=wiring.claims,
        windows=wiring.windows,
        queue=wiring.queue,
        run=run,
    )
    logger.info("no finding" if detection.alert is None else "judged", extra=_describe(detection))
    for windowed in detection.windowed:
        logger.info("windowed", extra=_describe_windowed(windowed, detection))


def _describe(detection: Detection) -> dict[str, Any]:
    """The fields of the log line, by which calls are counted and found again."""
    judged, alert = detection.judged, detection.alert
    about: dict[str, Any] = {
        "operation": judged.operation,
        "event_category": judged.record.category,
        "event_id": judged.record.event_id,
    }
    if judged.finding is None or alert is None:
        return about
    return about | {
        "alert_id": alert.alert_id,
        "rule": alert.rule,
        "severity": alert.severity.value,
        "destinations": judged.finding.destinations,
        "suppressed_by": sorted({each.suppression.name for each in judged.finding.suppressed}),
        "repeated": detection.repeated,
    }


def _describe_windowed(windowed: WindowedAlert, detection: Detection) -> dict[str, Any]:
    """As `_describe`, of an alert of a rule over time; the event is the one that completed it."""
    alert = windowed.alert
    return {
        "event_id": detection.judged.record.event_id,
        "alert_id": alert.alert_id,
        "rule": alert.rule,
        "severity": alert.severity.value,
        "destinations": windowed.destinations,
    }
