"""Histories: calls at times, and the windowed alerts that they make with the built-in rules."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from handlers.adapters.memory_windows import MemoryWindows
from handlers.core.alerts import Alert
from handlers.core.ruleset import Ruleset
from handlers.pipeline.detection import detect
from rulebook.compile import compile_file
from tests.support.catalog import CATALOG
from tests.support.outside import make_outside
from tests.support.records import ACCOUNT, REGION, make_event

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
"""The time 0 of histories: a pane of every length up to an hour begins here."""
DENIED = "AccessDeniedException"

_CONFIG = Path(__file__).parents[2] / "config" / "alerts.yaml"
_numbers = count(1)


@dataclass(frozen=True)
class Call:
    """A call, without its time."""

    operation: str
    parameters: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, Any] | None = None
    by: str | None = "mallory"
    """The role that makes it; None for a device that registers itself."""
    error: str | None = None
    source: str = "iot.amazonaws.com"
    account: str = ACCOUNT
    region: str = REGION

    def by_another(self) -> Call:
        """The same call by another role."""
        return replace(self, by="somebody-else")

    def record(self, time: datetime) -> dict[str, Any]:
        """A new record of it."""
        identity = f"history-{next(_numbers)}"
        changes: dict[str, Any] = {
            "eventID": identity,
            "requestID": identity,
            "eventTime": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "eventSource": self.source,
            "requestParameters": self.parameters,
            "responseElements": self.answer,
            "userIdentity": _identity(self.by, self.account),
            "recipientAccountId": self.account,
            "awsRegion": self.region,
        }
        if self.error is not None:
            changes["errorCode"] = self.error
        return make_event(self.operation, **changes)

    def at(self, seconds: float) -> dict[str, Any]:
        """An event of it, so many seconds after `START`."""
        return self.record(START + timedelta(seconds=seconds))


@cache
def built_in() -> Ruleset:
    """The ruleset of the shipped config."""
    return compile_file(_CONFIG, CATALOG)


def windowed_alerts(events: Iterable[dict[str, Any]], ruleset: Ruleset | None = None) -> Sequence[Alert]:
    """The windowed alerts of events that arrive in this order."""
    windows = MemoryWindows()
    alerts: list[Alert] = []
    for event in events:
        now = datetime.fromisoformat(event["detail"]["eventTime"]) + timedelta(minutes=1)
        detection = detect(event, ruleset=ruleset or built_in(), windows=windows, outside=make_outside(now))
        alerts.extend(each.alert for each in detection.windowed)
    return alerts


def fired(events: Iterable[dict[str, Any]], ruleset: Ruleset | None = None) -> list[str]:
    """The rules of the windowed alerts, sorted; each as often as it fires."""
    return sorted(each.rule for each in windowed_alerts(events, ruleset))


def document(action: str, resource: str = "*") -> str:
    """A policy document that allows this action."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _identity(role: str | None, account: str) -> dict[str, Any]:
    if role is None:
        return {"type": "Unknown", "principalId": "", "accountId": account}
    return {
        "type": "AssumedRole",
        "principalId": f"AROAEXAMPLE:{role}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{role}/session",
        "accountId": account,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "arn": f"arn:aws:iam::{account}:role/{role}",
                "accountId": account,
                "userName": role,
            }
        },
    }
