"""cdk-nag: it really looks, and what we accept has a reason."""

from pathlib import Path

import aws_cdk
import pytest
from aws_cdk import aws_sqs as sqs

from cdk import checks


def test_a_finding_fails_the_synth(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(checks, "ACCEPTED", ())
    app = aws_cdk.App(outdir=str(tmp_path))
    stack = aws_cdk.Stack(app, "Bad")
    sqs.Queue(stack, "Open")
    checks.add_checks(app, stack)
    with pytest.raises(RuntimeError, match="AwsSolutions-SQS4"):
        app.synth()


@pytest.mark.parametrize("accepted", checks.ACCEPTED, ids=lambda accepted: accepted.rule)
def test_each_accepted_finding_has_a_reason_in_a_sentence(accepted: checks.Accepted) -> None:
    assert len(accepted.reason.split()) >= 8
    assert accepted.reason.endswith(".")
