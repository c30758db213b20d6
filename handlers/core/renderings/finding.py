"""The alert as JSON for machines, in a form with a version: docs/alert.schema.json.

Its names are those of OCSF's Detection Finding (class 2004) where one exists:
https://schema.ocsf.io/1.3.0/classes/detection_finding. What OCSF has no name for stands in `unmapped`, as
OCSF asks for.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from handlers.core.alerts import Alert
from handlers.core.codec import to_json
from handlers.core.renderings.content import (
    is_of_one_actor,
    is_of_one_place,
    list_links,
    list_steps,
    list_subjects,
    say_headline,
)
from handlers.core.severity import Severity

VERSION = 1
"""Of the form. A new field leaves it as it is; one that changes or goes makes a new one."""

SEVERITY_IDS = {
    Severity.INFORMATIONAL: 1,
    Severity.LOW: 2,
    Severity.MEDIUM: 3,
    Severity.HIGH: 4,
    Severity.CRITICAL: 5,
}
"""OCSF's numbers."""


def render_finding(alert: Alert) -> str:
    """The alert as one line of JSON."""
    # Not as \\u escapes: they would make a hostile name six times as long.
    return json.dumps(make_finding(alert), ensure_ascii=False)


def make_finding(alert: Alert) -> dict[str, Any]:
    """The alert as JSON types; what it does not have is absent."""
    return _present(
        {
            "version": VERSION,
            "metadata": {
                "version": "1.3.0",
                "product": {"name": "Thingwatch", "vendor_name": "Thingwatch"},
                "profiles": ["cloud"],
            },
            "category_uid": 2,
            "class_uid": 2004,
            "activity_id": 1,
            "type_uid": 200401,
            "time": _milliseconds(alert.time),
            "severity": alert.severity.value.capitalize(),
            "severity_id": SEVERITY_IDS[alert.severity],
            "message": say_headline(alert),
            "count": _count(alert),
            "finding_info": _info(alert),
            "cloud": _cloud(alert),
            "evidences": [_evidence(alert)],
            "resources": [{"name": name} for name in list_subjects(alert)],
            "remediation": {
                "desc": "\n".join(list_steps(alert)),
                "references": [address for _, address in list_links(alert)],
            },
            "unmapped": _unmapped(alert),
        }
    )


def _info(alert: Alert) -> dict[str, Any]:
    span = alert.story or alert.rollup
    return _present(
        {
            "uid": alert.alert_id,
            "title": (alert.title_of_many if alert.rollup else alert.title) or alert.rule,
            "desc": "; ".join(alert.reasons),
            "types": [alert.category],
            "analytic": {"name": alert.rule, "type": "Rule", "type_id": 1},
            "first_seen_time": _milliseconds(span.first_seen if span else alert.time),
            "last_seen_time": _milliseconds(span.last_seen if span else alert.time),
            "attacks": [{"technique": {"uid": technique}} for technique in alert.attack],
        }
    )


def _cloud(alert: Alert) -> dict[str, Any]:
    if not is_of_one_place(alert):
        return {"provider": "AWS"}
    account = _present({"uid": alert.account, "name": alert.account_name})
    return {"provider": "AWS", "account": account, "region": alert.region}


def _evidence(alert: Alert) -> dict[str, Any]:
    """Who made the call, which one, from where."""
    if not is_of_one_actor(alert):
        return {}
    service, _, operation = (alert.operation or "").partition(":")
    actor = alert.actor
    return _present(
        {
            "actor": _present(
                {
                    "user": {"name": actor.name, "uid": actor.id, "type": actor.kind},
                    "session": _present({"uid": actor.session}),
                }
            ),
            "api": _present(
                {
                    "operation": operation,
                    "service": _present({"name": service}),
                    "response": _present({"error_message": alert.error}),
                }
            ),
            "src_endpoint": _present({"ip": alert.source_ip}),
        }
    )


def _unmapped(alert: Alert) -> dict[str, Any]:
    return _present(
        {
            "kind": alert.kind,
            "rule": alert.rule,
            "operation": alert.operation,
            "category": alert.category,
            "short_id": alert.short_id,
            "record_id": alert.event_id,
            "reasons": list(alert.reasons),
            "statements": list(alert.statements),
            "parameters": dict(alert.shown),
            "answers": to_json(alert.answers),
            "runbook": list_steps(alert),
            "story": to_json(alert.story),
            "rollup": to_json(alert.rollup),
        }
    )


def _count(alert: Alert) -> int:
    if alert.rollup is not None:
        return alert.rollup.count
    return alert.story.count if alert.story is not None else 1


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, "", [], {}, [{}])}
