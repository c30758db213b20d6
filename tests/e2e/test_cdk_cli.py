"""The real CDK CLI, as a user meets it."""

import subprocess
from pathlib import Path

import pytest

from local.aws import EmbeddedAws
from local.cdk_cli import CdkFailed, run_cdk
from tests.e2e.conftest import CONFIG, World
from tests.support.documents import blocks

ROOT = Path(__file__).parents[2]


def test_deploying_again_changes_nothing(deployed: World, tmp_path: Path) -> None:
    said = run_cdk(
        *("deploy", "--all", "--require-approval", "never", "--output", str(tmp_path)),
        *("--context", f"config={CONFIG}", "--context", "grace=1s", "--context", "ephemeral=true"),
        environment=deployed.aws.environment(),
    )
    assert "(no changes)" in said


def test_the_readmes_way_to_deploy_works_in_a_shell_as_it_stands(tmp_path: Path) -> None:
    shown = blocks((ROOT / "README.md").read_text(), "sh")
    (enter,) = [block for block in shown if "source .venv/bin/activate" in block]
    (install,) = [block for block in shown if "npx cdk bootstrap" in block]
    script = f"set -e\n{enter.replace('make setup', '')}\n{install}"
    # Nobody is there to answer whether the new roles are wanted.
    script = script.replace("npx cdk deploy", "npx cdk deploy --require-approval never")
    with EmbeddedAws(tmp_path) as aws:
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=ROOT,
            env={**aws.environment(), "CDK_OUTDIR": str(tmp_path / "cdk.out")},
            capture_output=True,
            text=True,
            check=False,
        )
        stacks = aws.client("cloudformation").describe_stacks()["Stacks"]
    assert 0 == done.returncode, done.stderr
    assert "CREATE_COMPLETE" == {each["StackName"]: each["StackStatus"] for each in stacks}["Thingwatch"]
    assert "put-parameter --type SecureString --name /thingwatch/slack/secops" in done.stdout + done.stderr


def test_a_bad_config_fails_the_synth_with_the_file_the_line_and_what_to_do(
    deployed: World, tmp_path: Path
) -> None:
    config = tmp_path / "alerts.yaml"
    config.write_text(
        "version: 1\n"
        "destinations:\n"
        "  audit: {sns: create}\n"
        "operations:\n"
        "  iot:DeletCertificate: {severity: low}\n"
        "routes:\n"
        "  - {severity: [critical, high, medium, low], to: [audt]}\n"
    )
    with pytest.raises(CdkFailed) as caught:
        run_cdk("synth", "--context", f"config={config}", environment=deployed.aws.environment())
    said = str(caught.value)
    assert (
        f"{config}:5:3: operations.iot:DeletCertificate: the catalog knows no such operation;"
        ' did you mean "iot:DeleteCertificate"?\n'
        f'{config}:7:52: routes.0.to.0: no destination has the name "audt"; known are audit;'
        ' did you mean "audit"?\n'
    ) in said
    assert "Traceback" not in said
