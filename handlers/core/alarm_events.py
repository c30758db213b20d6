"""What CloudWatch says of our own alarms, as alerts for those who keep Thingwatch running.

The event: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from handlers.core.alerts import Actor, Alert
from handlers.core.console import alarm_link
from handlers.core.digest import digest
from handlers.core.record import as_mapping, as_text
from handlers.core.severity import Severity
from handlers.core.text import clean

DETAIL_TYPE = "CloudWatch Alarm State Change"
RULE = "alarm"
"""The rule of such an alert."""

_LONGEST_NAME = 255
"""Of an alarm."""
_LONGEST_TITLE = 100
_LONGEST_DESCRIPTION = 600


_STATES = {
    "ALARM": (Severity.HIGH, "is on", "Thingwatch itself is unwell"),
    "OK": (Severity.INFORMATIONAL, "is over", "what this alarm was on for is over"),
}
_UNKNOWN = (Severity.MEDIUM, "can not tell", "it has no data any more, so nobody knows whether it is over")


class BadAlarm(ValueError):
    """An event that says it is of an alarm and has not what those have."""


def read_alarm(event: object) -> Alert | None:
    """The alert that an alarm is on, or over; None for any other event. Raises `BadAlarm`."""
    envelope = as_mapping(event)
    if envelope.get("detail-type") != DETAIL_TYPE:
        return None
    detail = as_mapping(envelope.get("detail"))
    name = clean(as_text(detail.get("alarmName")), _LONGEST_NAME)
    state = as_text(as_mapping(detail.get("state")).get("value"))
    if not name or not state:
        raise BadAlarm("the event names no alarm, or no state of it")
    is_on = state == "ALARM"
    severity, state_words, reason = _STATES.get(state, _UNKNOWN)
    description = as_text(as_mapping(detail.get("configuration")).get("description"))
    account, region = (clean(as_text(envelope.get(each))) for each in ("account", "region"))
    return Alert(
        # CloudWatch may say it twice; EventBridge's id is the same then.
        alert_id=digest("alarm", as_text(envelope.get("id"))),
        dedup_key=digest("alarm", account, region, name),
        severity=severity,
        rule=RULE,
        operation=None,
        category="thingwatch",
        title=f"Alarm {clean(name, _LONGEST_TITLE)} {state_words}",
        title_of_many="",
        reasons=(reason,),
        subject=name,
        # Whoever may change the alarm wrote it, so it stands as a value and not as a command of ours.
        shown={"says": clean(description, _LONGEST_DESCRIPTION)} if description else {},
        error=None,
        runbook=("See what else is wrong: run `thingwatch doctor`.",) if is_on else (),
        attack=(),
        link=alarm_link(region, name),
        actor=Actor(kind="aws-service", id="cloudwatch.amazonaws.com", name="CloudWatch", session=None),
        account=account,
        region=region,
        time=_moment(envelope),
        source_ip="",
        event_id="",
    )


def _moment(envelope: Mapping[str, Any]) -> datetime:
    try:
        moment = datetime.fromisoformat(as_text(envelope.get("time")))
    except ValueError:
        raise BadAlarm("the event has no time") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
