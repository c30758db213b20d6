"""The command `thingwatch`: what it prints, and its exit codes."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from cli.event_files import read_record
from cli.explain import event_data, explain_event
from cli.explain_text import render_event
from cli.main import app
from cli.operations import entry_data, render_entry
from rulebook.any_operation import load_any_operation
from rulebook.compile import compile_ruleset
from rulebook.config import load_config
from rulebook.windowed_rules import load_windowed_rules
from tests.support.catalog import CATALOG
from tests.support.command import refused, run, write
from tests.support.records import make_event

ROOT = Path(__file__).parents[3]
EVENTS = sorted((ROOT / "tests" / "events").glob("*.json"))
# The command takes half a second to load these each time.
CONFIG = load_config(ROOT / "config" / "alerts.yaml", CATALOG)
RULESET = compile_ruleset(CONFIG, CATALOG, load_any_operation())


def test_an_operation_is_explained_readably() -> None:
    said = run("explain", "iot:UpdateCertificate")
    entry = CATALOG["iot:UpdateCertificate"]
    assert said.startswith(f"iot:UpdateCertificate: {entry.severity.value}\n")
    for part in ("Worse", "newStatus", "What to do", "ATT&CK", "T1098.001"):
        assert part in said
    assert [] == [line for line in said.splitlines() if len(line) > 100 and " " in line.strip()]


def test_every_operation_of_the_catalog_is_explained_as_json_lines() -> None:
    lines = [json.loads(line) for line in run("explain", "--all", "--json").splitlines()]
    lines = [line for line in lines if line["operation"] is not None]
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
    entry = CATALOG[operation]
    assert render_entry(operation, entry).startswith(f"{operation}: {entry.severity.value}\n")
    assert entry.severity.value == json.loads(json.dumps(entry_data(operation, entry)))["severity"]


def test_the_whole_catalog_is_listed_by_category() -> None:
    said = run("explain", "--all")
    operations, _, rules = said.partition("rules over time\n")
    assert "\ncertificate\n" in operations
    assert set(CATALOG) == {line.split()[0] for line in operations.splitlines() if line.startswith("  ")}
    named = {line.split()[0] for line in rules.splitlines() if not line.startswith(" " * 3)}
    assert set(load_windowed_rules()) == named


def test_every_rule_over_time_has_its_line_of_json_with_all_keys_of_an_operation() -> None:
    lines = [json.loads(line) for line in run("explain", "--all", "--json").splitlines()]
    rules = [line for line in lines if line["operation"] is None]
    assert list(load_windowed_rules()) == [line["rule"] for line in rules]
    assert [] == [line["rule"] for line in rules if not set(lines[0]) <= set(line)]


def test_a_rule_over_time_is_explained_to_people_and_to_machines() -> None:
    assert run("explain", "certificate-burst").startswith("certificate-burst: high\n")
    line = run("explain", "certificate-burst", "--json")
    assert line in run("explain", "--all", "--json").splitlines(keepends=True)


TUNED = """\
version: 1
destinations: {a: {sns: create}}
thresholds: {certificate-burst: {at_least: 3, within: 1h}}
rules:
  - name: mine
    match: {eventName: [DeleteThing]}
    event_count: {at_least: 2, within: 90s}
    severity: low
    why: because
"""


def test_a_rule_over_time_is_explained_as_the_operators_config_has_it(tmp_path: Path) -> None:
    config = write(tmp_path, "alerts.yaml", TUNED)
    for name, expected in (("certificate-burst", (3, "1h")), ("mine", (2, "90s"))):
        data = json.loads(run("explain", name, "--json", "--config", config))
        assert expected == (data["at_least"], data["within"])


def test_an_operation_as_json_is_its_line_of_the_catalog() -> None:
    line = run("explain", "iot:CreatePolicy", "--json")
    assert line in run("explain", "--all", "--json").splitlines(keepends=True)


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (
            ["iot:UpdatCertificate"],
            2,
            'the catalog knows no such operation; did you mean "iot:UpdateCertificate"?\n',
        ),
        (["iot:GetPolicy"], 1, "iot:GetPolicy only reads: Thingwatch says nothing of it\n"),
        (
            ["certificate-brust"],
            2,
            'the catalog knows no such operation; did you mean "certificate-burst"?\n',
        ),
        (["s3:GetObject"], 2, "the catalog knows no such operation\n"),
        (["nonsense"], 2, "the catalog knows no such operation\n"),
        ([], 2, "give an operation, a file with an event, or --all\n"),
        (["iot:CreatePolicy", "--all"], 2, "give an operation, a file with an event, or --all\n"),
        (
            ["iot:CreatePolicy", "--config", "alerts.yaml"],
            2,
            "--config is for judging an event; an operation is explained from the catalog\n",
        ),
        (
            ["--all", "--config", "alerts.yaml"],
            2,
            "--config is for judging an event; an operation is explained from the catalog\n",
        ),
        (["absent.json"], 2, "absent.json: can not be read: No such file or directory\n"),
        (["absent/event"], 2, "absent/event: can not be read: No such file or directory\n"),
    ],
)
def test_what_can_not_be_explained_is_told_in_one_line(
    arguments: list[str], code: int, expected: str
) -> None:
    assert expected == refused("explain", *arguments, code=code)


def test_a_file_of_any_name_is_an_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "event", "{}")
    assert refused("explain", "event").startswith("event: holds no CloudTrail record in a form")


def test_a_deeply_nested_event_is_judged(tmp_path: Path) -> None:
    deep: Any = "ACTIVE"
    for _ in range(600):
        deep = {"x": deep}
    event = write(tmp_path, "event.json", make_event(requestParameters={"newStatus": deep}))
    assert "medium" == json.loads(run("explain", event, "--json"))["severity"]
    assert "Severity medium\n" in run("explain", event)


def test_an_option_that_does_not_exist_is_told_and_not_a_traceback() -> None:
    said = refused("explain", "--nonsense")
    assert ("No such option" in said, "Traceback" in said) == (True, False)


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
    explained = explain_event(read_record(event), RULESET)
    data = event_data(explained)
    assert JUDGED[event.stem] == (data["severity"], data["rule"])
    assert {"severity", "rule", "reasons", "facts", "escalations"} <= set(data)
    assert [] == [
        each for each in data["escalations"] if each["fired"] and each["why"] not in data["reasons"]
    ]
    said = render_event(explained)
    assert (f"Severity {data['severity']}\n" in said) == (data["severity"] is not None)
    assert [] == [line for line in said.splitlines() if not line.isprintable()]


def test_every_event_of_the_folder_is_in_the_table_and_the_other_way_round() -> None:
    assert sorted(JUDGED) == [path.stem for path in EVENTS]


def test_one_record_of_a_log_file_is_explained_by_its_number_or_its_event_id(tmp_path: Path) -> None:
    records = [make_event(eventID=each, eventName=each)["detail"] for each in ("CreateThing", "DeleteThing")]
    log = tmp_path / "log.json.gz"
    log.write_bytes(gzip.compress(json.dumps({"Records": records}).encode()))
    for choice in (["--number", 2], ["--id", "DeleteThing"]):
        assert "iot:DeleteThing" == json.loads(run("explain", log, "--json", *choice))["operation"]
    assert refused("explain", log).startswith(
        f"{log}: holds 2 records, 2 of AWS IoT; choose one with --number"
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["event.json", "--id", "x", "--number", "1"], "give --id or --number, not both\n"),
        (["iot:CreateThing", "--number", "1"], "--id and --number choose an event in a file; give a file\n"),
        (["--all", "--id", "x"], "--id and --number choose an event in a file; give a file\n"),
    ],
)
def test_a_choice_without_a_file_or_two_of_them_are_refused(arguments: list[str], expected: str) -> None:
    assert expected == refused("explain", *arguments)


def test_an_event_in_a_file_is_explained_to_people_and_to_machines() -> None:
    event = next(path for path in EVENTS if path.stem == "certificate-activated")
    explained = explain_event(read_record(event), RULESET)
    assert render_event(explained) == run("explain", event)
    assert json.dumps(event_data(explained)) + "\n" == run("explain", event, "--json")


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
    assert f"{config}:1:10: version: must be the number 1" in refused("explain", event, "--config", config)


@pytest.mark.parametrize(
    ("operation", "code", "expected"), [("UpdateCertificate", 0, "true"), ("DeleteCertificate", 1, "false")]
)
def test_a_pattern_matches_or_does_not(tmp_path: Path, operation: str, code: int, expected: str) -> None:
    pattern = write(tmp_path, "pattern.json", {"detail": {"eventName": [operation]}})
    event = write(tmp_path, "event.json", make_event())
    given = ("match", "--pattern", pattern, "--event", event)
    assert f"{expected}\n" == run(*given, code=code)
    assert f'{{"matches": {expected}}}\n' == run(*given, "--json", code=code)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"detail": {"eventName": "x"}}, "detail.eventName: write the allowed values as a list"),
        ("[", "1:2: is not JSON"),
    ],
)
def test_a_pattern_at_fault_is_told_with_its_place(tmp_path: Path, pattern: Any, expected: str) -> None:
    given = write(tmp_path, "pattern.json", pattern)
    event = write(tmp_path, "event.json", make_event())
    said = refused("match", "--pattern", given, "--event", event)
    assert said.startswith(f"{given}:")
    assert expected in said


def test_an_event_to_match_is_an_object(tmp_path: Path) -> None:
    pattern, event = write(tmp_path, "p.json", {"a": [1]}), write(tmp_path, "e.json", [1])
    assert f"{event}: an event is a JSON object\n" == refused("match", "--pattern", pattern, "--event", event)


def test_only_one_file_to_match_may_be_standard_input() -> None:
    assert "only one of --pattern and --event may be standard input\n" == refused(
        "match", "--pattern", "-", "--event", "-"
    )


def test_every_command_has_help_with_an_example() -> None:
    names = [
        command.name or command.callback.__name__ for command in app.registered_commands if command.callback
    ]
    assert [
        "check",
        "init",
        "explain",
        "replay",
        "render",
        "match",
        "mute",
        "mutes",
        "unmute",
        "doctor",
        "redrive",
    ] == names
    for name in names:
        assert f"thingwatch {name}" in run(name, "--help").partition("Example")[2]
