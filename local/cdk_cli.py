"""The real CDK CLI, pointed at the embedded AWS."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from local.aws import ACCOUNT, REGION, EmbeddedAws

_ROOT = Path(__file__).parent.parent
_CDK = _ROOT / "node_modules" / ".bin" / "cdk"
_PATIENCE_SECONDS = 300


class CdkFailed(Exception):
    """A CDK command failed; the message holds what it printed."""


def run_cdk(*arguments: str, environment: Mapping[str, str]) -> str:
    """Run `cdk` in the checkout and return what it printed. Raises `CdkFailed`.

    `cdk` and all that it starts end with this call, however it ends.
    """
    process = subprocess.Popen(
        (str(_CDK), *arguments, "--no-notices", "--no-color"),
        cwd=_ROOT,
        # jsii unpacks its runtime there, else into the home folder.
        env={**environment, "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(_ROOT / "build" / "jsii")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        raise CdkFailed(f"cdk {arguments[0]} did not end within {_PATIENCE_SECONDS} s") from None
    finally:
        # On macOS a group of which only zombies are left answers PermissionError.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.returncode != 0:
        raise CdkFailed(f"cdk {arguments[0]} failed ({process.returncode}):\n{said}")
    return said


def deploy(
    aws: EmbeddedAws, *, config: Path, folder: Path, tell: Callable[[str], None] = lambda _: None
) -> dict[str, str]:
    """Synthesize, bootstrap and deploy the stack; its outputs by name.

    `folder` takes the cloud assembly and the outputs; `tell` hears of each step.
    """
    temporary = folder / "tmp"
    temporary.mkdir()
    # What jsii leaves in TMPDIR when it is stopped goes with the folder.
    environment = {**aws.environment(), "TMPDIR": str(temporary)}
    # A ~/.cdk.json of the user's own must not send us elsewhere. The synth keeps the home folder: pip is
    # configured there.
    homeless = {**environment, "HOME": str(temporary)}
    assembly = folder / "cdk.out"
    outputs = folder / "outputs.json"
    tell("cdk synth: compile the config, bundle the functions, check the template with cdk-nag")
    run_cdk(
        *("synth", "--quiet", "--output", str(assembly)),
        # Nobody wants to wait minutes for a rollup.
        *("--context", f"config={config}", "--context", "grace=1s", "--context", "ephemeral=true"),
        environment=environment,
    )
    tell("cdk bootstrap")
    run_cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}", "--app", str(assembly), environment=homeless)
    tell("cdk deploy")
    run_cdk(
        *("deploy", "--all", "--app", str(assembly), "--require-approval", "never"),
        *("--progress", "events", "--outputs-file", str(outputs)),
        environment=homeless,
    )
    found: dict[str, str] = json.loads(outputs.read_text())["Thingwatch"]
    return found


def delivery_queues(outputs: Mapping[str, str]) -> list[str]:
    """The URLs of the queues of all destinations."""
    return [url for name, url in outputs.items() if name.startswith("DeliveryQueueUrl")]
