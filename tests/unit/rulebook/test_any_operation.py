"""Judgements on any operation: the shipped ones, and how an unsound file is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from handlers.core.judgement import Finding, judge_event
from handlers.core.record import parse_event
from handlers.core.ruleset import Ruleset
from handlers.core.severity import Severity
from rulebook.any_operation import load_any_operation
from rulebook.compile import compile_file
from rulebook.faults import CatalogError
from tests.support.catalog import CATALOG
from tests.support.records import ACCOUNT, make_event

ROOT = Path(__file__).parents[3]
THEIRS = "arn:aws:iot:eu-west-1:999999999999:cert/x"
USER = {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/bob", "accountId": ACCOUNT, "userName": "bob"}
NO_MFA = {"attributes": {"mfaAuthenticated": "false"}}
QUIET = {"operation": "CreateThing", "requestParameters": {"thingName": "pump"}}


@pytest.fixture(scope="module")
def ruleset() -> Ruleset:
    return compile_file(ROOT / "config" / "alerts.yaml", CATALOG)


def find(ruleset: Ruleset, **record: Any) -> Finding:
    parsed = parse_event(make_event(**record))
    finding = judge_event(parsed, ruleset).finding
    assert finding is not None
    return finding


@pytest.mark.parametrize(
    ("record", "name", "expected"),
    [
        ({**QUIET, "userIdentity": {"type": "Root", "accountId": ACCOUNT}}, "root-user", Severity.HIGH),
        (
            {**QUIET, "userIdentity": {**USER, "sessionContext": NO_MFA}, "userAgent": "Mozilla/5.0"},
            "console-without-mfa",
            Severity.MEDIUM,
        ),
        ({**QUIET, "requestParameters": {"principal": THEIRS}}, "another-account", Severity.HIGH),
        (
            {**QUIET, "userIdentity": {"type": "AWSAccount", "accountId": "999999999999"}},
            "caller-of-another-account",
            Severity.MEDIUM,
        ),
        ({**QUIET, "requestParameters": {"omitted": "true"}}, "omitted-parameters", Severity.MEDIUM),
        ({**QUIET, "errorCode": "AccessDeniedException"}, "denied-call", Severity.LOW),
        (
            {"operation": "RegisterCACertificate", "errorCode": "AccessDeniedException"},
            "denied-call",
            Severity.MEDIUM,
        ),
        (
            {"operation": "RegisterCACertificate", "errorCode": "LimitExceededException"},
            "failed-call",
            Severity.MEDIUM,
        ),
        (
            {
                "operation": "RegisterCertificate",
                "requestParameters": {"status": "ACTIVE"},
                "userIdentity": {"type": "Unknown"},
            },
            "device-registration",
            Severity.INFORMATIONAL,
        ),
    ],
)
def test_each_circumstance_moves_the_severity_of_a_call_made_for_it(
    ruleset: Ruleset, record: dict[str, Any], name: str, expected: Severity
) -> None:
    finding = find(ruleset, **record)
    assert (expected, [name]) == (finding.severity, [each.name for each in finding.circumstances])


def test_no_circumstance_holds_for_ordinary_work(ruleset: Ruleset) -> None:
    finding = find(ruleset, **QUIET)
    assert (Severity.INFORMATIONAL, ()) == (finding.severity, finding.circumstances)


@pytest.mark.parametrize(
    "identity",
    [
        {**USER, "sessionContext": {"attributes": {"mfaAuthenticated": "true"}}},
        {"type": "AssumedRole", "accountId": ACCOUNT, "sessionContext": NO_MFA},
        USER,
    ],
)
def test_the_console_with_a_second_factor_or_without_word_of_one_is_ordinary(
    ruleset: Ruleset, identity: dict[str, Any]
) -> None:
    assert () == find(ruleset, **QUIET, userIdentity=identity, userAgent="Mozilla/5.0").circumstances


def test_root_is_held_down_to_medium_when_the_call_was_denied(ruleset: Ruleset) -> None:
    record = {**QUIET, "userIdentity": {"type": "Root", "accountId": ACCOUNT}, "errorCode": "AccessDenied"}
    assert Severity.MEDIUM == find(ruleset, **record).severity


def test_an_operation_that_the_catalog_does_not_know_is_low(ruleset: Ruleset) -> None:
    finding = find(ruleset, operation="LaunchRocket", requestParameters=None)
    assert (Severity.LOW, "uncatalogued-operation") == (finding.severity, finding.rule.name)


def test_every_circumstance_looks_at_facts_alone() -> None:
    patterns = [each.when for each in load_any_operation().circumstances.values()]
    assert [{"facts"}] * len(patterns) == [set(pattern) for pattern in patterns]


SOUND = """\
circumstances:
  root-user:
    when: {facts: {actor: {kind: [root]}}}
    at_least: high
    why: root
uncatalogued: {category: x, severity: low, subject: null, shown: [], why: y}
reads: {category: x, severity: low, subject: null, shown: [], why: z}
"""


@pytest.mark.parametrize(
    ("written", "instead", "expected"),
    [
        ("at_least: high", "at_least: loud", "4:15: circumstances.root-user.at_least:"),
        ("    at_least: high\n", "", "3:5: circumstances.root-user: changes nothing;"),
        (
            "at_least: high",
            "at_least: high\n    at_most: low",
            "4:15: circumstances.root-user.at_least: is above",
        ),
        ("root-user", "Root", "2:3: circumstances.Root: write the name in small letters and hyphens"),
        (
            "kind: [root]",
            "kind: root",
            "3:34: circumstances.root-user.when.facts.actor.kind: write the allowed",
        ),
        ("why: y", "wy: y", "6:15: uncatalogued.why: is missing"),
    ],
)
def test_an_unsound_file_is_told_at_its_place(
    tmp_path: Path, written: str, instead: str, expected: str
) -> None:
    path = tmp_path / "any.yaml"
    path.write_text(SOUND.replace(written, instead), encoding="utf-8")
    with pytest.raises(CatalogError) as caught:
        load_any_operation(path)
    assert expected in str(caught.value)


def test_a_sound_file_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "any.yaml"
    path.write_text(SOUND, encoding="utf-8")
    assert ["root-user"] == list(load_any_operation(path).circumstances)
