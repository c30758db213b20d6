"""A small ruleset for tests of what comes after the rulebook."""

from collections.abc import Iterator, Mapping
from typing import Any

from handlers.core.ruleset import Ruleset
from handlers.core.ruleset_file import load_ruleset

UPDATE_CERTIFICATE: dict[str, Any] = {
    "name": "iot:UpdateCertificate",
    "event_sources": ["iot.amazonaws.com"],
    "event_name": "UpdateCertificate",
    "category": "certificate",
    "severity": "medium",
    "subject": "requestParameters.certificateId",
    "shown": ["requestParameters.newStatus"],
    "why": "changes whether a device may connect",
    "escalate": [
        {
            "when": {"requestParameters": {"newStatus": ["ACTIVE"]}},
            "to": "high",
            "why": "an identity becomes usable",
        },
        {"when": {"facts": {"actor": {"kind": ["root"]}}}, "to": "critical", "why": "root did it"},
    ],
    "runbook": ["Ask who did it.", "aws iot update-certificate --certificate-id <id> --new-status INACTIVE"],
    "attack": ["T1098"],
}

OWN_RULE: dict[str, Any] = {
    "name": "mine",
    "match": {"requestParameters": {"newStatus": ["ACTIVE"]}},
    "operations": None,
    "category": None,
    "severity": "critical",
    "subject": None,
    "shown": [],
    "why": "because",
    "escalate": [],
    "runbook": [],
    "attack": [],
}
"""A rule of the operator's own, tried on any operation, that leaves everything else to the catalog."""

UNCATALOGUED: dict[str, Any] = {
    "name": "uncatalogued-operation",
    "category": "uncatalogued",
    "severity": "low",
    "subject": None,
    "shown": [],
    "why": "nobody has judged it yet",
    "escalate": [],
    "runbook": [],
    "attack": [],
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
    return load_ruleset(
        {
            "version": 1,
            "rules": list(rules) or [UPDATE_CERTIFICATE],
            "own_rules": [],
            "event_sources": {"iot.amazonaws.com": "iot"},
            "circumstances": CIRCUMSTANCES,
            "automation": [],
            "suppressions": [],
            "uncatalogued": UNCATALOGUED,
            "reads": {**UNCATALOGUED, "name": "read-operation", "category": "read", "off": True},
            "own": {"accounts": [], "buckets": [], "domains": []},
            "minimum_severity": "low",
            "dedup_windows": {},
            "destinations": {
                "secops": {"kind": "slack", "secret": "ssm:/thingwatch/slack/secops"},
                "audit": {"kind": "sns"},
            },
            "routes": [
                {"severity": ["critical", "high"], "match": None, "to": ["secops", "audit"]},
                {"severity": ["medium", "low"], "match": None, "to": ["audit"]},
            ],
            "account_names": {},
            "region_names": {},
            "slack_test_host": None,
            **changes,
        }
    )


def leaves(pattern: Mapping[str, Any], at: str = "") -> Iterator[tuple[str, list[Any]]]:
    """Every condition of a pattern: the path and what it wants there."""
    for key, value in pattern.items():
        if key == "$or":
            for alternative in value:
                yield from leaves(alternative, at)
        elif isinstance(value, Mapping):
            yield from leaves(value, f"{at}{key}.")
        else:
            yield f"{at}{key}", value
