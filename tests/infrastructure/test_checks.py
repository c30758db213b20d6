"""cdk-nag: it really looks, and what we accept has a reason."""

import re
from pathlib import Path

import aws_cdk
import pytest
from aws_cdk import aws_sqs as sqs

from app import build_app
from cdk import checks
from tests.infrastructure.conftest import CONFIG


def test_a_finding_fails_the_synth(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(checks, "ACCEPTED", ())
    app = aws_cdk.App(outdir=str(tmp_path))
    stack = aws_cdk.Stack(app, "Bad")
    sqs.Queue(stack, "Open")
    checks.add_checks(app, stack)
    with pytest.raises(RuntimeError, match="AwsSolutions-SQS4"):
        app.synth()


def test_each_accepted_finding_is_still_found_and_no_other(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    accepted = {(entry.rule, f"Thingwatch/{path}") for entry in checks.ACCEPTED for path in entry.at}
    monkeypatch.setattr(checks, "ACCEPTED", ())
    with pytest.raises(RuntimeError) as caught:
        build_app(config=CONFIG, outdir=tmp_path).synth()
    found = set()
    for place, rule in re.findall(
        r"(Thingwatch/\S+) aws-cdk-lib\S*\n\s+Acknowledge with '([^']+)'", str(caught.value)
    ):
        found |= {(rule, path) for _, path in accepted if place.startswith(f"{path}/")} or {(rule, place)}
    assert accepted == found


@pytest.mark.parametrize("accepted", checks.ACCEPTED, ids=lambda accepted: accepted.rule)
def test_each_accepted_finding_has_a_reason_in_a_sentence(accepted: checks.Accepted) -> None:
    assert len(accepted.reason.split()) >= 8
    assert accepted.reason.endswith(".")
