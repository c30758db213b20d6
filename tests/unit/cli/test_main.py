"""The command `thingwatch`: what it prints, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from handlers.core.severity import Severity
from rulebook.catalog import load_catalog
from tests.records import make_event

EVENTS = sorted((Path(__file__).parents[2] / "events").glob("*.json"))
CATALOG = load_catalog()
SEVERITIES = {severity.value for severity in Severity}


def run(*arguments: object, code: int = 0, stdin: str | None = None) -> str:
    """What the command prints; errors are on the other stream."""
    result = CliRunner().invoke(app, [str(each) for each in arguments], input=stdin)
    assert (code, None) == (result.exit_code, None if code == result.exit_code else result.output)
    return result.stdout if code == 0 else result.output


def write(folder: Path, name: str, value: Any) -> Path:
    path = folder / name
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path


def test_an_operation_is_explained_readably() -> None:
    said = run("explain", "iot:UpdateCertificate")
    entry = CATALOG["iot:UpdateCertificate"]
    assert said.startswith(f"iot:UpdateCertificate: {entry.severity.value}\n")
    for part in ("Worse", "newStatus", "What to do", "ATT&CK", "T1098.001"):
        assert part in said
    assert [] == [line for line in said.splitlines() if len(line) > 100 and " " in line.strip()]


def test_every_operation_of_the_catalog_is_explained_as_json_lines() -> None:
    lines = [json.loads(line) for line in run("explain", "--all", "--json").splitlines()]
    assert list(CATALOG) == [line["operation"] for line in lines]
    keys = {
        "operation",
        "category",
        "severity",
        "escalations",
        "subject",
        "shown",
        "why",
        "runbook",
        "attack",
    }
    assert [keys] * len(lines) == [set(line) for line in lines]


@pytest.mark.parametrize("operation", CATALOG)
def test_every_operation_can_be_explained(operation: str) -> None:
    from cli.operations import entry_data, render_entry  # noqa: PLC0415 - the runner takes half a second each

    entry = CATALOG[operation]
    assert render_entry(operation, entry).startswith(f"{operation}: {entry.severity.value}\n")
    assert entry.severity.value == json.loads(json.dumps(entry_data(operation, entry)))["severity"]


def test_the_whole_catalog_is_listed_by_category() -> None:
    said = run("explain", "--all")
    assert "\ncertificate\n" in said
    assert set(CATALOG) == {line.split()[0] for line in said.splitlines() if line.startswith("  ")}


def test_an_operation_as_json_is_its_line_of_the_catalog() -> None:
    line = run("explain", "iot:CreatePolicy", "--json")
    assert line in run("explain", "--all", "--json").splitlines(keepends=True)


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["iot:UpdatCertificate"], 2, 'knows no such operation; did you mean "iot:UpdateCertificate"?'),
        (["iot:GetPolicy"], 1, "iot:GetPolicy only reads"),
        (["nonsense"], 2, "the catalog knows no such operation"),
        ([], 2, "give an operation, a file with an event, or --all"),
        (["iot:CreatePolicy", "--all"], 2, "give an operation, a file with an event, or --all"),
        (["absent.json"], 2, "absent.json: can not be read"),
        (["--nonsense"], 2, "No such option"),
    ],
)
def test_what_can_not_be_explained_is_told_in_one_line(
    arguments: list[str], code: int, expected: str
) -> None:
    said = run("explain", *arguments, code=code)
    assert expected in said
    assert "Traceback" not in said


# (event, severity, rule); severity None where Thingwatch says nothing.
JUDGED: dict[str, tuple[str | None, str | None]] = {
    "another-service": (None, None),
    "bare-record": ("high", "iot:DeleteCertificate"),
    "certificate-activated": ("high", "iot:UpdateCertificate"),
    "certificate-revoked": ("medium", "iot:UpdateCertificate"),
    "console-without-mfa": ("medium", "iot:CreateThing"),
    "device-registers-itself": ("informational", "iot:RegisterCertificate"),
    "greengrass-deployment": ("high", "greengrass:CreateDeployment"),
    "hostile-names": ("high", "iot:AttachPolicy"),
    "log-file-of-one-record": ("critical", "iot:SetV2LoggingOptions"),
    "lookup-events": ("high", "iot:CreateKeysAndCertificate"),
    "managed-thing-command": ("informational", "iotmanagedintegrations:SendManagedThingCommand"),
    "old-documentation-form": ("medium", "iot:AttachPolicy"),
    "operation-of-tomorrow": ("low", "uncatalogued-operation"),
    "policy-allows-everything": ("critical", "iot:CreatePolicy"),
    "policy-bound-to-thing": ("medium", "iot:CreatePolicy"),
    "policy-denied": ("medium", "iot:AttachPolicy"),
    "policy-parameters-omitted": ("high", "iot:CreatePolicyVersion"),
    "root-deletes-audits": ("critical", "iot:DeleteAccountAuditConfiguration"),
    "template-gives-everything": ("critical", "iot:CreateProvisioningTemplate"),
    "thing-created": ("informational", "iot:CreateThing"),
    "things-listed": (None, None),
    "topic-rule-to-another-account": ("critical", "iot:CreateTopicRule"),
    "tunnel-opened": ("high", "iotsecuredtunneling:OpenTunnel"),
    "wireless-downlink": ("informational", "iotwireless:SendDataToWirelessDevice"),
}


@pytest.mark.parametrize("event", EVENTS, ids=lambda path: path.stem)
def test_every_event_is_judged_step_by_step(event: Path) -> None:
    data = json.loads(run("explain", event, "--json"))
    assert JUDGED[event.stem] == (data["severity"], data["rule"])
    assert {"severity", "rule", "reasons", "facts", "escalations"} <= set(data)
    assert [] == [
        each for each in data["escalations"] if each["fired"] and each["why"] not in data["reasons"]
    ]
    said = run("explain", event)
    assert (f"Severity {data['severity']}\n" in said) == (data["severity"] is not None)
    assert [] == [line for line in said.splitlines() if not line.isprintable()]


def test_every_event_of_the_folder_is_in_the_table_and_the_other_way_round() -> None:
    assert sorted(JUDGED) == [path.stem for path in EVENTS]


def test_an_event_may_come_on_standard_input() -> None:
    assert "high" == json.loads(run("explain", "-", "--json", stdin=json.dumps(make_event())))["severity"]


def test_an_event_is_judged_with_the_operators_config(tmp_path: Path) -> None:
    event = write(tmp_path, "event.json", make_event())
    config = write(
        tmp_path,
        "alerts.yaml",
        "version: 1\noperations: {iot:UpdateCertificate: {severity: off}}\n"
        "destinations: {a: {sns: create}}\n",
    )
    data = json.loads(run("explain", event, "--json", "--config", config))
    assert (None, ["the config switches this operation off"]) == (data["severity"], data["reasons"])


def test_a_broken_config_is_told_and_not_a_traceback(tmp_path: Path) -> None:
    event = write(tmp_path, "event.json", make_event())
    config = write(tmp_path, "alerts.yaml", "version: 2\n")
    assert f"{config}:1:10: version: must be the number 1" in run(
        "explain", event, "--config", config, code=2
    )


@pytest.mark.parametrize(
    ("pattern", "code", "expected"),
    [
        ({"detail": {"eventName": ["UpdateCertificate"]}}, 0, "true\n"),
        ({"detail": {"eventName": ["DeleteCertificate"]}}, 1, "false\n"),
        (
            {"detail": {"eventName": "x"}},
            2,
            "pattern.json: detail.eventName: write the allowed values as a list",
        ),
        ("[", 2, "pattern.json:1:2: is not JSON"),
    ],
)
def test_a_pattern_matches_or_does_not_or_is_at_fault(
    tmp_path: Path, pattern: Any, code: int, expected: str
) -> None:
    given = write(tmp_path, "pattern.json", pattern)
    event = write(tmp_path, "event.json", make_event())
    assert expected in run("match", "--pattern", given, "--event", event, code=code)


def test_a_match_as_json(tmp_path: Path) -> None:
    pattern, event = write(tmp_path, "p.json", {"a": [1]}), write(tmp_path, "e.json", {"a": 1})
    assert {"matches": True} == json.loads(run("match", "--pattern", pattern, "--event", event, "--json"))


def test_an_event_to_match_is_an_object(tmp_path: Path) -> None:
    pattern, event = write(tmp_path, "p.json", {"a": [1]}), write(tmp_path, "e.json", [1])
    assert "an event is a JSON object" in run("match", "--pattern", pattern, "--event", event, code=2)


def test_every_command_has_help_with_an_example() -> None:
    names = [
        command.name or command.callback.__name__ for command in app.registered_commands if command.callback
    ]
    assert ["explain", "match"] == names
    for name in names:
        assert f"thingwatch {name} " in run(name, "--help")
