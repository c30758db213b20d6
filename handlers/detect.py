"""The Lambda function that judges events: EventBridge event → deliveries and summaries on their queues.

It is invoked asynchronously. When it raises, Lambda tries twice more (after one and two
minutes) and then keeps the event whole in the function's failure queue.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

from handlers.adapters.aws_clients import make_client
from handlers.adapters.dynamodb_buckets import DynamoDbBuckets
from handlers.adapters.dynamodb_mutes import DynamoDbMutes
from handlers.adapters.dynamodb_windows import DynamoDbWindows
from handlers.adapters.metric_log import put_metrics
from handlers.adapters.sqs_deliveries import SqsDeliveries
from handlers.adapters.sqs_summaries import SqsSummaries
from handlers.core.metrics import STACK
from handlers.core.our_calls import OurCalls
from handlers.core.ruleset import Ruleset
from handlers.core.ruleset_file import load_ruleset
from handlers.pipeline.alarms import tell_alarm
from handlers.pipeline.detection import Detection, detect
from handlers.pipeline.outside import Outside, Warm
from handlers.pipeline.telling import Fate
from handlers.pipeline.windows import WindowedAlert, Windows
from handlers.settings import RULESET, LambdaContext, read_detect_settings

logger = logging.getLogger("detect")
logger.setLevel(logging.INFO)


class _Wiring(NamedTuple):
    ruleset: Ruleset
    windows: Windows
    outside: Outside
    our_calls: OurCalls
    stack: str


@cache
def _wire() -> _Wiring:
    settings = read_detect_settings(os.environ)
    dynamodb, sqs = make_client("dynamodb"), make_client("sqs")
    return _Wiring(
        ruleset=load_ruleset(RULESET.read_text()),
        windows=DynamoDbWindows(dynamodb, settings.state_table),
        outside=Outside(
            buckets=DynamoDbBuckets(dynamodb, settings.state_table),
            mutes=DynamoDbMutes(dynamodb, settings.state_table),
            deliveries=SqsDeliveries(
                sqs,
                settings.delivery_queue_urls,
                dead_letter_queue_url=settings.delivery_dead_letter_queue_url,
            ),
            summaries=SqsSummaries(sqs, settings.summary_queue_url),
            clock=_now,
            grace=settings.grace,
            warm=Warm(),
        ),
        our_calls=settings.our_calls,
        stack=settings.stack,
    )


def _now() -> datetime:
    return datetime.now(UTC)


def handler(event: Mapping[str, Any], _context: LambdaContext) -> None:
    """Entry point of Lambda."""
    wiring = _wire()
    if alarm := tell_alarm(event, wiring.ruleset, wiring.outside):
        about = {"alert_id": alarm.alert_id, "alarm": alarm.subject}
        logger.info("alarm told", extra=about | {"destinations": wiring.ruleset.operators})
        return
    detection = detect(
        event,
        ruleset=wiring.ruleset,
        windows=wiring.windows,
        outside=wiring.outside,
        our_calls=wiring.our_calls,
    )
    said = detection.ours or ("no finding" if detection.alert is None else "judged")
    logger.info(said, extra=_describe(detection))
    for windowed in detection.windowed:
        logger.info("windowed", extra=_describe_windowed(windowed, detection))
    now = _now()
    put_metrics(_measure(detection, now), dimensions={STACK: wiring.stack}, now=now)


_COUNTED = {Fate.TOLD: "Told", Fate.HELD: "Held", Fate.MUTED: "Muted"}


def _measure(detection: Detection, now: datetime) -> dict[str, Sequence[float]]:
    """The values of `METRICS`, by name."""
    judged = detection.judged
    # Clocks may differ.
    late = max((now - judged.record.event_time).total_seconds(), 0)
    if detection.ours == "canary":
        return {"SecondsToCanary": [late]}
    fates = Counter((detection.fate, *(each.fate for each in detection.windowed)))
    is_suppressed = judged.finding is not None and judged.finding.is_suppressed
    return {
        "Judged": [1],
        "SecondsToJudge": [late],
        **{name: [fates[fate]] for fate, name in _COUNTED.items() if fates[fate]},
        **({"Suppressed": [1]} if is_suppressed else {}),
    }


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
        "fate": detection.fate.value,
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
        "fate": windowed.fate.value,
    }
