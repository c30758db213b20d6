"""Grace is a setting of the stack: the context key `grace`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def synthesize(grace: str, folder: Path) -> tuple[int, str]:
    """Run the app as the CDK CLI does; its exit code and what it says."""
    # The CLI hands context to the app in this variable.
    environment = {"CDK_CONTEXT_JSON": json.dumps({"grace": grace}), "CDK_OUTDIR": str(folder)}
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


def test_detect_and_the_operators_commands_know_the_grace(tmp_path: Path) -> None:
    code, said = synthesize("90s", tmp_path)
    assert 0 == code, said
    template = json.loads((tmp_path / "Thingwatch.template.json").read_text())
    (variables,) = (
        each["Properties"]["Environment"]["Variables"]
        for each in template["Resources"].values()
        if each.get("Properties", {}).get("Handler") == "handlers.detect.handler"
    )
    assert ("90", "90") == (variables["GRACE_SECONDS"], template["Outputs"]["GraceSeconds"]["Value"])


@pytest.mark.parametrize(
    ("grace", "said"),
    [
        ("0s", "the context key `grace`: grace is from 1s to 1h"),
        ("2h", "the context key `grace`: grace is from 1s to 1h"),
        ("90", "the context key `grace`: write a number and its unit (s, m, h or d), such as 90s or 10m"),
    ],
)
def test_a_grace_that_is_none_stops_the_synth_with_what_to_write(
    grace: str, said: str, tmp_path: Path
) -> None:
    code, told = synthesize(grace, tmp_path)
    # Before it, jsii may have its say of Node.
    assert (1, said) == (code, told.splitlines()[-1])
