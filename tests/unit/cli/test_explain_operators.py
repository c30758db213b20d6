"""An event explained where the operator's config speaks: custom rules, automation, suppressions, routes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.explanations import in_json, told
from tests.support.rules import CUSTOM_RULE, UPDATE_CERTIFICATE, make_ruleset

MINE: dict[str, Any] = {**CUSTOM_RULE, "severity": "medium", "why": "nobody activates at night"}
ROUTINE: dict[str, Any] = {
    "name": "pipeline",
    "when": {"facts": {"actor": {"name": ["fleet-admin"]}}},
    "operations": None,
    "at_most": "low",
    "reason": "it applies what was reviewed",
}
PLANNED: dict[str, Any] = {
    "name": "rollout",
    "match": {"finding": {"category": ["certificate"]}},
    "reason": "OPS-12",
    "until": "2026-11-22",
}


def test_each_rule_and_what_lowered_the_catalogs_is_told_with_its_reason() -> None:
    said = told(make_ruleset(custom_rules=[MINE], automation=[ROUTINE]))
    assert (
        "Rule mine\n"
        "  medium         nobody activates at night\n"
        "\n"
        "Rule iot:UpdateCertificate\n"
        "  medium         changes whether a device may connect\n"
        "  + to high      an identity becomes usable\n"
    ) in said
    assert "\n  at most low    routine of pipeline: it applies what was reviewed\n" in said
    assert said.endswith("\nSeverity medium\nTold to  audit\n")


HELD = (
    "Told to  nobody: it is suppressed\n"
    "         rollout (OPS-12) suppresses iot:UpdateCertificate through 2026-11-22\n"
    "         rollout (OPS-12) suppresses mine through 2026-11-22\n"
)
ENDED = "Told to  secops, audit\n         the suppression rollout expired on 2026-11-22\n"


@pytest.mark.parametrize(
    ("time", "expected"), [("2026-11-22T09:30:15Z", HELD), ("2026-11-23T09:30:15Z", ENDED)]
)
def test_a_suppression_that_holds_or_ended_is_told_with_its_day(time: str, expected: str) -> None:
    said = told(make_ruleset(custom_rules=[MINE], suppressions=[PLANNED]), eventTime=time)
    assert said.endswith(expected)
    assert "that do not match" not in said


def test_a_rule_that_is_suppressed_alone_is_not_said_to_be_silent() -> None:
    alone = {**PLANNED, "match": {"finding": {"rule": ["mine"]}}}
    ruleset = make_ruleset(custom_rules=[MINE], suppressions=[alone])
    said = told(ruleset)
    assert said.endswith(
        "Told to  secops, audit\n         rollout (OPS-12) suppresses mine through 2026-11-22\n"
    )
    assert "that do not match" not in said
    assert [{"rule": "mine", "suppression": "rollout", "until": "2026-11-22"}] == in_json(ruleset)[
        "suppressed"
    ]


def test_custom_rules_and_suppressions_that_stayed_silent_are_told_with_what_failed_first() -> None:
    other = {**PLANNED, "match": {"eventName": ["CreateThing"]}}
    said = told(
        make_ruleset(custom_rules=[MINE], suppressions=[other]), requestParameters={"newStatus": "REVOKED"}
    )
    assert (
        "Custom rules that do not match\n"
        '  - mine                      requestParameters.newStatus does not match ["ACTIVE"]: it is'
        ' "REVOKED"\n'
    ) in said
    assert (
        "Suppressions that do not match\n"
        '  - rollout                   eventName does not match ["CreateThing"]: it is'
        ' "UpdateCertificate"\n'
    ) in said


def test_a_finding_that_no_route_takes_says_so() -> None:
    assert told(make_ruleset(routes=[])).endswith("Told to  nobody: no route takes it\n")


def test_a_custom_rule_on_an_operation_that_is_off_is_explained_without_circumstances() -> None:
    said = told(make_ruleset({**UPDATE_CERTIFICATE, "off": True}, custom_rules=[MINE]))
    assert "Rule mine" in said
    assert "Circumstances" not in said


def test_circumstances_that_nobody_looked_at_are_not_said_to_fail() -> None:
    ruleset = make_ruleset({**UPDATE_CERTIFICATE, "off": True}, custom_rules=[MINE])
    assert [] == in_json(ruleset, errorCode="AccessDenied")["circumstances"]


def test_machines_read_what_nearly_matched() -> None:
    never = {**MINE, "name": "never", "match": {"errorCode": ["Throttled"]}}
    other = {**PLANNED, "match": {"finding": {"rule": ["mine"], "severity": ["low"]}}}
    found = in_json(make_ruleset(custom_rules=[never], suppressions=[other]))["near_misses"]
    assert [
        ("rule", "never", 'errorCode does not match ["Throttled"]: it is absent'),
        ("suppression", "rollout", 'finding.rule does not match ["mine"]: it is "iot:UpdateCertificate"'),
    ] == [(each["kind"], each["name"], each["why"]) for each in found]


def test_a_suppression_is_held_against_one_verdict_and_not_against_all_together() -> None:
    both = {**PLANNED, "match": {"finding": {"rule": ["mine"], "severity": ["high"]}}}
    (missed,) = in_json(make_ruleset(custom_rules=[MINE], suppressions=[both]))["near_misses"]
    assert 'finding.rule does not match ["mine"]: it is "iot:UpdateCertificate"' == missed["why"]
