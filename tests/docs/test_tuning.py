"""docs/tuning.md is true: its examples are sound and do what the words around them say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from handlers.core.judgement import judge_event
from handlers.core.record import parse_event
from rulebook.any_operation import load_any_operation
from rulebook.compile import compile_ruleset
from rulebook.config import Config, check_source
from rulebook.facts_table import PAGE, render_page
from rulebook.source import parse_source
from tests.support.aws_commands import faults_of
from tests.support.catalog import CATALOG
from tests.support.documents import blocks
from tests.support.records import ACCOUNT, make_event

TEXT = PAGE.read_text(encoding="utf-8")
BASE = "version: 1\ndestinations: {audit: {sns: create}}\n"


SECTIONS = re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
EXAMPLES = [(heading, block) for heading, part in SECTIONS for block in blocks(part, "yaml")]
COMMANDS = [line for block in blocks(TEXT, "sh") for line in block.splitlines() if line.startswith("aws ")]


def config_of(heading: str) -> Config:
    """The config that the examples below a heading make, one after the other."""
    (example, *_) = [block for name, block in EXAMPLES if name == heading]
    base = "version: 1\n" if "destinations:" in example else BASE
    return check_source(parse_source(base + example, "alerts.yaml"), CATALOG).require()


@pytest.mark.parametrize(("heading", "example"), EXAMPLES)
def test_every_example_is_sound(heading: str, example: str) -> None:
    assert heading
    base = "version: 1\n" if "destinations:" in example else BASE
    checked = check_source(parse_source(base + example, "alerts.yaml"), CATALOG)
    assert ((), ()) == (checked.faults, checked.warnings)


def test_the_questions_that_people_have_are_answered_by_example() -> None:
    assert {
        "Change a severity",
        "Add a rule",
        "Quiet a role",
        "Add a channel",
        "Send only critical to a pager",
        "Watch reads too",
    } <= {heading for heading, _ in EXAMPLES}


WIDE = '{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
LINE = {
    "type": "Role",
    "accountId": ACCOUNT,
    "arn": f"arn:aws:iam::{ACCOUNT}:role/factory/line-3",
}
ROBOT = {"type": "IAMUser", "accountId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:user/robot"}
IN_CONSOLE = {"operation": "CreateThing", "sessionCredentialFromConsole": "true"}
REVOKED = {"requestParameters": {"newStatus": "REVOKED"}}
DENIED_READ = {"operation": "ListThings", "requestParameters": None, "errorCode": "AccessDenied"}
POLICY = {"operation": "CreatePolicy", "requestParameters": {"policyName": "p", "policyDocument": WIDE}}


@pytest.mark.parametrize(
    ("heading", "record", "severity", "told"),
    [
        ("Change a severity", {"operation": "DeletePolicyVersion"}, "informational", []),
        ("Change a severity", {"operation": "AttachThingPrincipal"}, None, []),
        (
            "Add a rule",
            {"operation": "CreateThing", "sessionCredentialFromConsole": "true"},
            "high",
            ["audit"],
        ),
        ("Add a rule", {"operation": "CreateThing"}, "informational", []),
        ("Add a rule", {"operation": "CreateJob"}, "high", ["audit"]),
        ("Add a rule", {"operation": "CreateJob", "userIdentity": ROBOT}, "critical", ["audit"]),
        ("Quiet a role", {"userIdentity": LINE}, "low", ["audit"]),
        ("Quiet a role", {}, "high", ["audit"]),
        ("Quiet a role", {**POLICY, "userIdentity": LINE}, "critical", ["audit"]),
        ("Add a channel", {}, "high", ["archive", "audit", "pki", "secops"]),
        (
            "Add a channel",
            {"requestParameters": {"newStatus": "REVOKED"}},
            "medium",
            ["archive", "audit", "pki"],
        ),
        ("Send only critical to a pager", {}, "high", ["team"]),
        ("Send only critical to a pager", POLICY, "critical", ["pager", "team"]),
        ("Watch reads too", {"operation": "ListThings"}, "informational", []),
        ("Watch reads too", DENIED_READ, "medium", ["audit"]),
    ],
)
def test_each_example_does_what_it_says(
    heading: str, record: dict[str, Any], severity: str | None, told: list[str]
) -> None:
    ruleset = compile_ruleset(config_of(heading), CATALOG, load_any_operation())
    finding = judge_event(parse_event(make_event(**record)), ruleset).finding
    assert (severity, told) == (
        finding.severity.value if finding else None,
        sorted(finding.destinations) if finding else [],
    )


@pytest.mark.parametrize("shown", blocks(TEXT, "console"))
def test_what_a_command_prints_is_shown_as_it_is(shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    command, _, printed = shown.partition("\n")
    said = CliRunner().invoke(app, command.removeprefix("$ thingwatch ").split())
    assert (0, printed) == (said.exit_code, said.stdout)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_aws_command_is_one_that_the_aws_cli_has(command: str) -> None:
    assert [] == faults_of(command)


def test_the_table_of_facts_is_the_one_that_the_vocabulary_gives() -> None:
    assert render_page(TEXT) == TEXT
