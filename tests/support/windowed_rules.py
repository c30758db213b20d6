"""Rules over time for tests of what comes after the rulebook, one of each kind."""

from typing import Any

BURST: dict[str, Any] = {
    "name": "burst",
    "category": "certificate",
    "severity": "high",
    "why": "many certificates changed",
    "steps": {"calls": {"eventName": ["UpdateCertificate"]}},
    "group_by": ["facts.actor.id", "recipientAccountId"],
    "threshold": {"kind": "event_count", "at_least": 3, "within": 300},
    "runbook": ["Ask who did it."],
    "attack": ["T1098"],
}
REVOCATION: dict[str, Any] = {
    "name": "revocation",
    "category": "certificate",
    "severity": "medium",
    "why": "devices are taken offline",
    "steps": {"calls": {"requestParameters": {"newStatus": ["REVOKED"]}}},
    "group_by": [],
    "threshold": {
        "kind": "value_count",
        "at_least": 20,
        "within": 600,
        "of": "requestParameters.certificateId",
    },
}
SEQUENCE: dict[str, Any] = {
    "name": "sequence",
    "category": "certificate",
    "severity": "critical",
    "why": "an identity changed and was used",
    "steps": {
        "change": {"eventName": ["UpdateCertificate"], "requestParameters": {"newStatus": ["ACTIVE"]}},
        "attach": {"eventName": ["AttachPolicy"]},
    },
    "group_by": ["facts.touches.certificates"],
    "list_path": "facts.touches.certificates",
    "threshold": {"kind": "temporal", "at_least": 2, "within": 1800},
}
FIRST_TOUCH: dict[str, Any] = {
    "name": "first-touch",
    "category": "certificate",
    "severity": "low",
    "why": "this actor is new here",
    "steps": {"calls": {"eventName": ["UpdateCertificate"]}},
    "group_by": [],
    "new_terms": {"of": ["facts.actor.id"], "forget_after": 7_776_000, "learn": 604_800},
    "notify": False,
}
