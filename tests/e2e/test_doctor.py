"""`thingwatch doctor` on a fresh stack of the embedded AWS: all is fine, and whatever breaks is found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.deployment import Place
from cli.doctor import way_out
from cli.doctor.checks import CHECKS
from local.aws import EmbeddedAws, Fault
from local.cdk_cli import deploy
from local.slack import LocalSlack
from local.waiting import wait_until
from tests.e2e.broken import BROKEN, CONFIG, Break, Fleet, nobody_reads, set_webhook, subscribe

PATIENCE = 30.0


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("doctor")
    with LocalSlack() as slack, EmbeddedAws(folder) as aws:
        fleet = Fleet(aws, slack, deploy(aws, config=CONFIG, folder=folder))
        fleet.client("s3").create_bucket(Bucket="logs")
        fleet.client("cloudtrail").create_trail(
            Name="management", S3BucketName="logs", IsMultiRegionTrail=True
        )
        fleet.client("cloudtrail").start_logging(Name="management")
        for name in ("secops", "late"):
            set_webhook(fleet, name, slack.webhook_url)
        fleet.client("secretsmanager").create_secret(Name="thingwatch/pager", SecretString=slack.webhook_url)
        fleet.client("sqs").create_queue(QueueName="reader")
        for output in ("TopicArnaudit", "OperatorsTopicArn"):
            subscribe(fleet, output)
        yield fleet


@pytest.fixture
def fleet(deployed: Fleet, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    for name, value in deployed.aws.environment().items():
        monkeypatch.setenv(name, value)
    yield deployed
    deployed.aws.inject_faults([])


def test_on_a_fresh_stack_with_everything_that_the_readme_says_all_is_fine(fleet: Fleet) -> None:
    done = fleet.run()
    assert (0, "") == (done.returncode, done.stderr), done.stdout
    assert done.stdout.endswith(f"\n{len(CHECKS)} checks: {len(CHECKS)} fine\n")
    data = json.loads(fleet.run("--json").stdout)
    assert [each.name for each in CHECKS] == [each["name"] for each in data]
    assert {"fine"} == {each["status"] for each in data}
    assert fleet.slack.webhook_url not in done.stdout


@pytest.mark.parametrize(
    ("name", "said", "broken"), BROKEN, ids=[f"{name}: {said[:24]}" for name, said, _ in BROKEN]
)
def test_what_is_broken_is_found_with_what_mends_it_and_fine_again_afterwards(
    fleet: Fleet, name: str, said: str, broken: Break
) -> None:
    assert "fine" == fleet.check(name).status
    with broken(fleet):
        found = fleet.check(name)
    fleet.aws.inject_faults([])
    assert "wrong" == found.status, found
    assert said in found.said
    assert found.command.startswith(("aws ", "npx cdk ", "thingwatch "))
    assert "planted-secret" not in f"{found.said} {found.command}"
    assert "fine" == fleet.check(name).status


def test_another_clock_another_config_and_a_stack_that_is_not_there_are_found(
    fleet: Fleet, tmp_path: Path
) -> None:
    late = datetime.now(UTC) + timedelta(minutes=10)
    assert ("fine", "wrong") == (fleet.check("clock").status, fleet.check("clock", now=late).status)
    broken = tmp_path / "alerts.yaml"
    broken.write_text("version: 1\nhello: 1\n")
    assert ("fine", "wrong") == (fleet.check("config").status, fleet.check("config", config=broken).status)
    assert "unknown" == fleet.check("webhooks", config=broken).status
    for change in ({"digest": "another"}, {"digest": None}):
        assert "wrong" == fleet.check("deployed-config", **change).status
    assert "fine" == fleet.check("deployed-config").status
    gone = fleet.check("stack", place=Place("nothing"))
    assert ("fine", "wrong") == (fleet.check("stack").status, gone.status)
    assert ("npx cdk deploy --context stack=nothing", True) == (
        gone.command,
        gone.said.startswith("there is no stack nothing in"),
    )


def test_a_canary_that_does_not_come_back_is_found_once_the_stack_is_old_enough(fleet: Fleet) -> None:
    later = datetime.now(UTC) + timedelta(hours=2)
    assert "fine" == fleet.check("canary").status
    missed = fleet.check("canary", now=later)
    assert ("wrong", True) == (missed.status, "did not come back" in missed.said)
    fleet.put_metric("Thingwatch", "SecondsToCanary", Stack="Thingwatch")
    seen = fleet.check("canary", now=datetime.now(UTC) + timedelta(minutes=64, seconds=30))
    assert "fine" == seen.status


def test_what_fails_is_throttled_waits_or_is_hidden_is_found(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqs, url = fleet.client("sqs"), fleet.outputs["DeliveryQueueUrllate"]
    assert ("fine", "fine") == (fleet.check("backlog").status, fleet.check("in-flight").status)
    # What an alarm of another test says may be under way to others.
    monkeypatch.setattr(way_out, "_MANY_WAIT", 9)
    monkeypatch.setattr(way_out, "_MOST_IN_FLIGHT", 16)
    with nobody_reads(fleet):
        for _ in range(9):
            sqs.send_message(QueueUrl=url, MessageBody="{}")
        assert "9 alerts waiting for late" == fleet.check("backlog").said
        sqs.receive_message(QueueUrl=url, VisibilityTimeout=600, MaxNumberOfMessages=10)
        assert fleet.check("in-flight").said.startswith("9 alerts for late hidden")
        sqs.purge_queue(QueueUrl=url)
    for name, metric in (("errors", "Errors"), ("throttles", "Throttles")):
        assert "fine" == fleet.check(name).status
        fleet.put_metric("AWS/Lambda", metric, FunctionName=fleet.detect)
        assert ("wrong", True) == (fleet.check(name).status, "detect" in fleet.check(name).said)


def test_an_account_that_lets_few_functions_run_is_found(fleet: Fleet) -> None:
    function, name = fleet.client("lambda"), fleet.outputs["SummariseFunctionName"]
    assert "fine" == fleet.check("concurrency").status
    free = function.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]
    function.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=free - 5)
    assert "wrong" == fleet.check("concurrency").status
    function.delete_function_concurrency(FunctionName=name)


def test_a_check_that_can_not_look_stops_no_other(fleet: Fleet) -> None:
    fleet.aws.inject_faults([Fault("cloudtrail", "DescribeTrails", "AccessDenied", 403, message="not you")])
    done = fleet.run("trail", "rule")
    assert 1 == done.returncode
    assert "not you: trail" in " ".join(done.stdout.split())
    assert "2 checks: 1 fine, 1 not looked at" in done.stdout


def test_without_a_stack_the_command_says_so_once(fleet: Fleet) -> None:
    done = fleet.run("--stack", "nothing")
    assert 1 == done.returncode
    assert 1 == done.stdout.count("to mend it: npx cdk deploy --context stack=nothing --context config=")
    assert 2 == " ".join(done.stdout.split()).count("there is no stack nothing in us-east-1")


def test_a_test_alert_arrives_by_the_real_way(fleet: Fleet) -> None:
    done = fleet.run("--send-test", "secops")
    assert 0 == done.returncode
    identifier = done.stdout.split()[1]
    wait_until(lambda: [each for each in fleet.slack.messages if identifier in each.readable()], PATIENCE)
    told = fleet.slack.messages[-1]
    assert "⚪ Test of Thingwatch, by root" == told.text
    refused = fleet.run("--send-test", "nobody")
    assert (2, "the stack has no destination nobody; it has audit, late, pager, secops\n") == (
        refused.returncode,
        refused.stderr,
    )
