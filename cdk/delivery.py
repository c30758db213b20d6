"""From the delivery queue to Slack and SNS."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Duration, Stack
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from cdk.function import PythonFunction
from cdk.queues import make_work_queue

_TIMEOUT_SECONDS = 75
"""Shorter than the lease of a claim: see LEASE in handlers/deliver.py."""


class Delivery(Construct):
    """The queue with its dead-letter queue, and `deliver`, which sends one message at a time."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        code: lambda_.Code,
        topic_arns: Mapping[str, str],
        table_name: str,
    ) -> None:
        super().__init__(scope, construct_id)
        work = make_work_queue(self, timeout_seconds=_TIMEOUT_SECONDS)
        self.queue, self.dead_letters = work.queue, work.dead_letters
        self.deliver = PythonFunction(
            self,
            "Deliver",
            module="deliver",
            code=code,
            description="Sends one alert to one destination",
            timeout=Duration.seconds(_TIMEOUT_SECONDS),
            environment={
                "STATE_TABLE": table_name,
                "DELIVERY_QUEUE_URL": self.queue.queue_url,
                "DEAD_LETTER_QUEUE_URL": self.dead_letters.queue_url,
                "TOPIC_ARNS": Stack.of(self).to_json_string(dict(topic_arns)),
            },
        )
        # A webhook takes about one message a second: many runs would only meet 429. But a Slack
        # that hangs must leave some for the other destinations.
        work.feed(self.deliver, at_once=5)
