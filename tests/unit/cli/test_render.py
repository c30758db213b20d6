"""`thingwatch render`: what would be sent, without sending it."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app

ROOT = Path(__file__).parents[3]
EVERYTHING = ROOT / "tests" / "events" / "policy-allows-everything.json"
NIGHT = ROOT / "tests" / "histories" / "night.jsonl"
HEADLINE = "Policy allow-everything allows everything, by bob"


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["render", *map(str, arguments)])
    assert (0, "") == (result.exit_code, result.stderr)
    return result.stdout


def test_slack_gets_blocks_and_a_text_that_is_the_headline_alone() -> None:
    message: dict[str, Any] = json.loads(run(EVERYTHING))
    assert f"🚨 {HEADLINE}" == message["text"] == message["blocks"][0]["text"]["text"]


def test_an_email_is_a_subject_and_the_text() -> None:
    text = run(EVERYTHING, "--as", "text")
    assert text.startswith(f"Critical: {HEADLINE}\niot:CreatePolicy, alert ")
    assert f"Subject: Critical: {HEADLINE}\n\n{text}" == run(EVERYTHING, "--as", "email")


def test_machines_and_amazon_q_get_json_of_their_own() -> None:
    assert (2004, HEADLINE) == tuple(
        json.loads(run(EVERYTHING, "--as", "json"))[name] for name in ("class_uid", "message")
    )
    assert "custom" == json.loads(run(EVERYTHING, "--as", "amazon-q"))["source"]


def test_a_page_shows_the_slack_message() -> None:
    page = run(EVERYTHING, "--as", "html")
    assert page.startswith("<!doctype html>")
    assert f"<h2>🚨 {HEADLINE}</h2>" in page


@pytest.mark.parametrize(
    ("kind", "headline"),
    [
        ("windowed", "High: 10 certificates created within 5 minutes, by build-server"),
        ("rollup", "High: Active certificate and key created, by build-server: 9 more"),
    ],
)
def test_a_file_of_events_makes_a_windowed_alert_and_a_rollup(kind: str, headline: str) -> None:
    assert headline == run(NIGHT, "--kind", kind, "--as", "text").splitlines()[0]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([ROOT / "tests/events/things-listed.json"], 1, "no finding: the operation only reads\n"),
        ([EVERYTHING, "--kind", "rollup"], 1, "these events make no rollup: none is held back\n"),
        ([EVERYTHING, "--kind", "windowed"], 1, "these events complete no rule over time\n"),
        (
            [NIGHT, "--kind", "rollup", "--number", "1"],
            2,
            "--id and --number choose one event; a rule over time and a rollup are made of all\n",
        ),
        (["absent.json"], 2, "absent.json: can not be read: No such file or directory\n"),
    ],
)
def test_what_can_not_be_rendered_is_told_in_one_line(arguments: list[object], code: int, said: str) -> None:
    result = CliRunner().invoke(app, ["render", *map(str, arguments)])
    assert (code, "", said) == (result.exit_code, result.stdout, result.stderr)
