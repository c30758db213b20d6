"""From the delivery queue to Slack and SNS."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Duration, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk.function import PythonFunction
from cdk.queues import RETENTION, make_failure_queue

TRIES = 500
"""A delivery is tried again every 7 to 15 minutes in the end, so this is about four days.
It must come to its end well before the queue's retention does: SQS deletes an expired
message, it does not move it to the dead-letter queue."""


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
        self.dead_letters = make_failure_queue(self, "DeadLetters")
        self.queue = sqs.Queue(
            self,
            "Queue",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=RETENTION,
            # AWS asks for six times the function's timeout:
            # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
            visibility_timeout=Duration.seconds(6 * 75),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=TRIES),
        )
        self.deliver = PythonFunction(
            self,
            "Deliver",
            module="deliver",
            code=code,
            description="Sends one alert to one destination",
            # Shorter than the lease of a claim: see LEASE in handlers/deliver.py.
            timeout=Duration.seconds(75),
            environment={
                "STATE_TABLE": table_name,
                "DELIVERY_QUEUE_URL": self.queue.queue_url,
                "DEAD_LETTER_QUEUE_URL": self.dead_letters.queue_url,
                "TOPIC_ARNS": Stack.of(self).to_json_string(dict(topic_arns)),
            },
        )
        self.queue.grant(
            self.deliver.role,
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ChangeMessageVisibility",
        )
        self.dead_letters.grant(self.deliver.role, "sqs:SendMessage")
        self.deliver.function.add_event_source(
            event_sources.SqsEventSource(
                self.queue,
                # One message a run: a crash touches no other delivery.
                batch_size=1,
                # A webhook takes about one message a second: many runs would only meet 429. But a Slack
                # that hangs must leave some for the other destinations.
                max_concurrency=5,
                report_batch_item_failures=True,
            )
        )
