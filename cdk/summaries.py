"""From what was held back to rollups."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk.function import PythonFunction
from cdk.queues import RETENTION, make_failure_queue

TRIES = 500
"""As many as a delivery has: about four days."""


class Summaries(Construct):
    """The queue in which summaries wait until they are due, with its dead-letter queue, and `summarise`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        code: lambda_.Code,
        delivery_queue: sqs.IQueue,
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
            visibility_timeout=Duration.seconds(6 * 120),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=TRIES),
        )
        self.summarise = PythonFunction(
            self,
            "Summarise",
            module="summarise",
            code=code,
            description="Counts the alerts that were held back, and queues their rollups",
            timeout=Duration.seconds(120),
            environment={
                "STATE_TABLE": table_name,
                "DELIVERY_QUEUE_URL": delivery_queue.queue_url,
                "SUMMARY_QUEUE_URL": self.queue.queue_url,
                "DEAD_LETTER_QUEUE_URL": self.dead_letters.queue_url,
            },
        )
        self.queue.grant(
            self.summarise.role,
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ChangeMessageVisibility",
            "sqs:SendMessage",
        )
        self.dead_letters.grant(self.summarise.role, "sqs:SendMessage")
        self.summarise.function.add_event_source(
            event_sources.SqsEventSource(
                self.queue,
                # One message a run: a crash touches no other summary.
                batch_size=1,
                # The summaries of one bucket would only wait for each other.
                max_concurrency=2,
                report_batch_item_failures=True,
            )
        )
