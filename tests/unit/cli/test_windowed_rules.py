"""A rule over time explained: the exact text for people, and the JSON for machines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cli.lookup import built_in_rules
from cli.windowed_rules import render_windowed_rule, render_windowed_rules, windowed_rule_data
from handlers.core.codec import from_json
from handlers.core.windowed_rules import WindowedRule
from tests.support.windowed_rules import BURST, FIRST_TOUCH, REVOCATION, SEQUENCE


def rule(data: Mapping[str, Any]) -> WindowedRule:
    return from_json(WindowedRule, data)


COUNT = """\
burst: high
  many certificates changed

Category  certificate
Holds     at least 3 calls within 5 minutes
Match     {"eventName": ["UpdateCertificate"]}
Group by  facts.actor.id, recipientAccountId
ATT&CK    T1098 Account Manipulation

What to do
  1. Ask who did it.
"""
VALUES = """\
revocation: medium
  devices are taken offline

Category  certificate
Holds     20 different values of requestParameters.certificateId within 10 minutes
Match     {"requestParameters": {"newStatus": ["REVOKED"]}}
Group by  not grouped: all calls count together
"""
STEPS = """\
sequence: critical
  an identity changed and was used

Category  certificate
Holds     a call of each step within 30 minutes, in any order
Group by  facts.touches.certificates

Steps
  change        {"eventName": ["UpdateCertificate"], "requestParameters": {"newStatus": ["ACTIVE"]}}
  attach        {"eventName": ["AttachPolicy"]}
"""
TERMS = """\
first-touch: low
  this actor is new here

Category  certificate
Holds     a new facts.actor.id; new again after 90 days; for the first 7 days of a group nobody is
          told
Match     {"eventName": ["UpdateCertificate"]}
Group by  not grouped: all calls count together
Told to   nobody: notify is false
"""


@pytest.mark.parametrize(
    ("data", "expected"),
    [(BURST, COUNT), (REVOCATION, VALUES), (SEQUENCE, STEPS), (FIRST_TOUCH, TERMS)],
    ids=lambda each: each["name"] if isinstance(each, dict) else "",
)
def test_a_rule_over_time_is_explained_readably(data: Mapping[str, Any], expected: str) -> None:
    assert expected == render_windowed_rule(rule(data))


PLAIN: dict[str, Any] = {
    "operation": None,
    "category": "certificate",
    "match": None,
    "steps": None,
    "at_least": None,
    "of": None,
    "within": None,
    "forget_after": None,
    "learn": None,
    "group_by": [],
    "notify": True,
    "escalations": [],
    "subject": None,
    "shown": [],
    "runbook": [],
    "attack": [],
}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            BURST,
            {
                "rule": "burst",
                "kind": "event_count",
                "severity": "high",
                "why": "many certificates changed",
                "match": {"eventName": ["UpdateCertificate"]},
                "at_least": 3,
                "within": "5m",
                "group_by": ["facts.actor.id", "recipientAccountId"],
                "runbook": ["Ask who did it."],
                "attack": ["T1098"],
            },
        ),
        (
            REVOCATION,
            {
                "rule": "revocation",
                "kind": "value_count",
                "severity": "medium",
                "why": "devices are taken offline",
                "match": {"requestParameters": {"newStatus": ["REVOKED"]}},
                "at_least": 20,
                "of": "requestParameters.certificateId",
                "within": "10m",
            },
        ),
        (
            SEQUENCE,
            {
                "rule": "sequence",
                "kind": "temporal",
                "severity": "critical",
                "why": "an identity changed and was used",
                "steps": SEQUENCE["steps"],
                "within": "30m",
                "group_by": ["facts.touches.certificates"],
            },
        ),
        (
            FIRST_TOUCH,
            {
                "rule": "first-touch",
                "kind": "new_terms",
                "severity": "low",
                "why": "this actor is new here",
                "match": {"eventName": ["UpdateCertificate"]},
                "of": ["facts.actor.id"],
                "forget_after": "90d",
                "learn": "7d",
                "notify": False,
            },
        ),
    ],
    ids=lambda each: each.get("name", ""),
)
def test_machines_read_a_rule_over_time_as_a_config_has_it(
    data: Mapping[str, Any], expected: Mapping[str, Any]
) -> None:
    assert {**PLAIN, **expected} == windowed_rule_data(rule(data))


@pytest.mark.parametrize("name", built_in_rules())
def test_every_built_in_rule_can_be_explained(name: str) -> None:
    built_in = built_in_rules()[name]
    said = render_windowed_rule(built_in)
    assert said.startswith(f"{name}: {built_in.severity.value}\n")
    assert "\nWhat to do\n  1. " in said
    assert name == windowed_rule_data(built_in)["rule"]


LISTED = """\
rules over time
  burst                          high      at least 3 calls within 5 minutes
  sequence                       critical  a call of each step within 30 minutes, in any order
"""


def test_rules_over_time_are_listed_by_name() -> None:
    assert LISTED == render_windowed_rules({"sequence": rule(SEQUENCE), "burst": rule(BURST)})
