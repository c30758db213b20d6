"""The windows that an event would enter, and why not the others: for people and for machines."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.explanations import in_json, told
from tests.support.records import ACCOUNT
from tests.support.rules import UPDATE_CERTIFICATE, make_ruleset
from tests.support.windowed_rules import BURST, FIRST_TOUCH, REVOCATION, SEQUENCE

ACTOR = f"arn:aws:iam::{ACCOUNT}:role/fleet-admin"
RULES = make_ruleset(windowed_rules=[BURST, REVOCATION, SEQUENCE, FIRST_TOUCH], circumstances=[])
REVOKED = {"requestParameters": {"certificateId": "7a1f", "newStatus": "REVOKED"}}

ENTERED = """
Windows that it enters
  + burst                     high, if it completes at least 3 calls within 5 minutes
                              call 5d0c1d4e-0000-4000-8000-000000000002
                              facts.actor.id arn:aws:iam::111122223333:role/fleet-admin
                              recipientAccountId 111122223333
  + revocation                medium, if it completes at least 20 different certificateId values
                              within 10 minutes
                              value 7a1f
  + first-touch               low, if it is seen for the first time
                              value ["arn:aws:iam::111122223333:role/fleet-admin"]

Windows that it does not enter
  - sequence                  step change: requestParameters.newStatus does not match ["ACTIVE"]: it
                              is "REVOKED"

Severity medium
"""


def test_windows_are_told_with_their_groups_and_what_the_record_is_there() -> None:
    assert ENTERED in told(RULES, **REVOKED)


def test_machines_read_windows_and_why_a_record_stays_out() -> None:
    data = in_json(RULES, **REVOKED)
    assert [
        {
            "rule": "burst",
            "group": {"facts.actor.id": ACTOR, "recipientAccountId": ACCOUNT},
            "steps": ["calls"],
            "severity": "high",
        },
        {"rule": "revocation", "group": {}, "steps": ["calls"], "severity": "medium"},
        {"rule": "first-touch", "group": {}, "steps": ["calls"], "severity": "low"},
    ] == data["windows"]
    why = 'step change: requestParameters.newStatus does not match ["ACTIVE"]: it is "REVOKED"'
    assert [{"kind": "window", "name": "sequence", "why": why}] == data["near_misses"]


def test_a_step_of_a_sequence_is_told_with_the_value_of_the_list_that_it_is_grouped_by() -> None:
    ruleset = make_ruleset(windowed_rules=[SEQUENCE])
    said = told(ruleset, requestParameters={"certificateId": "7a1f", "newStatus": "ACTIVE"})
    expected = """
  + sequence                  critical, if it completes change, attach within 30 minutes
                              step change
                              facts.touches.certificates 7a1f
"""
    assert expected in said


SUPPRESSION = {
    "name": "rollout",
    "match": {"finding": {"rule": ["burst"]}},
    "reason": "r",
    "until": "2030-01-01",
}


@pytest.mark.parametrize(
    ("rule", "changes", "record", "why"),
    [
        (
            BURST,
            {},
            {"errorCode": "AccessDenied"},
            "the call failed, and the pattern does not look at the outcome",
        ),
        (BURST, {"suppressions": [SUPPRESSION]}, {}, "the suppression rollout matches it"),
        (
            {**SEQUENCE, "steps": {"a": BURST["steps"]["calls"], "b": {"eventName": ["AttachPolicy"]}}},
            {},
            {"requestParameters": None},
            "facts.touches.certificates is missing or empty",
        ),
        (
            {**REVOCATION, "steps": BURST["steps"]},
            {},
            {"requestParameters": None},
            "what the rule counts is not in the record",
        ),
    ],
)
def test_what_matches_and_stays_out_is_told_with_its_reason(
    rule: dict[str, Any], changes: dict[str, Any], record: dict[str, Any], why: str
) -> None:
    data = in_json(make_ruleset(windowed_rules=[rule], **changes), **record)
    assert [] == data["windows"]
    assert {"kind": "window", "name": rule["name"], "why": why} in data["near_misses"]


def test_a_rule_that_names_other_operations_is_not_told() -> None:
    data = in_json(make_ruleset(windowed_rules=[BURST, SEQUENCE]), operation="DeleteThing")
    assert ([], []) == (data["windows"], data["near_misses"])


def test_a_call_that_is_off_enters_its_windows_and_says_so() -> None:
    ruleset = make_ruleset({**UPDATE_CERTIFICATE, "off": True}, windowed_rules=[FIRST_TOUCH])
    said = told(ruleset)
    assert said.startswith("No finding: iot:UpdateCertificate\n  the config switches this operation off\n")
    assert "\nWindows that it enters\n  + first-touch               low, if it is seen for the first" in said


@pytest.mark.parametrize(
    "record", [{"eventSource": "s3.amazonaws.com"}, {"eventCategory": "Data"}, {"operation": "ListThings"}]
)
def test_what_is_not_judged_enters_no_window(record: dict[str, Any]) -> None:
    everything = {**BURST, "steps": {"calls": {"eventSource": [{"exists": True}]}}}
    data = in_json(make_ruleset(windowed_rules=[everything]), **record)
    assert ([], []) == (data["windows"], data["near_misses"])


def test_of_many_windows_ten_are_told_and_hostile_values_are_cleaned() -> None:
    many = [{**BURST, "name": f"rule-{number:02}", "group_by": ["sourceIPAddress"]} for number in range(12)]
    said = told(make_ruleset(windowed_rules=many), sourceIPAddress="a\n\x1b\u202e\ud800")
    assert (10, True) == (said.count("sourceIPAddress a"), "\n  … and 2 more\n" in said)
    assert [] == [line for line in said.splitlines() if not line.isprintable()]


def test_a_group_value_that_is_missing_is_told_as_absent() -> None:
    ruleset = make_ruleset(windowed_rules=[{**BURST, "group_by": ["requestParameters.policyName"]}])
    assert "\n                              requestParameters.policyName absent\n" in told(ruleset)
