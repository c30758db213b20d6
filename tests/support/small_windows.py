"""Rules over time for tests of the engine: small windows, one of each kind, over a few certificates."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from handlers.core.ruleset import Ruleset
from tests.support.records import make_event
from tests.support.rules import make_ruleset

WITHIN = 10
"""Seconds that the windows of these rules are long."""
START = 1_764_000_000
"""The begin of a pane of theirs, in seconds since 1970."""

CALLS = {"eventName": ["UpdateCertificate", "DeleteCertificate"]}
GROUP = ["facts.actor.name"]

BURST: dict[str, Any] = {
    "name": "burst",
    "category": "certificate",
    "severity": "high",
    "why": "somebody is in a hurry",
    "steps": {"calls": CALLS},
    "group_by": GROUP,
    "threshold": {"kind": "event_count", "at_least": 3, "within": WITHIN, "of": None},
}
SPREAD: dict[str, Any] = {
    **BURST,
    "name": "spread",
    "threshold": {
        "kind": "value_count",
        "at_least": 3,
        "within": WITHIN,
        "of": "requestParameters.certificateId",
    },
}
SEQUENCE: dict[str, Any] = {
    **BURST,
    "name": "sequence",
    "steps": {
        "changed": {"eventName": ["UpdateCertificate"]},
        "deleted": {"eventName": ["DeleteCertificate"]},
        "attached": {"eventName": ["AttachPolicy"]},
    },
    "threshold": {"kind": "temporal", "at_least": 3, "within": WITHIN, "of": None},
}
FIRST: dict[str, Any] = {
    **BURST,
    "name": "first",
    "threshold": None,
    "new_terms": {
        "of": ["requestParameters.certificateId"],
        "forget_after": timedelta(days=90).total_seconds(),
        "learn": 0,
    },
}


def make_windowed_ruleset(*rules: Mapping[str, Any], **changes: Any) -> Ruleset:
    """A ruleset with these rules over time, or one of each kind."""
    return make_ruleset(windowed_rules=list(rules) or [BURST, SPREAD, SEQUENCE, FIRST], **changes)


def make_call(
    second: float = 0,
    *,
    operation: str = "UpdateCertificate",
    actor: str = "alice",
    certificate: str = "c1",
    event_id: str = "e",
    **record: Any,
) -> dict[str, Any]:
    """The event of a call at a second after `START`, by an IAM user."""
    moment = datetime.fromtimestamp(START + second, UTC)
    fields: dict[str, Any] = {
        "eventTime": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "eventID": event_id,
        "userIdentity": {
            "type": "IAMUser",
            "userName": actor,
            "arn": f"arn:aws:iam::111122223333:user/{actor}",
            "accountId": "111122223333",
        },
        "requestParameters": {"certificateId": certificate},
        **record,
    }
    return make_event(operation, **fields)
