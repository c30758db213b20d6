"""`make demo`: it tells what happened, and fails when an alert is missing."""

import subprocess
import sys
from pathlib import Path

from local.demo import CONFIG


def _run(*arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "local.demo", *arguments], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_the_demo_shows_every_alert_as_it_arrives_and_what_to_do_next() -> None:
    code, said = _run()
    assert 0 == code, said
    assert (16, 10) == (said.count("  SNS   after"), said.count("  Slack after"))
    assert "10 calls: 3 told at once + 7 in a rollup = 10" in said
    lines = [
        line.split(" after ")[0].strip()
        for line in said.splitlines()
        if "10 certificates created within 5 minutes, by build-server" in line
    ]
    assert ["SNS", "Slack"] == sorted(each for each in lines if each in {"SNS", "Slack"})
    assert "Medium: Certificate " in said
    assert "(and 2 more)" in said
    assert "every alert arrived, once" in said
    assert "npx cdk deploy" in said.splitlines()[-1]


def test_the_demo_fails_and_names_what_is_missing_and_what_came_unexpected(tmp_path: Path) -> None:
    config = tmp_path / "alerts.yaml"
    text = CONFIG.read_text().replace("[medium, low], to: [audit]", "[medium, low], to: [audit, secops]")
    config.write_text(f'{text}\noperations: {{iot:DetachPolicy: {{severity: "off"}}}}\n')
    code, said = _run("--config", str(config), "--deadline", "5")
    assert 1 == code, said
    assert "MISSING: iot:DetachPolicy (medium) on SNS" in said
    assert "UNEXPECTED: 7 more alerts than the story raises" in said


def test_a_config_that_is_wrong_stops_the_demo_with_its_place(tmp_path: Path) -> None:
    config = tmp_path / "alerts.yaml"
    config.write_text("version: 2\n")
    code, said = _run("--config", str(config))
    assert 1 == code
    assert f"{config}:1:10: version: must be the number 1" in said.replace("\n", "")
    assert "Traceback" not in said
