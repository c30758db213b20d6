"""What the catalog knows of an operation: the exact text for people, and the JSON for machines."""

from __future__ import annotations

import json
from typing import Any

from cli.operations import entry_data, render_catalog, render_entry
from rulebook.catalog import Entry


def make_entry(**fields: Any) -> Entry:
    """A plain entry; `fields` replace its parts, in the form that the YAML has."""
    plain: dict[str, Any] = {
        "category": "thing",
        "severity": "low",
        "subject": None,
        "shown": [],
        "why": "a thing changed",
    }
    return Entry.model_validate({**plain, **fields})


ACTIVE: dict[str, Any] = {"requestParameters": {"newStatus": ["ACTIVE"]}}
FOREIGN: dict[str, Any] = {"facts": {"crossAccount": {"accounts": [{"exists": True}]}}}
OMITTED: dict[str, Any] = {"facts": {"omitted": [True], "actor": {"kind": ["root", "iam-user", "federated"]}}}

FULL = make_entry(
    category="ca_certificate",
    severity="medium",
    subject="requestParameters.certificateId",
    shown=[
        "requestParameters.newStatus",
        "requestParameters.newAutoRegistrationStatus",
        "requestParameters.removeAutoRegistration",
    ],
    why="changes which devices may connect, and whether new ones that its key signs are let in by themselves",
    escalate=[
        {"when": ACTIVE, "to": "high", "why": "it becomes usable"},
        {"when": FOREIGN, "to": "critical", "why": "others decide who connects"},
        {"when": OMITTED, "to": "high", "why": "nobody sees what was asked"},
    ],
    runbook=[
        "Ask who did it.",
        "To undo: `aws iot update-ca-certificate --certificate-id <certificate-id> --new-status INACTIVE`",
    ],
    attack=["T1098", "T1098.001"],
)

READABLE = """\
iot:UpdateCACertificate: medium
  changes which devices may connect, and whether new ones that its key signs are let in by
  themselves

Category  ca_certificate
Subject   requestParameters.certificateId
Shown     requestParameters.newStatus, requestParameters.newAutoRegistrationStatus,
          requestParameters.removeAutoRegistration
ATT&CK    T1098 Account Manipulation
          T1098.001 Account Manipulation: Additional Cloud Credentials

Worse
  critical  others decide who connects
            when {"facts": {"crossAccount": {"accounts": [{"exists": true}]}}}
  high      it becomes usable
            when {"requestParameters": {"newStatus": ["ACTIVE"]}}
  high      nobody sees what was asked
            when {"facts": {"omitted": [true], "actor": {"kind": ["root", "iam-user",
            "federated"]}}}

What to do
  1. Ask who did it.
  2. To undo: `aws iot update-ca-certificate --certificate-id <certificate-id> --new-status
     INACTIVE`
"""


def test_an_entry_reads_worst_escalation_first_and_its_runbook_in_numbered_steps() -> None:
    assert READABLE == render_entry("iot:UpdateCACertificate", FULL)


def test_an_entry_has_no_heading_over_nothing() -> None:
    assert "iot:UpdateThing: low\n  a thing changed\n\nCategory  thing\n" == render_entry(
        "iot:UpdateThing", make_entry()
    )


def test_machines_read_the_entry_as_the_catalog_has_it() -> None:
    assert {
        "operation": "iot:UpdateCACertificate",
        "category": "ca_certificate",
        "severity": "medium",
        "escalations": [
            {"when": ACTIVE, "to": "high", "why": "it becomes usable"},
            {"when": FOREIGN, "to": "critical", "why": "others decide who connects"},
            {"when": OMITTED, "to": "high", "why": "nobody sees what was asked"},
        ],
        "subject": "requestParameters.certificateId",
        "shown": [
            "requestParameters.newStatus",
            "requestParameters.newAutoRegistrationStatus",
            "requestParameters.removeAutoRegistration",
        ],
        "why": FULL.why,
        "runbook": list(FULL.runbook),
        "attack": ["T1098", "T1098.001"],
    } == json.loads(json.dumps(entry_data("iot:UpdateCACertificate", FULL)))


CATALOG = """\
ca_certificate
  iot:UpdateCACertificate                              medium to critical
thing
  iot:DeleteThing                                      high
  iot:CreateThing                                      low
  iot:UpdateThing                                      low
"""


def test_the_catalog_is_listed_by_category_and_there_the_worst_first() -> None:
    entries = {
        "iot:UpdateThing": make_entry(),
        "iot:CreateThing": make_entry(),
        "iot:DeleteThing": make_entry(severity="high"),
        "iot:UpdateCACertificate": FULL,
    }
    assert CATALOG == render_catalog(entries)
