"""The real CDK CLI, as a user meets it."""

from pathlib import Path

import pytest

from local.cdk_cli import CdkFailed, run_cdk
from tests.e2e.conftest import CONFIG, World


def test_deploying_again_changes_nothing(deployed: World, tmp_path: Path) -> None:
    said = run_cdk(
        *("deploy", "--all", "--require-approval", "never", "--output", str(tmp_path)),
        *("--context", f"config={CONFIG}"),
        environment=deployed.aws.environment(),
    )
    assert "(no changes)" in said


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
