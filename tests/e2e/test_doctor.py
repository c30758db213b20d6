"""`thingwatch doctor` on a fresh stack of the embedded AWS: all is fine, and whatever breaks is found."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from cli.deployment import Deployment, Place
from cli.doctor import way_out
from cli.doctor.check import Result, run_checks
from cli.doctor.checks import CHECKS
from cli.doctor.site import Site
from handlers.core.digest import digest
from handlers.core.ruleset_file import dump_ruleset
from local.aws import EmbeddedAws, Fault
from local.cdk_cli import deploy
from local.slack import LocalSlack
from local.waiting import wait_until
from rulebook.compile import compile_file
from rulebook.config import CheckedConfig, check_config
from tests.support.catalog import CATALOG

CONFIG = Path(__file__).with_name("alerts.yaml")
THINGWATCH = Path(sys.executable).with_name("thingwatch")
PATIENCE = 30.0
BY_NAME = {each.name: each for each in CHECKS}


@cache
def read_config(path: Path) -> tuple[CheckedConfig, str | None]:
    """A config, and the digest of the ruleset that it makes."""
    checked = check_config(path, CATALOG)
    return checked, None if checked.config is None else digest(dump_ruleset(compile_file(path, CATALOG)))


@dataclass
class Fleet:
    """A stack to which everything was done that the README says."""

    aws: EmbeddedAws
    slack: LocalSlack
    outputs: Mapping[str, str]
    _clients: dict[str, Any] = field(default_factory=dict)
    _found: Deployment | None = None

    def client(self, name: str) -> Any:
        make: Any = self.aws.client
        return make(name)

    def site(self, **changes: Any) -> Site:
        """As the command sees it."""
        checked, own = read_config(changes.pop("config", CONFIG))
        parts = {"place": Place(), "config": checked, "digest": own, "now": datetime.now(UTC)}
        site = Site(**{**parts, **changes})
        if "place" not in changes:
            # Making a client takes longer than a check.
            site._clients = self._clients
            if self._found is not None:
                site.deployment = self._found
            self._found = site.deployment
        return site

    def check(self, name: str, **changes: Any) -> Result:
        (result,) = run_checks([BY_NAME[name]], self.site(**changes))
        return result

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(THINGWATCH), "doctor", "--config", str(CONFIG), *arguments],
            env=self.aws.environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def detect(self) -> str:
        return self.outputs["DetectFunctionName"]

    @property
    def rule(self) -> str:
        return self.site().resource("DetectionApiCalls")

    def mapping(self, queue: str) -> str:
        """The event source mapping of a queue."""
        found = self.client("lambda").list_event_source_mappings()["EventSourceMappings"]
        name = self.outputs[queue].rpartition("/")[2]
        return next(str(each["UUID"]) for each in found if each["EventSourceArn"].endswith(f":{name}"))

    def put_metric(self, namespace: str, name: str, **dimensions: str) -> None:
        self.client("cloudwatch").put_metric_data(
            Namespace=namespace,
            MetricData=[
                {
                    "MetricName": name,
                    "Dimensions": [{"Name": each, "Value": value} for each, value in dimensions.items()],
                    "Value": 1,
                }
            ],
        )


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


def set_webhook(fleet: Fleet, name: str, url: str, kind: str = "SecureString") -> None:
    fleet.client("ssm").put_parameter(Name=f"/thingwatch/slack/{name}", Value=url, Type=kind, Overwrite=True)


def subscribe(fleet: Fleet, output: str) -> None:
    fleet.client("sns").subscribe(
        TopicArn=fleet.outputs[output],
        Protocol="sqs",
        Endpoint="arn:aws:sqs:us-east-1:000000000000:reader",
    )


def test_on_a_fresh_stack_with_everything_that_the_readme_says_all_is_fine(fleet: Fleet) -> None:
    done = fleet.run()
    assert (0, "") == (done.returncode, done.stderr), done.stdout
    assert done.stdout.endswith(f"\n{len(CHECKS)} checks: {len(CHECKS)} fine\n")
    data = json.loads(fleet.run("--json").stdout)
    assert [each.name for each in CHECKS] == [each["name"] for each in data]
    assert {"fine"} == {each["status"] for each in data}
    assert fleet.slack.webhook_url not in done.stdout


@contextmanager
def _rule_off(fleet: Fleet) -> Iterator[None]:
    fleet.client("events").disable_rule(Name=fleet.rule)
    yield
    fleet.client("events").enable_rule(Name=fleet.rule)


@contextmanager
def _rule_of_others(fleet: Fleet) -> Iterator[None]:
    events = fleet.client("events")
    pattern = events.describe_rule(Name=fleet.rule)["EventPattern"]
    events.put_rule(Name=fleet.rule, EventPattern='{"source": ["aws.s3"]}')
    yield
    events.put_rule(Name=fleet.rule, EventPattern=pattern)


@contextmanager
def _no_target(fleet: Fleet) -> Iterator[None]:
    events = fleet.client("events")
    targets = events.list_targets_by_rule(Rule=fleet.rule)["Targets"]
    events.remove_targets(Rule=fleet.rule, Ids=[each["Id"] for each in targets])
    yield
    events.put_targets(Rule=fleet.rule, Targets=targets)


@contextmanager
def _no_dead_letters(fleet: Fleet) -> Iterator[None]:
    events = fleet.client("events")
    targets = events.list_targets_by_rule(Rule=fleet.rule)["Targets"]
    events.put_targets(Rule=fleet.rule, Targets=[{"Id": each["Id"], "Arn": each["Arn"]} for each in targets])
    yield
    events.put_targets(Rule=fleet.rule, Targets=targets)


@contextmanager
def _no_permission(fleet: Fleet) -> Iterator[None]:
    function = fleet.client("lambda")
    (statement,) = json.loads(function.get_policy(FunctionName=fleet.detect)["Policy"])["Statement"]
    function.remove_permission(FunctionName=fleet.detect, StatementId=statement["Sid"])
    yield
    function.add_permission(
        FunctionName=fleet.detect,
        StatementId=statement["Sid"],
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=statement["Condition"]["ArnLike"]["AWS:SourceArn"],
    )


@contextmanager
def _trail_stopped(fleet: Fleet) -> Iterator[None]:
    fleet.client("cloudtrail").stop_logging(Name="management")
    yield
    fleet.client("cloudtrail").start_logging(Name="management")


@contextmanager
def _trail_of_reads(fleet: Fleet) -> Iterator[None]:
    put = fleet.client("cloudtrail").put_event_selectors
    put(
        TrailName="management",
        EventSelectors=[{"ReadWriteType": "ReadOnly", "IncludeManagementEvents": True}],
    )
    yield
    put(TrailName="management", EventSelectors=[{"ReadWriteType": "All", "IncludeManagementEvents": True}])


@contextmanager
def _schedule_off(fleet: Fleet) -> Iterator[None]:
    scheduler = fleet.client("scheduler")
    (found,) = scheduler.list_schedules()["Schedules"]
    whole = scheduler.get_schedule(Name=found["Name"], GroupName=found["GroupName"])
    fields = ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    kept = {each: whole[each] for each in fields}
    scheduler.update_schedule(**kept, State="DISABLED")
    yield
    scheduler.update_schedule(**kept, State="ENABLED")


@contextmanager
def _switched_off(fleet: Fleet) -> Iterator[None]:
    function = fleet.client("lambda")
    function.put_function_concurrency(FunctionName=fleet.detect, ReservedConcurrentExecutions=0)
    yield
    function.delete_function_concurrency(FunctionName=fleet.detect)


@contextmanager
def _nobody_reads(fleet: Fleet) -> Iterator[None]:
    identifier = fleet.mapping("DeliveryQueueUrlaudit")
    fleet.client("lambda").update_event_source_mapping(UUID=identifier, Enabled=False)
    yield
    fleet.client("lambda").update_event_source_mapping(UUID=identifier, Enabled=True)


@contextmanager
def _failures_not_kept(fleet: Fleet) -> Iterator[None]:
    function = fleet.client("lambda")
    where = {"FunctionName": fleet.detect, "Qualifier": "$LATEST"}
    whole = function.get_function_event_invoke_config(**where)
    function.delete_function_event_invoke_config(**where)
    yield
    function.put_function_event_invoke_config(**where, DestinationConfig=whole["DestinationConfig"])


@contextmanager
def _forgets_nothing(fleet: Fleet) -> Iterator[None]:
    table = {"TableName": fleet.outputs["StateTable"]}
    update = fleet.client("dynamodb").update_time_to_live
    update(**table, TimeToLiveSpecification={"Enabled": False, "AttributeName": "lapses"})
    yield
    update(**table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "lapses"})


@contextmanager
def _something_failed(fleet: Fleet) -> Iterator[None]:
    sqs, url = fleet.client("sqs"), fleet.outputs["DetectFailureQueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    yield
    sqs.purge_queue(QueueUrl=url)


@contextmanager
def _no_webhook(fleet: Fleet) -> Iterator[None]:
    fleet.client("ssm").delete_parameter(Name="/thingwatch/slack/secops")
    yield
    set_webhook(fleet, "secops", fleet.slack.webhook_url)


@contextmanager
def _no_secret(fleet: Fleet) -> Iterator[None]:
    secrets = fleet.client("secretsmanager")
    secrets.delete_secret(SecretId="thingwatch/pager", ForceDeleteWithoutRecovery=True)
    yield
    secrets.create_secret(Name="thingwatch/pager", SecretString=fleet.slack.webhook_url)


@contextmanager
def _plain_webhook(fleet: Fleet) -> Iterator[None]:
    fleet.client("ssm").delete_parameter(Name="/thingwatch/slack/secops")
    set_webhook(fleet, "secops", fleet.slack.webhook_url, "String")
    yield
    fleet.client("ssm").delete_parameter(Name="/thingwatch/slack/secops")
    set_webhook(fleet, "secops", fleet.slack.webhook_url)


@contextmanager
def _other_webhook(fleet: Fleet) -> Iterator[None]:
    set_webhook(fleet, "secops", "https://evil.example/planted-secret")
    yield
    set_webhook(fleet, "secops", fleet.slack.webhook_url)


@contextmanager
def _nobody_hears(fleet: Fleet, output: str) -> Iterator[None]:
    sns = fleet.client("sns")
    found = sns.list_subscriptions_by_topic(TopicArn=fleet.outputs[output])["Subscriptions"]
    for each in found:
        sns.unsubscribe(SubscriptionArn=each["SubscriptionArn"])
    yield
    subscribe(fleet, output)


@contextmanager
def _alarm_silenced(fleet: Fleet) -> Iterator[None]:
    names = ["Thingwatch-alerts-refused"]
    fleet.client("cloudwatch").disable_alarm_actions(AlarmNames=names)
    yield
    fleet.client("cloudwatch").enable_alarm_actions(AlarmNames=names)


@contextmanager
def _alarm_on(fleet: Fleet) -> Iterator[None]:
    put = fleet.client("cloudwatch").set_alarm_state
    put(AlarmName="Thingwatch-detect-fails", StateValue="ALARM", StateReason="a test")
    yield
    put(AlarmName="Thingwatch-detect-fails", StateValue="OK", StateReason="a test")


@contextmanager
def _fault(fleet: Fleet, service: str, action: str, code: str) -> Iterator[None]:
    fleet.aws.inject_faults([Fault(service, action, code, 404)])
    yield


Break = Callable[[Fleet], Any]

_expired = partial(_fault, service="sts", action="GetCallerIdentity", code="ExpiredToken")
_no_function = partial(_fault, service="lambda", action="*", code="ResourceNotFoundException")
_no_table = partial(_fault, service="dynamodb", action="DescribeTable", code="ResourceNotFoundException")
_no_topic = partial(_fault, service="sns", action="ListSubscriptionsByTopic", code="NotFound")
_nobody_hears_alerts = partial(_nobody_hears, output="TopicArnaudit")
_nobody_hears_alarms = partial(_nobody_hears, output="OperatorsTopicArn")

BROKEN: list[tuple[str, str, Break]] = [
    ("credentials", "AWS refuses the credentials: ExpiredToken", _expired),
    ("trail", "no trail logs here; there is management", _trail_stopped),
    ("trail", "no trail logs here; there is management", _trail_of_reads),
    ("rule", "is off", _rule_off),
    ("rule-pattern", "the rule takes other services than the config here watches", _rule_of_others),
    ("rule-target", "the rule does not invoke detect", _no_target),
    ("rule-target", "the rule keeps no event that it can not hand over", _no_dead_letters),
    ("rule-permission", "EventBridge may not invoke detect", _no_permission),
    ("canary-schedule", "the canary's schedule is off", _schedule_off),
    ("functions", "detect is gone", _no_function),
    ("functions-on", "detect is switched off by a reserved concurrency of 0", _switched_off),
    ("queues-read", "nobody takes from the queue of audit", _nobody_reads),
    ("failures-kept", "events that detect fails on are kept nowhere", _failures_not_kept),
    ("table", "the table of windows, claims and mutes is gone", _no_table),
    ("table-lapses", "the table forgets nothing", _forgets_nothing),
    ("failure-queues", "1 message could not be processed (event)", _something_failed),
    ("webhooks", "the webhook of secops is not set: ssm:/thingwatch/slack/secops", _no_webhook),
    ("webhooks", "the webhook of pager is not set: secretsmanager:thingwatch/pager", _no_secret),
    ("webhooks-secret", "the webhook of secops is a String", _plain_webhook),
    ("webhooks-form", "what is stored for secops is no https webhook of Slack", _other_webhook),
    ("topics", "the topic of audit is gone", _no_topic),
    ("subscriptions", "the topic of audit has no subscriber", _nobody_hears_alerts),
    ("operators", "the operators' topic has no subscriber", _nobody_hears_alarms),
    ("alarms", "1 alarm silenced: Thingwatch-alerts-refused", _alarm_silenced),
    ("alarms-off", "1 alarm on: Thingwatch-detect-fails", _alarm_on),
]


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
    assert ("npx cdk deploy", True) == (gone.command, gone.said.startswith("there is no stack nothing in"))


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
    sqs, url = fleet.client("sqs"), fleet.outputs["DeliveryQueueUrlaudit"]
    assert ("fine", "fine") == (fleet.check("backlog").status, fleet.check("in-flight").status)
    monkeypatch.setattr(way_out, "_MANY_WAIT", 1)
    monkeypatch.setattr(way_out, "_MOST_IN_FLIGHT", 0)
    with _nobody_reads(fleet):
        sqs.send_message(QueueUrl=url, MessageBody="{}")
        assert "1 alerts wait for audit" == fleet.check("backlog").said
        sqs.receive_message(QueueUrl=url, VisibilityTimeout=600)
        assert fleet.check("in-flight").said.startswith("1 alerts for audit are hidden")
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
    assert 1 == done.stdout.count("to mend it: npx cdk deploy\n")
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
