"""The operators hear of what is stuck, by the deployed alarms.

The embedded AWS has no metrics of SQS: the test puts the one that AWS would measure, from the real queue.
"""

import json
from collections.abc import Mapping
from typing import Any

from local.inbox import Inbox
from local.slack import Answer
from local.waiting import wait_until
from tests.e2e.conftest import PATIENCE, World, depth_of


def measure(world: World, output: str) -> int:
    """Put a queue's depth as the metric that AWS makes of it, and return it."""
    url = world.outputs[output]
    depth = depth_of(world.aws, url)
    world.aws.client("cloudwatch").put_metric_data(
        Namespace="AWS/SQS",
        MetricData=[
            {
                "MetricName": "ApproximateNumberOfMessagesVisible",
                "Dimensions": [{"Name": "QueueName", "Value": url.rpartition("/")[2]}],
                "Value": depth,
            }
        ],
    )
    return depth


def test_when_slack_refuses_alerts_for_good_the_operators_are_told_what_to_do(world: World) -> None:
    operators = Inbox(world.aws, world.outputs["OperatorsTopicArn"], "operators", read=json.loads)
    certificate = world.make_certificate()
    world.slack.answer_next(Answer(410, "channel_is_archived"), about=world.title_of_activation(certificate))
    world.activate(certificate)
    wait_until(lambda: measure(world, "DeadLetterQueueUrl") > 0, PATIENCE)

    def heard() -> list[Mapping[str, Any]]:
        return [each for each in operators.poll() if each["AlarmName"] == "Thingwatch-alerts-refused"]

    (told,) = wait_until(heard, PATIENCE)
    assert "ALARM" == told["NewStateValue"]
    said = told["AlarmDescription"]
    assert said.startswith("Alerts were not sent: a destination refuses them for good")
    assert said.endswith("--send --kind delivery: thingwatch redrive --stack Thingwatch --region us-east-1")
    world.take_message("DeadLetterQueueUrl", about=certificate)
