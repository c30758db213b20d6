"""A small ruleset for tests of what comes after the rulebook."""

from collections.abc import Mapping
from typing import Any

from handlers.core.codec import from_json
from handlers.core.patterns import fields_of, read_pattern
from handlers.core.ruleset import Ruleset

UPDATE_CERTIFICATE: dict[str, Any] = {
    "name": "iot:UpdateCertificate",
    "category": "certificate",
    "severity": "medium",
    "subject": "requestParameters.certificateId",
    "shown": ["requestParameters.newStatus"],
    "why": "changes whether a device may connect",
    "title": "Certificate {subject} changed [to {newStatus}]",
    "tried": "Tried to change certificate {subject} [to {newStatus}]",
    "escalations": [
        {
            "when": {"requestParameters": {"newStatus": ["ACTIVE"]}},
            "to": "high",
            "why": "an identity becomes usable",
            "title": "Certificate {subject} activated",
        },
        {"when": {"facts": {"actor": {"kind": ["root"]}}}, "to": "critical", "why": "root did it"},
    ],
    "runbook": [
        "Ask who did it.",
        "To undo: `aws iot update-certificate --certificate-id {certificateId} --new-status INACTIVE`",
    ],
    "attack": ["T1098"],
}

CUSTOM_RULE: dict[str, Any] = {
    "name": "mine",
    "match": {"requestParameters": {"newStatus": ["ACTIVE"]}},
    "severity": "critical",
    "why": "because",
}
"""A custom rule, tried on any operation, that leaves everything else to the catalog."""

UNCATALOGUED: dict[str, Any] = {
    "name": "uncatalogued-operation",
    "category": "uncatalogued",
    "severity": "low",
    "subject": None,
    "why": "nobody has judged it yet",
}

CIRCUMSTANCES: list[dict[str, Any]] = [
    {
        "name": "another-account",
        "when": {"facts": {"crossAccount": {"accounts": [{"exists": True}]}}},
        "at_least": "high",
        "at_most": None,
        "why": "it names another account",
        "attack": ["T1199"],
    },
    {
        "name": "failed-call",
        "when": {"facts": {"failed": [True]}},
        "at_least": "low",
        "at_most": "medium",
        "why": "the call failed, so nothing was changed",
        "attack": [],
    },
]


def make_ruleset(*rules: Mapping[str, Any], **changes: Any) -> Ruleset:
    """A ruleset with one Slack and one SNS destination; `changes` replace its parts."""
    data = {
        "services": ["iot"],
        "catalog_rules": {rule["name"]: rule for rule in rules or [UPDATE_CERTIFICATE]},
        "uncatalogued": UNCATALOGUED,
        "reads": {**UNCATALOGUED, "name": "read-operation", "category": "read", "off": True},
        "circumstances": CIRCUMSTANCES,
        "destinations": {
            "secops": {"name": "secops", "kind": "slack", "secret": "ssm:/thingwatch/slack/secops"},
            "audit": {"name": "audit", "kind": "sns"},
        },
        "routes": [
            {"severities": ["critical", "high"], "match": None, "to": ["secops", "audit"]},
            {"severities": ["medium", "low"], "match": None, "to": ["audit"]},
        ],
        **changes,
    }
    return from_json(Ruleset, data)


def leaves(pattern: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Every condition of a pattern: the path and what it wants there."""
    return [(".".join(field.path), field.values) for field in fields_of(read_pattern(pattern))]
