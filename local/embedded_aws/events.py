"""EventBridge: who may put an `aws.*` event, and which rules receive it.

`PutEvents` refuses the sources of AWS services, as AWS does. `publish` is the way around for those who may:
the CloudTrail bridge, CloudWatch's alarms and the test harness.
"""

import json
import time
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import eventbridge

from . import pinned

VIA_CLOUDTRAIL = "AWS API Call via CloudTrail"

_ALL_EVENTS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
# EventBridge holds back read-only calls by these names; other read-only calls reach every enabled rule.
_READING_NAMES = ("Describe", "Get", "List")


def install() -> None:
    """Let rules receive what their state says."""
    pinned.attribute(eventbridge, "_rules")
    pinned.attribute(eventbridge, "_targets")
    pinned.function(eventbridge, "_events_log_list", "")
    pinned.function(eventbridge, "_pattern_event_view", "event")
    pinned.function(eventbridge, "_matches_pattern_view", "pattern_str, view, owner")
    pinned.function(eventbridge, "_invoke_target", "target, event, rule, view")
    pinned.function(eventbridge, "_archive_event", "event, view")
    pinned.replace(eventbridge, "_dispatch_event", "event, view", _dispatch)


def publish(
    *,
    source: str,
    detail_type: str,
    detail: Any,
    event_id: str | None = None,
    resources: Sequence[str] = (),
) -> str:
    """Put one event on the default bus of the current account and Region, and return its id."""
    event = {
        "EventId": event_id or str(uuid.uuid4()),
        "Source": source,
        "DetailType": detail_type,
        "Detail": json.dumps(detail),
        "EventBusName": "default",
        "Time": _time_of(detail),
        "Resources": list(resources),
        "Account": get_account_id(),
        "Region": get_region(),
    }
    eventbridge._events_log_list().append(event)
    view = eventbridge._pattern_event_view(event)
    _dispatch(event, view)
    eventbridge._archive_event(event, view)
    return str(event["EventId"])


def _dispatch(event: dict[str, Any], view: Any = None) -> None:
    """Hand the event to the targets of every rule on its bus that is to receive it and matches it."""
    bus = event.get("EventBusName", "default")
    already_passed = set(event.get("_DispatchPath") or [])
    view = view or eventbridge._pattern_event_view(event)
    read_only = _is_read_only(event)
    for key, rule in eventbridge._rules.items():
        receives = rule.get("State") == _ALL_EVENTS or (rule.get("State") == "ENABLED" and not read_only)
        pattern = rule.get("EventPattern")
        if not receives or not pattern or rule.get("EventBusName", "default") != bus or key in already_passed:
            continue
        if eventbridge._matches_pattern_view(pattern, view, f"rule {key}"):
            for target in eventbridge._targets.get(key, []):
                eventbridge._invoke_target(target, event, rule, view)


def _is_read_only(event: dict[str, Any]) -> bool:
    if event.get("DetailType") != VIA_CLOUDTRAIL:
        return False
    record = json.loads(event.get("Detail") or "null")
    return (
        isinstance(record, dict)
        and record.get("readOnly") is True
        and str(record.get("eventName", "")).startswith(_READING_NAMES)
    )


def _time_of(detail: Any) -> int:
    """The event's time is the record's, as in every real envelope; a record without one happened now."""
    try:
        return int(datetime.fromisoformat(detail["eventTime"]).timestamp())
    except (KeyError, TypeError, ValueError):
        return int(time.time())
