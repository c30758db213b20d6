"""The real CDK CLI, pointed at the embedded AWS."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from local.aws import ACCOUNT, REGION, EmbeddedAws

_ROOT = Path(__file__).parent.parent
_CDK = _ROOT / "node_modules" / ".bin" / "cdk"


class CdkFailed(Exception):
    """A CDK command failed; the message holds what it printed."""


def run_cdk(*arguments: str, environment: Mapping[str, str]) -> str:
    """Run `cdk` in the checkout and return what it printed. Raises `CdkFailed`."""
    done = subprocess.run(
        (str(_CDK), *arguments, "--no-notices", "--no-color"),
        cwd=_ROOT,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise CdkFailed(f"cdk {arguments[0]} failed ({done.returncode}):\n{done.stdout}")
    return done.stdout


def deploy(
    aws: EmbeddedAws, *, config: Path, folder: Path, tell: Callable[[str], None] = lambda _: None
) -> dict[str, str]:
    """Synthesize, bootstrap and deploy the stack; its outputs by name.

    `folder` takes the cloud assembly and the outputs; `tell` hears of each step.
    """
    environment = aws.environment()
    assembly = folder / "cdk.out"
    outputs = folder / "outputs.json"
    tell("cdk synth: compile the config, bundle the functions, check the template with cdk-nag")
    run_cdk(
        "synth",
        "--quiet",
        "--output",
        str(assembly),
        "--context",
        f"config={config}",
        environment=environment,
    )
    tell("cdk bootstrap")
    run_cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}", "--app", str(assembly), environment=environment)
    tell("cdk deploy")
    run_cdk(
        *("deploy", "--all", "--app", str(assembly), "--require-approval", "never"),
        *("--progress", "events", "--outputs-file", str(outputs)),
        environment=environment,
    )
    found: dict[str, str] = json.loads(outputs.read_text())["Thingwatch"]
    return found
