"""The operators hear of what is stuck, by the deployed alarms.

The embedded AWS makes metrics of the functions' logs (local/embedded_aws/metrics.py), but has none of SQS: a
test puts the one that AWS would measure, from the real queue.
"""

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.inbox import Inbox
from local.slack import Answer
from local.waiting import wait_until
from tests.e2e.conftest import PATIENCE, World, depth_of

Heard = Callable[[str], list[Mapping[str, Any]]]


def put_metric(world: World, namespace: str, name: str, value: float, **dimensions: str) -> None:
    """What AWS would measure, or time would bring."""
    world.aws.client("cloudwatch").put_metric_data(
        Namespace=namespace,
        MetricData=[
            {
                "MetricName": name,
                "Dimensions": [{"Name": each, "Value": value} for each, value in dimensions.items()],
                "Value": value,
            }
        ],
    )


def measure_depth(world: World, output: str) -> int:
    """Put a queue's depth as the metric that AWS makes of it, and return it."""
    url = world.outputs[output]
    depth = depth_of(world.aws, url)
    put_metric(
        world,
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        depth,
        QueueName=url.rpartition("/")[2],
    )
    return depth


def measured(world: World, name: str, statistic: str, **dimensions: str) -> float:
    """A metric of ours in the last minutes."""
    now = datetime.now(UTC)
    found: Any = world.aws.client("cloudwatch").get_metric_statistics(
        Namespace="Thingwatch",
        MetricName=name,
        Dimensions=[
            {"Name": each, "Value": value} for each, value in {"Stack": "Thingwatch", **dimensions}.items()
        ],
        StartTime=now - timedelta(minutes=20),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=[statistic],
    )
    return float(sum(each[statistic] for each in found["Datapoints"]))


@pytest.fixture
def heard(world: World) -> Heard:
    """What the operators heard of an alarm, by its name without the stack's. All are off at first."""
    cloudwatch = world.aws.client("cloudwatch")
    for alarm in cloudwatch.describe_alarms(StateValue="ALARM")["MetricAlarms"]:
        cloudwatch.set_alarm_state(AlarmName=alarm["AlarmName"], StateValue="OK", StateReason="a new test")
    name = f"operators-{time.monotonic_ns()}"
    operators = Inbox(world.aws, world.outputs["OperatorsTopicArn"], name, read=json.loads)

    def find(alarm: str) -> list[Mapping[str, Any]]:
        return [each for each in operators.poll() if each["AlarmName"] == f"Thingwatch/{alarm}"]

    return find


def test_when_slack_refuses_alerts_for_good_the_operators_are_told_what_to_do(
    world: World, heard: Heard
) -> None:
    certificate = world.make_certificate()
    world.slack.answer_next(Answer(410, "channel_is_archived"), about=world.title_of_activation(certificate))
    world.activate(certificate)
    # Our own metric is first, the queue's comes with the queue.
    (refused,) = wait_until(lambda: heard("refused-secops"), PATIENCE)
    assert "ALARM" == refused["NewStateValue"]
    assert refused["AlarmDescription"].startswith("secops refused alerts for good.")
    # And the destination that the config names for it, by way of the bus.
    (on_sns,) = wait_until(lambda: world.on_sns_by_title("Alarm Thingwatch/refused-secops is on"), PATIENCE)
    assert ("alarm", "high") == (on_sns["rule"], on_sns["severity"])
    wait_until(lambda: measure_depth(world, "DeadLetterQueueUrl") > 0, PATIENCE)
    (told,) = wait_until(lambda: heard("alerts-refused"), PATIENCE)
    said = told["AlarmDescription"]
    assert said.startswith("Alerts were not sent: a destination refuses them for good")
    assert said.endswith("--send --kind delivery: thingwatch redrive --stack Thingwatch --region us-east-1")
    world.take_message("DeadLetterQueueUrl", about=certificate)


def test_a_destination_that_keeps_refusing_for_now_is_late_and_no_other_is(
    world: World, heard: Heard
) -> None:
    certificate = world.make_certificate()
    world.slack.answer_next(Answer(500), about=world.title_of_activation(certificate))
    world.activate(certificate)
    wait_until(lambda: measured(world, "SecondsOfRetries", "SampleCount", Destination="secops"), PATIENCE)
    assert [] == heard("late-secops")
    # As after half an hour of it.
    put_metric(world, "Thingwatch", "SecondsOfRetries", 1801, Stack="Thingwatch", Destination="secops")
    (late,) = wait_until(lambda: heard("late-secops"), PATIENCE)
    assert late["AlarmDescription"].startswith("secops has not taken an alert for half an hour.")
    assert [] == heard("late-audit")
    world.wait_for_both(certificate)


def test_one_alarm_stands_for_all_that_are_on(world: World, heard: Heard) -> None:
    cloudwatch = world.aws.client("cloudwatch")
    put_metric(world, "Thingwatch", "Refused", 1, Stack="Thingwatch", Destination="audit")
    wait_until(lambda: heard("refused-audit"), PATIENCE)

    def state() -> str:
        (unwell,) = cloudwatch.describe_alarms(
            AlarmNames=["Thingwatch/unwell"], AlarmTypes=["CompositeAlarm"]
        )["CompositeAlarms"]
        return str(unwell["StateValue"])

    wait_until(lambda: state() == "ALARM", PATIENCE)
    assert [] == heard("unwell")


def test_what_is_judged_told_and_sent_is_measured(world: World) -> None:
    before = {name: measured(world, name, "Sum") for name in ("Judged", "Told")}
    sent = measured(world, "Sent", "Sum", Destination="audit")
    world.wait_for_both(world.make_policy())
    for name, value in before.items():
        wait_until(lambda name=name, value=value: measured(world, name, "Sum") > value, PATIENCE)  # type: ignore[misc]
    wait_until(lambda: measured(world, "Sent", "Sum", Destination="audit") > sent, PATIENCE)
    for name, dimensions in (("SecondsToJudge", {}), ("SecondsToSend", {"Destination": "audit"})):
        # Other tests make calls of the past.
        assert 0 <= measured(world, name, "Minimum", **dimensions) < PATIENCE


def test_the_canarys_call_comes_back_as_a_metric_and_makes_no_alert(world: World) -> None:
    role = next(
        each
        for each in world.aws.client("iam").list_roles(MaxItems=1000)["Roles"]
        if "CanaryRole" in each["RoleName"]
    )
    session = world.aws.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="scheduler")
    key = session["Credentials"]
    scheduler = world.aws.client_of("iot", key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"])
    schedules: Any = world.aws.client("scheduler")
    (schedule,) = schedules.list_schedules(MaxResults=10)["Schedules"]
    target = schedules.get_schedule(Name=schedule["Name"], GroupName=schedule["GroupName"])["Target"]
    assert "arn:aws:scheduler:::aws-sdk:iot:tagResource" == target["Arn"]
    said = json.loads(target["Input"])
    # The embedded AWS does not call universal targets; this is the call that the schedule says.
    scheduler.tag_resource(resourceArn=said["ResourceArn"], tags=said["Tags"])
    wait_until(lambda: measured(world, "SecondsToCanary", "SampleCount"), PATIENCE)
    name = said["ResourceArn"].rpartition("/")[2]
    world.settle()
    assert ([], []) == (world.in_slack(name), world.on_sns(name))
    # Whoever else does the same is told of.
    world.iot.tag_resource(resourceArn=said["ResourceArn"], tags=said["Tags"])
    wait_until(lambda: world.in_slack(name, about="high"), PATIENCE)


def test_who_misses_the_canary_tells_the_operators_once_it_was_due(world: World, heard: Heard) -> None:
    # The embedded AWS looks at no missing data: these are the states that it would come to.
    cloudwatch = world.aws.client("cloudwatch")

    def set_state(name: str, state: str) -> None:
        cloudwatch.set_alarm_state(
            AlarmName=f"Thingwatch/{name}",
            StateValue=state,
            StateReason="a test",
        )

    set_state("canary-unseen", "ALARM")
    assert [] == heard("canary-missed")
    set_state("canary-made", "ALARM")
    (missed,) = wait_until(lambda: heard("canary-missed"), PATIENCE)
    assert missed["AlarmDescription"].startswith("Thingwatch has not heard of its canary's last three calls")
    set_state("canary-unseen", "OK")
    set_state("canary-made", "OK")
