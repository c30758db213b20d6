"""A stack to which everything was done that the README says, and the ways in which it breaks."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

from cli.deployment import Deployment, Place
from cli.doctor.check import Result, run_checks
from cli.doctor.checks import CHECKS
from cli.doctor.site import Site
from handlers.core.digest import digest
from handlers.core.ruleset_file import dump_ruleset
from local.aws import EmbeddedAws, Fault
from local.slack import LocalSlack
from rulebook.compile import compile_file
from rulebook.config import CheckedConfig, check_config
from tests.support.catalog import CATALOG

CONFIG = Path(__file__).with_name("alerts.yaml")
THINGWATCH = Path(sys.executable).with_name("thingwatch")
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


def set_webhook(fleet: Fleet, name: str, url: str, kind: str = "SecureString") -> None:
    fleet.client("ssm").put_parameter(Name=f"/thingwatch/slack/{name}", Value=url, Type=kind, Overwrite=True)


def subscribe(fleet: Fleet, output: str) -> None:
    fleet.client("sns").subscribe(
        TopicArn=fleet.outputs[output],
        Protocol="sqs",
        Endpoint="arn:aws:sqs:us-east-1:000000000000:reader",
    )


@contextmanager
def _rule_off(fleet: Fleet) -> Iterator[None]:
    fleet.client("events").disable_rule(Name=fleet.rule)
    yield
    fleet.client("events").enable_rule(Name=fleet.rule)


@contextmanager
def _alarm_rule_off(fleet: Fleet) -> Iterator[None]:
    name = fleet.site().resource("AlarmsStates")
    fleet.client("events").disable_rule(Name=name)
    yield
    fleet.client("events").enable_rule(Name=name)


@contextmanager
def _rule_of_others(fleet: Fleet) -> Iterator[None]:
    events = fleet.client("events")
    pattern = events.describe_rule(Name=fleet.rule)["EventPattern"]
    events.put_rule(Name=fleet.rule, EventPattern='{"source": ["aws.s3"]}')
    yield
    events.put_rule(Name=fleet.rule, EventPattern=pattern)


@contextmanager
def _rule_of_nothing(fleet: Fleet) -> Iterator[None]:
    events = fleet.client("events")
    pattern = events.describe_rule(Name=fleet.rule)["EventPattern"]
    narrow = json.loads(pattern)
    narrow["detail"]["eventName"] = ["Nothing"]
    events.put_rule(Name=fleet.rule, EventPattern=json.dumps(narrow))
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
    statements = json.loads(function.get_policy(FunctionName=fleet.detect)["Policy"])["Statement"]
    # The other rule is that of the alarms.
    (statement,) = [each for each in statements if fleet.rule in str(each["Condition"])]
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
def nobody_reads(fleet: Fleet) -> Iterator[None]:
    identifier = fleet.mapping("DeliveryQueueUrllate")
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
    names = ["Thingwatch/alerts-refused"]
    fleet.client("cloudwatch").disable_alarm_actions(AlarmNames=names)
    yield
    fleet.client("cloudwatch").enable_alarm_actions(AlarmNames=names)


@contextmanager
def _alarm_on(fleet: Fleet) -> Iterator[None]:
    put = fleet.client("cloudwatch").set_alarm_state
    put(AlarmName="Thingwatch/detect-fails", StateValue="ALARM", StateReason="a test")
    yield
    put(AlarmName="Thingwatch/detect-fails", StateValue="OK", StateReason="a test")


@contextmanager
def _fault(fleet: Fleet, service: str, action: str, code: str) -> Iterator[None]:
    fleet.aws.inject_faults([Fault(service, action, code, 404)])
    yield


Break = Callable[[Fleet], Any]

_expired = partial(_fault, service="sts", action="GetCallerIdentity", code="ExpiredToken")
_no_function = partial(_fault, service="lambda", action="*", code="ResourceNotFoundException")
_no_table = partial(_fault, service="dynamodb", action="DescribeTable", code="ResourceNotFoundException")
_no_rule = partial(_fault, service="events", action="DescribeRule", code="ResourceNotFoundException")
_no_queue = partial(_fault, service="sqs", action="GetQueueAttributes", code="QueueDoesNotExist")
_no_topic = partial(_fault, service="sns", action="ListSubscriptionsByTopic", code="NotFound")
_nobody_hears_alerts = partial(_nobody_hears, output="TopicArnaudit")
_nobody_hears_alarms = partial(_nobody_hears, output="OperatorsTopicArn")

BROKEN: list[tuple[str, str, Break]] = [
    ("credentials", "AWS refuses the credentials: ExpiredToken", _expired),
    ("trail", "the trail management is stopped: EventBridge hears of no API call", _trail_stopped),
    ("trail", "the trail management does not take management events that write", _trail_of_reads),
    ("rule", "is off", _rule_off),
    ("rule", "the rule that brings API calls to detect is gone", _no_rule),
    ("failure-queues", "is gone, with what was in it", _no_queue),
    ("rule-pattern", "the rule does not take every call of these services", _rule_of_nothing),
    ("rule-pattern", "the rule takes other services than the config here watches", _rule_of_others),
    ("rule-target", "the rule does not invoke detect", _no_target),
    ("rule-target", "the rule keeps no event that it can not hand over", _no_dead_letters),
    ("rule-permission", "EventBridge may not invoke detect", _no_permission),
    ("canary-schedule", "the canary's schedule is off", _schedule_off),
    ("functions", "detect is gone", _no_function),
    ("functions-on", "detect is switched off by a reserved concurrency of 0", _switched_off),
    ("queues-read", "nobody takes from the queue of late", nobody_reads),
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
    ("alarm-rule", "the rule that brings alarms to audit is off", _alarm_rule_off),
    ("alarms", "1 alarm silenced: Thingwatch/alerts-refused", _alarm_silenced),
    ("alarms-off", "1 alarm on: Thingwatch/detect-fails", _alarm_on),
]
