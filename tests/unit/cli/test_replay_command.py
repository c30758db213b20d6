"""The command `thingwatch replay`: what it prints, and its exit codes."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.support.command import refused, run, write
from tests.support.records import make_event


def mint(number: int, **fields: Any) -> dict[str, Any]:
    """A certificate made so many seconds after nine."""
    time = f"2026-11-22T09:{number // 60:02}:{number % 60:02}Z"
    fields = {"eventTime": time, "eventID": f"mint-{number}", **fields}
    detail: dict[str, Any] = make_event("CreateKeysAndCertificate", **fields)["detail"]
    return detail


def test_a_replay_prints_a_line_of_json_for_each_alert_and_then_the_totals(tmp_path: Path) -> None:
    log = tmp_path / "log.json.gz"
    log.write_bytes(gzip.compress(json.dumps({"Records": [mint(number) for number in range(12)]}).encode()))
    *alerts, totals = [json.loads(line) for line in run("replay", log, "--json").splitlines()]
    assert [("alert", 1), ("windowed", 10), ("rollup", 11)] == [
        (each["kind"], each["count"]) for each in alerts
    ]
    assert "certificate-burst" == alerts[1]["rule"]
    expected = {
        "kind": "totals",
        "read": 12,
        "judged": 12,
        "other_services": 0,
        "read_only": 0,
        "unreadable": 0,
        "repeated": 0,
        "told": 1,
        "held": 11,
        "suppressed": 0,
        "muted": 0,
        "below_routes": 0,
        "windowed": 1,
        "windowed_told": 1,
        "windowed_held": 0,
        "windowed_muted": 0,
        "windowed_to_nobody": 0,
        "rollups": 1,
    }
    assert list(expected.items()) == list(totals.items())


def test_a_replay_is_read_by_people_too(tmp_path: Path) -> None:
    log = write(tmp_path, "log.jsonl", f"{json.dumps(mint(0))}\n{json.dumps(mint(0))}\n")
    expected = """\
2026-11-22 09:00:00  Medium: Certificate and key created, by fleet-admin → audit

2 records read
        1  judged: 1 told
        1  repeated
"""
    assert expected == run("replay", log)


def test_a_replay_may_come_on_standard_input() -> None:
    said = run("replay", "-", stdin=json.dumps(mint(0, eventSource="s3.amazonaws.com")))
    assert said.startswith("1 record read\n        0  judged: 0 told\n")


@pytest.mark.parametrize(
    ("threshold", "windowed"),
    [
        ("{at_least: 3}", [["a"]]),
        ("{at_least: 3, within: 10s}", [["a"]]),
        ("{at_least: 12}", []),
        ("{at_least: 3, notify: false}", [[]]),
        ('"off"', []),
    ],
)
def test_thresholds_of_the_operators_config_are_replayed(
    tmp_path: Path, threshold: str, windowed: list[list[str]]
) -> None:
    log = write(tmp_path, "log.json", {"Records": [mint(4 * number) for number in range(3)]})
    text = (
        f"version: 1\ndestinations: {{a: {{sns: create}}}}\nthresholds: {{certificate-burst: {threshold}}}\n"
    )
    config = write(tmp_path, "alerts.yaml", text)
    lines = [json.loads(line) for line in run("replay", log, "--json", "--config", config).splitlines()]
    assert windowed == [each["destinations"] for each in lines if each["kind"] == "windowed"]


def test_what_is_unreadable_is_told_with_an_example_and_does_not_stop_a_replay(tmp_path: Path) -> None:
    text = "\n".join([json.dumps(mint(0)), "{", '{"eventName": "X"}', '{"eventName": "Y"}'])
    log = write(tmp_path, "log.jsonl", text)
    result = CliRunner().invoke(app, ["replay", str(log), "--json"])
    totals = json.loads(result.stdout.splitlines()[-1])
    assert (0, 4, 1, 3) == (result.exit_code, totals["read"], totals["judged"], totals["unreadable"])
    expected = f"""\
{log}: record 2 is not JSON: Expecting property name enclosed in double quotes
{log}: record 3 is no CloudTrail record: no account: recipientAccountId is missing (and 1 more like it)
"""
    assert expected == result.stderr


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"{", ":1:2: is not JSON: Expecting property name enclosed in double quotes\n"),
        (b"\x1f\x8b", ": is damaged, or was not compressed with gzip\n"),
        (b"[" * 100_000, ": is nested too deeply, or holds a number that JSON does not have\n"),
    ],
)
def test_a_file_that_can_not_be_replayed_is_told_in_one_line(
    tmp_path: Path, data: bytes, expected: str
) -> None:
    log = tmp_path / "log.json"
    log.write_bytes(data)
    assert f"{log}{expected}" == refused("replay", log)


def test_a_replay_with_a_broken_config_or_without_a_file_is_told(tmp_path: Path) -> None:
    config = write(tmp_path, "alerts.yaml", "version: 2\n")
    log = write(tmp_path, "log.json", mint(0))
    assert f"{config}:1:10: version: must be the number 1" in refused("replay", log, "--config", config)
    assert "absent.json: can not be read: No such file or directory\n" == refused("replay", "absent.json")


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_reader_that_stops_reading_is_no_fault(tmp_path: Path, options: list[str]) -> None:
    log = write(tmp_path, "log.json", {"Records": [mint(number) for number in range(2000)]})
    command = [str(Path(sys.executable).with_name("thingwatch")), "replay", str(log), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert "medium" in process.stdout.readline().lower()
        process.stdout.close()
        assert "" == process.stderr.read()
