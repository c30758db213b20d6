"""The alarms: they look at what AWS measures, they say what to do, and people hear of them."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from handlers.core.backoff import LONGEST_ASKED
from handlers.core.metrics import METRICS, NAMESPACE
from tests.infrastructure.conftest import synthesize
from tests.support.templates import resources

RUNBOOK = Path("docs/runbook.md")

# Namespace, the dimension that AWS gives it, and where AWS says so.
MEASURED = {
    (
        "AWS/SQS",
        "QueueName",
        "SQSDeveloperGuide/sqs-available-cloudwatch-metrics",
    ): {"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"},
    (
        "AWS/Lambda",
        "FunctionName",
        "lambda/latest/dg/monitoring-metrics-types",
    ): {"Errors", "Throttles", "AsyncEventsDropped", "DestinationDeliveryFailures"},
    (
        "AWS/Events",
        "RuleName",
        "eventbridge/latest/userguide/eb-monitoring",
    ): {"FailedInvocations", "InvocationsFailedToBeSentToDlq"},
    (
        "AWS/SNS",
        "TopicName",
        "sns/latest/dg/sns-monitoring-using-cloudwatch",
    ): {"NumberOfNotificationsFailed"},
}

# Alarm: the metric, what it is of, the statistic, the threshold, and for how many periods.
ALARMS = {
    "alerts-refused": ("ApproximateNumberOfMessagesVisible", "DeliveryDeadLetters", "Maximum", 1, 1),
    "events-not-judged": ("ApproximateNumberOfMessagesVisible", "DetectionDetectFailures", "Maximum", 1, 1),
    "events-not-handed-over": (
        "ApproximateNumberOfMessagesVisible",
        "DetectionHandoverFailures",
        "Maximum",
        1,
        1,
    ),
    "rollups-not-told": ("ApproximateNumberOfMessagesVisible", "SummariesDeadLetters", "Maximum", 1, 1),
    "waiting-audit": ("ApproximateAgeOfOldestMessage", "DeliveryQueueaudit", "Maximum", 1800, 1),
    "waiting-secops": ("ApproximateAgeOfOldestMessage", "DeliveryQueuesecops", "Maximum", 1800, 1),
    "late-audit": ("SecondsOfRetries", "audit", "Maximum", 1800, 1),
    "late-secops": ("SecondsOfRetries", "secops", "Maximum", 1800, 1),
    "refused-audit": ("Refused", "audit", "Sum", 1, 1),
    "refused-secops": ("Refused", "secops", "Sum", 1, 1),
    "detect-fails": ("Errors", "DetectionDetectFunction", "Sum", 1, 3),
    "summarise-fails": ("Errors", "SummariesSummariseFunction", "Sum", 1, 3),
    "deliver-fails": ("Errors", "DeliveryDeliverFunction", "Sum", 1, 3),
    "detect-throttled": ("Throttles", "DetectionDetectFunction", "Sum", 1, 3),
    "summarise-throttled": ("Throttles", "SummariesSummariseFunction", "Sum", 1, 3),
    "deliver-throttled": ("Throttles", "DeliveryDeliverFunction", "Sum", 1, 3),
    "events-dropped": ("AsyncEventsDropped", "DetectionDetectFunction", "Sum", 1, 1),
    "failures-not-kept": ("DestinationDeliveryFailures", "DetectionDetectFunction", "Sum", 1, 1),
    "handover-fails": ("FailedInvocations", "DetectionApiCalls", "Sum", 1, 1),
    "handover-lost": ("InvocationsFailedToBeSentToDlq", "DetectionApiCalls", "Sum", 1, 1),
    "not-received-audit": ("NumberOfNotificationsFailed", "Topicaudit", "Sum", 1, 1),
}


def alarms(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The alarms, by their names without the stack's."""
    found = resources(template, "AWS::CloudWatch::Alarm").values()
    everything = {each["AlarmName"].removeprefix("Thingwatch/"): each for each in found}
    return {name: each for name, each in everything.items() if name not in ("canary-unseen", "canary-made")}


def composite(template: dict[str, Any], name: str) -> dict[str, Any]:
    """A composite alarm, by its name without the stack's."""
    found = resources(template, "AWS::CloudWatch::CompositeAlarm").values()
    return next(each for each in found if each["AlarmName"] == f"Thingwatch/{name}")


def logical_id(value: Any) -> str:
    """What a dimension's value refers to, without the hash; the value itself where it refers to nothing."""
    if isinstance(value, str):
        return value
    name = value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0]
    return str(name[:-8])


def test_each_sign_has_an_alarm_with_its_metric_and_threshold(template: dict[str, Any]) -> None:
    found = {}
    for name, each in alarms(template).items():
        dimensions = {dimension["Name"]: dimension["Value"] for dimension in each["Dimensions"]}
        # Those of ours have the stack's name beside it.
        assert "Thingwatch" == dimensions.pop("Stack", "Thingwatch")
        (value,) = dimensions.values()
        found[name] = (
            each["MetricName"],
            logical_id(value),
            each["Statistic"],
            each["Threshold"],
            each["EvaluationPeriods"],
        )
    assert ALARMS == found


def test_every_metric_is_one_that_aws_documents_or_that_we_emit_with_these_dimensions(
    template: dict[str, Any],
) -> None:
    documented = {(space, name, (of,)) for (space, of, _), names in MEASURED.items() for name in names}
    ours = {(NAMESPACE, name, each.dimensions) for name, each in METRICS.items()}
    looked_at = {
        (each["Namespace"], each["MetricName"], tuple(sorted(map(name_of, each["Dimensions"]), reverse=True)))
        for each in alarms(template).values()
    }
    assert (documented, set()) == (looked_at - ours, looked_at - ours - documented)


def name_of(dimension: dict[str, Any]) -> str:
    return str(dimension["Name"])


def test_an_alarm_needs_five_minutes_and_silence_is_no_sign(template: dict[str, Any]) -> None:
    assert {("notBreaching", "GreaterThanOrEqualToThreshold")} == {
        (each["TreatMissingData"], each["ComparisonOperator"]) for each in alarms(template).values()
    }
    periods = {name: each["Period"] for name, each in alarms(template).items() if each["Period"] != 300}
    # Longer than the longest wait between two tries, or the alarm would end in between.
    assert {"late-audit": 3600, "late-secops": 3600} == periods
    assert 2 * LONGEST_ASKED.total_seconds() <= periods["late-secops"]


def test_one_alarm_stands_for_all_and_notifies_nobody(template: dict[str, Any]) -> None:
    unwell = composite(template, "unwell")
    assert set() == {key for key in unwell if key.endswith("Actions")}
    said = json.dumps(unwell["AlarmRule"])
    # Those, and that of the canary.
    assert len(alarms(template)) + 1 == said.count("ALARM(")
    assert len(alarms(template)) == said.count(" OR ")


def test_the_canary_is_missed_after_more_than_an_hour_and_not_before_it_made_calls_for_as_long(
    template: dict[str, Any],
) -> None:
    found = {each["AlarmName"]: each for each in resources(template, "AWS::CloudWatch::Alarm").values()}
    unseen, made = found["Thingwatch/canary-unseen"], found["Thingwatch/canary-made"]
    fields = ("MetricName", "Statistic", "Period", "EvaluationPeriods", "Threshold", "TreatMissingData")
    # Two periods of nothing lie between two calls that are on time.
    assert ("SecondsToCanary", "SampleCount", 1200, 3, 1, "breaching") == tuple(
        unseen[each] for each in fields
    )
    assert "LessThanThreshold" == unseen["ComparisonOperator"]
    # https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html
    assert ("InvocationAttemptCount", "Sum", 1800, 3, 1, "ignore") == tuple(made[each] for each in fields)
    assert ("AWS/Scheduler", "ScheduleGroup") == (made["Namespace"], made["Dimensions"][0]["Name"])
    assert set() == {key for each in (unseen, made) for key in each if key.endswith("Actions")}
    missed = composite(template, "canary-missed")
    assert (2, 1) == (json.dumps(missed["AlarmRule"]).count("ALARM("), json.dumps(missed).count(" AND "))
    assert [{"Ref": "AlarmsOperatorsAD6DFC2B"}] == missed["AlarmActions"]
    description = json.dumps(missed["AlarmDescription"])
    assert (True, True) == ("aws cloudtrail lookup-events" in description, len(description) < 1024)


def test_a_rule_of_too_many_and_too_long_names_is_refused_at_synth(tmp_path: Path) -> None:
    config = tmp_path / "alerts.yaml"
    lines = "".join(f"  team-{number}: {{sns: create}}\n" for number in range(20))
    config.write_text(f"version: 1\ndestinations:\n{lines}")
    made = synthesize(config, tmp_path)
    rule = composite(made, "unwell")["AlarmRule"]
    assert (True, True) == (isinstance(rule, str), len(rule) < 10_240)
    said = synth_of_a_stack(config, tmp_path / "out", "S" * 128)
    assert said.endswith("is too long for so many destinations; choose a shorter one\n"), said


def synth_of_a_stack(config: Path, folder: Path, stack: str) -> str:
    """What the app says on stderr when a stack has this name."""
    context = json.dumps({"stack": stack, "config": str(config)})
    done = subprocess.run(
        [sys.executable, "app.py"],
        env={**os.environ, "CDK_CONTEXT_JSON": context, "CDK_OUTDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr


def test_destinations_of_the_operators_hear_of_each_beginning_and_end_of_an_alarm(tmp_path: Path) -> None:
    config = tmp_path / "alerts.yaml"
    config.write_text(
        "version: 1\ndestinations: {audit: {sns: create}, ops: {slack: ssm:/ops}}\noperators: {to: [ops]}\n"
    )
    made = synthesize(config, tmp_path)
    rules = resources(made, "AWS::Events::Rule").values()
    (rule,) = [each for each in rules if "aws.cloudwatch" in each["EventPattern"]["source"]]
    pattern = rule["EventPattern"]
    silent = [f"Thingwatch/{each}" for each in ("unwell", "canary-unseen", "canary-made")]
    assert ["CloudWatch Alarm State Change"] == pattern["detail-type"]
    assert ":alarm:Thingwatch/" in json.dumps(pattern["resources"])
    assert {
        "alarmName": [{"anything-but": silent}],
        "$or": [{"state": {"value": ["ALARM"]}}, {"previousState": {"value": ["ALARM"]}}],
    } == pattern["detail"]
    (target,) = rule["Targets"]
    assert (True, True) == ("DetectFunction" in json.dumps(target["Arn"]), "DeadLetterConfig" in target)
    # The topic stays.
    assert "AlarmsOperators" in str(list(resources(made, "AWS::SNS::Topic")))


def test_without_a_canary_there_is_none_of_its_parts(tmp_path: Path) -> None:
    config = tmp_path / "alerts.yaml"
    config.write_text("version: 1\ndestinations: {audit: {sns: create}}\ncanary: off\n")
    made = synthesize(config, tmp_path)
    assert [] == [name for name in made["Resources"] if "anary" in name]
    assert "canary" not in json.dumps(made).lower()


def test_every_alarm_notifies_the_operators_of_its_beginning_alone(template: dict[str, Any]) -> None:
    # An alarm is OK for the first time right after the deployment: that would be an e-mail for each.
    assert {"AlarmActions"} == {
        key for each in alarms(template).values() for key in each if key.endswith("Actions")
    }
    (action,) = {json.dumps(each["AlarmActions"]) for each in alarms(template).values()}
    assert [{"Ref": "AlarmsOperatorsAD6DFC2B"}] == json.loads(action)


def test_every_alarm_ends_in_a_command_for_its_region_and_fits(template: dict[str, Any]) -> None:
    for name, each in alarms(template).items():
        parts = each["AlarmDescription"]["Fn::Join"][1]
        said = json.dumps(parts)
        assert {"Ref": "AWS::Region"} == parts[-1], name
        assert parts[-2].endswith(" --region ")
        assert (True, True) == (": aws " in said or ": thingwatch " in said, len(said) < 1024), name


def test_the_runbook_has_a_part_for_every_alarm(template: dict[str, Any]) -> None:
    headings = set(re.findall(r"^## (.+)$", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE))
    of_many = ("waiting", "late", "refused", "fails", "throttled", "not-received")
    functions, destinations = ("detect", "summarise", "deliver"), ("audit", "secops")
    parts = {f"{name}-{end}": end for name in functions for end in of_many}
    parts |= {f"{start}-{name}": start for name in destinations for start in of_many}
    every = {*alarms(template), "unwell", "canary-missed"}
    assert set() == {parts.get(name, name) for name in every} - headings


def statements_of(template: dict[str, Any], kind: str, part: str, logical: str) -> list[dict[str, Any]]:
    """The Allow statements of a resource policy."""
    (policy,) = [each[part] for each in resources(template, kind).values() if logical in json.dumps(each)]
    return [each for each in policy["Statement"] if each["Effect"] == "Allow"]


def test_cloudwatch_and_eventbridge_may_publish_for_this_account_and_use_the_key(
    template: dict[str, Any],
) -> None:
    of_this_account = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    services = {"Service": ["cloudwatch.amazonaws.com", "events.amazonaws.com"]}
    published, owner = statements_of(template, "AWS::SNS::TopicPolicy", "PolicyDocument", "AlarmsOperators")
    assert ("sns:Publish", services, of_this_account) == tuple(
        published[key] for key in ("Action", "Principal", "Condition")
    )
    assert ("sns:Publish", True) == (owner["Action"], ":root" in json.dumps(owner["Principal"]))
    _, used = statements_of(template, "AWS::KMS::Key", "KeyPolicy", "Thingwatch tells")
    assert (["kms:Decrypt", "kms:GenerateDataKey*"], services, of_this_account) == tuple(
        used[key] for key in ("Action", "Principal", "Condition")
    )
    topic = resources(template, "AWS::SNS::Topic")["AlarmsOperatorsAD6DFC2B"]
    assert "AlarmsKey" in json.dumps(topic["KmsMasterKeyId"])


@pytest.mark.parametrize(
    ("operators", "topics", "keys"),
    [
        ("{encryption: none}", 2, 0),
        ('{sns: "arn:aws:sns:eu-west-1:111122223333:on-call"}', 1, 0),
    ],
)
def test_the_key_and_the_topic_are_made_only_where_they_are_wanted(
    tmp_path: Path, operators: str, topics: int, keys: int
) -> None:
    config = tmp_path / "alerts.yaml"
    config.write_text(f"version: 1\ndestinations: {{audit: {{sns: create}}}}\noperators: {operators}\n")
    made = synthesize(config, tmp_path)
    assert (topics, keys) == tuple(
        len(resources(made, kind)) for kind in ("AWS::SNS::Topic", "AWS::KMS::Key")
    )
    (action,) = {json.dumps(each["AlarmActions"]) for each in alarms(made).values()}
    assert ("on-call" in action) == (topics == 1)
