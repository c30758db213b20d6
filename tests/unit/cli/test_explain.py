"""One event judged step by step: the exact text for people, and the JSON for machines."""

from __future__ import annotations

from typing import Any

import pytest

from handlers.core.ruleset import Ruleset
from tests.support.explanations import in_json, told
from tests.support.records import ACCOUNT
from tests.support.rules import CIRCUMSTANCES, UPDATE_CERTIFICATE, make_ruleset


def escalating(when: dict[str, Any], severity: str = "medium") -> Ruleset:
    escalation = {"when": when, "to": "high", "why": "it is worse"}
    return make_ruleset({**UPDATE_CERTIFICATE, "severity": severity, "escalations": [escalation]})


ACTIVATED = """\
High: Certificate c activated, by fleet-admin
iot:UpdateCertificate
account 111122223333, eu-west-1, 2026-11-22 09:30:15 UTC

Facts
  actor.kind                role
  actor.id                  arn:aws:iam::111122223333:role/fleet-admin
  actor.name                fleet-admin
  actor.account             111122223333
  actor.console             no
  actor.session             alice
  actor.mfa                 no
  failed                    no
  denied                    no
  omitted                   no
  resource.kind             certificate
  resource.id               c
  resource.arn              arn:aws:iot:eu-west-1:111122223333:cert/c
  resource.url              https://eu-west-1.console.aws.amazon.com/iot/home?region=eu-west-1#/certificate/c
  touches.certificates      c

Rule iot:UpdateCertificate
  medium         changes whether a device may connect
  + to high      an identity becomes usable
                 requestParameters.newStatus matches ["ACTIVE"]: it is "ACTIVE"
  - to critical  root did it
                 facts.actor.kind does not match ["root"]: it is "role"

Circumstances of any operation
  - another-account           facts.crossAccount.accounts does not match [{"exists": true}]: it is
                              absent
  - failed-call               facts.failed does not match [true]: it is false

Severity high
Told to  secops, audit
"""


def test_each_escalation_is_told_with_what_was_found_whether_it_fired_or_not() -> None:
    assert ACTIVATED == told(requestParameters={"certificateId": "c", "newStatus": "ACTIVE"})


POLICY = """\
Medium: Policy p created, by fleet-admin
iot:CreatePolicy
account 111122223333, eu-west-1, 2026-11-22 09:30:15 UTC

Facts
  actor.kind                role
  actor.id                  arn:aws:iam::111122223333:role/fleet-admin
  actor.name                fleet-admin
  actor.account             111122223333
  actor.console             no
  actor.session             alice
  actor.mfa                 no
  failed                    no
  denied                    no
  omitted                   no
  resource.kind             policy
  resource.id               p
  resource.arn              arn:aws:iot:eu-west-1:111122223333:policy/p
  resource.url              https://eu-west-1.console.aws.amazon.com/iot/home?region=eu-west-1#/policy/p
  policy.verdicts           overly-permissive
  policy.risks              any-action-on-any-resource; any-role-alias
  policy.why                statement 1 allows every action on every resource; statement 1 lets a
                            device take the role of any role alias
  touches.policies          p

Rule iot:CreatePolicy
  medium         says what devices may do

What the document allows
  - statement 1 allows every action on every resource
  - statement 1 lets a device take the role of any role alias

Circumstances of any operation
  - another-account           facts.crossAccount.accounts does not match [{"exists": true}]: it is
                              absent
  - failed-call               facts.failed does not match [true]: it is false

Severity medium
Told to  audit
"""
CREATE_POLICY = {
    **UPDATE_CERTIFICATE,
    "name": "iot:CreatePolicy",
    "event_name": "CreatePolicy",
    "subject": "requestParameters.policyName",
    "why": "says what devices may do",
    "title": "Policy {subject} created",
    "escalations": [],
}


def test_what_a_policy_document_allows_is_told_statement_by_statement() -> None:
    document = '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
    parameters = {"policyName": "p", "policyDocument": document}
    assert POLICY == told(make_ruleset(CREATE_POLICY), operation="CreatePolicy", requestParameters=parameters)


def test_a_list_without_anything_in_it_is_none() -> None:
    parameters: dict[str, Any] = {"policyDocument": {"Statement": []}}
    assert "\n  policy.verdicts           none\n" in told(requestParameters=parameters)


DENIED = """\
Medium: Tried to change certificate c to INACTIVE, by root
iot:UpdateCertificate
account 111122223333, eu-west-1, 2026-11-22 09:30:15 UTC

Facts
  actor.kind                root
  actor.id                  arn:aws:iam::111122223333:root
  actor.name                root
  actor.account             111122223333
  actor.console             no
  failed                    yes
  denied                    yes
  omitted                   no
  resource.kind             certificate
  resource.id               c
  resource.arn              arn:aws:iot:eu-west-1:111122223333:cert/c
  resource.url              https://eu-west-1.console.aws.amazon.com/iot/home?region=eu-west-1#/certificate/c
  touches.certificates      c
  crossAccount.accounts     888888888888; 999999999999

Rule iot:UpdateCertificate
  medium         changes whether a device may connect
  - to high      an identity becomes usable
                 requestParameters.newStatus does not match ["ACTIVE"]: it is "INACTIVE"
  + to critical  root did it
                 facts.actor.kind matches ["root"]: it is "root"

Circumstances of any operation
  + another-account           at least high: it names another account
  + failed-call               at least low, at most medium: the call failed, so nothing was changed

Severity medium
Told to  audit
"""


def test_circumstances_that_hold_are_told_with_how_they_move_the_severity() -> None:
    parameters = {
        "certificateId": "c",
        "newStatus": "INACTIVE",
        "accountIds": ["999999999999", "888888888888"],
    }
    root = {"type": "Root", "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT}
    assert DENIED == told(requestParameters=parameters, userIdentity=root, errorCode="AccessDenied")


LISTED = """\
No finding: iot:ListThings
  the operation only reads
account 111122223333, eu-west-1, 2026-11-22 09:30:15 UTC

Facts
  actor.kind                aws-service
  actor.id                  iot.amazonaws.com
  actor.name                iot.amazonaws.com
  actor.account             111122223333
  actor.console             no
  actor.invokedBy           iot.amazonaws.com
  failed                    no
  denied                    no
  omitted                   no
"""


def test_where_there_is_no_finding_the_reason_and_the_facts_are_told() -> None:
    service = {"type": "AWSService", "invokedBy": "iot.amazonaws.com"}
    assert LISTED == told(operation="ListThings", requestParameters=None, userIdentity=service)


OFF = make_ruleset(
    {**UPDATE_CERTIFICATE, "name": "iot:DeleteThing", "event_name": "DeleteThing", "off": True}
)


@pytest.mark.parametrize(
    ("record", "operation", "expected"),
    [
        ({"operation": "DeleteThing"}, "iot:DeleteThing", "the config switches this operation off"),
        ({"operation": "ListThings"}, "iot:ListThings", "the operation only reads"),
        (
            {"eventSource": "iam.amazonaws.com"},
            "iam:UpdateCertificate",
            "iam.amazonaws.com is not a service that Thingwatch judges",
        ),
    ],
)
def test_silence_has_its_reason(record: dict[str, Any], operation: str, expected: str) -> None:
    assert told(OFF, **record).startswith(f"No finding: {operation}\n  {expected}\naccount ")
    data = in_json(OFF, **record)
    del data["facts"]
    assert {
        "operation": operation,
        "severity": None,
        "rule": None,
        "rules": [],
        "reasons": [expected],
        "statements": [],
        "escalations": [],
        "circumstances": [],
        "automation": None,
        "suppressed": [],
        "expired": [],
        "near_misses": [],
        "windows": [],
        "destinations": [],
    } == data


def test_machines_read_what_fired_what_holds_and_who_is_told() -> None:
    data = in_json(errorCode="AccessDenied", requestParameters={"newStatus": "ACTIVE"})
    assert {"failed": True, "denied": True, "omitted": False}.items() <= data.pop("facts").items()
    assert {
        "operation": "iot:UpdateCertificate",
        "severity": "medium",
        "rule": "iot:UpdateCertificate",
        "rules": ["iot:UpdateCertificate"],
        "reasons": [
            "the call failed, so nothing was changed",
            "it would have meant: changes whether a device may connect",
            "it would have meant: an identity becomes usable",
        ],
        "statements": [],
        "escalations": [
            {
                "rule": "iot:UpdateCertificate",
                "when": {"requestParameters": {"newStatus": ["ACTIVE"]}},
                "to": "high",
                "why": "an identity becomes usable",
                "fired": True,
                "conditions": [
                    {
                        "path": "requestParameters.newStatus",
                        "wanted": ["ACTIVE"],
                        "found": ["ACTIVE"],
                        "holds": True,
                    }
                ],
            },
            {
                "rule": "iot:UpdateCertificate",
                "when": {"facts": {"actor": {"kind": ["root"]}}},
                "to": "critical",
                "why": "root did it",
                "fired": False,
                "conditions": [
                    {"path": "facts.actor.kind", "wanted": ["root"], "found": ["role"], "holds": False}
                ],
            },
        ],
        "circumstances": [
            {"name": "another-account", "why": "it names another account", "holds": False},
            {"name": "failed-call", "why": "the call failed, so nothing was changed", "holds": True},
        ],
        "automation": None,
        "suppressed": [],
        "expired": [],
        "near_misses": [],
        "windows": [],
        "destinations": ["audit"],
    } == data


def step(text: str) -> str:
    """What is told of the one escalation."""
    return text.partition("may connect\n")[2].partition("\n\n")[0]


BOTH = {"requestParameters": {"status": ["A"], "tags": {"key": ["team"], "value": ["red"]}}}


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        (
            {"status": "A", "tags": [{"key": "team", "value": "red"}]},
            [
                "  + to high      it is worse",
                '                 requestParameters.status matches ["A"]: it is "A"',
                '                 requestParameters.tags.key matches ["team"]: it is "team"',
                '                 requestParameters.tags.value matches ["red"]: it is "red"',
            ],
        ),
        (
            {"status": "A", "tags": [{"key": "team", "value": "blue"}]},
            [
                "  - to high      it is worse",
                '                 requestParameters.tags.value does not match ["red"]: it is "blue"',
            ],
        ),
        (
            {"status": "B"},
            [
                "  - to high      it is worse",
                '                 requestParameters.status does not match ["A"]: it is "B"',
            ],
        ),
        (
            {"status": "A", "tags": [{"key": "team", "value": "blue"}, {"key": "car", "value": "red"}]},
            [
                "  - to high      it is worse",
                "                 each condition holds, but not in one element of the list",
            ],
        ),
    ],
    ids=["every condition", "one fails", "two fail, the first is told", "in different elements"],
)
def test_an_escalation_that_fired_tells_every_condition_and_a_silent_one_why_it_is_silent(
    parameters: dict[str, Any], expected: list[str]
) -> None:
    assert expected == step(told(escalating(BOTH), requestParameters=parameters)).splitlines()


def test_a_circumstance_that_fails_tells_its_first_failing_condition_alone() -> None:
    when = {"facts": {"omitted": [False], "failed": [True], "denied": [True]}}
    text = told(make_ruleset(circumstances=[{**CIRCUMSTANCES[1], "when": when}]))
    assert [
        "Circumstances of any operation",
        "  - failed-call               facts.failed does not match [true]: it is false",
    ] == text.split("\n\n")[-2].splitlines()


def test_conditions_are_held_against_our_facts_and_not_those_of_the_record() -> None:
    ruleset = escalating({"facts": {"actor": {"kind": ["root"]}}})
    text = told(ruleset, facts={"actor": {"kind": "root"}})
    assert '                 facts.actor.kind does not match ["root"]: it is "role"' in step(text)


def test_below_the_minimum_severity_nobody_is_told() -> None:
    ruleset = escalating({"eventName": ["X"]}, severity="informational")
    assert told(ruleset).endswith(
        "\n\nSeverity informational\nTold to  nobody: it is below minimum_severity\n"
    )
    assert ("informational", []) == tuple(in_json(ruleset)[name] for name in ("severity", "destinations"))
