"""From what was held back to rollups."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk.function import PythonFunction
from cdk.queues import make_work_queue

_TIMEOUT_SECONDS = 120


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
        work = make_work_queue(self, timeout_seconds=_TIMEOUT_SECONDS)
        self.queue, self.dead_letters = work.queue, work.dead_letters
        self.summarise = PythonFunction(
            self,
            "Summarise",
            module="summarise",
            code=code,
            description="Counts the alerts that were held back, and queues their rollups",
            timeout=Duration.seconds(_TIMEOUT_SECONDS),
            environment={
                "STATE_TABLE": table_name,
                "DELIVERY_QUEUE_URL": delivery_queue.queue_url,
                "SUMMARY_QUEUE_URL": self.queue.queue_url,
                "DEAD_LETTER_QUEUE_URL": self.dead_letters.queue_url,
            },
        )
        # The summaries of one bucket would only wait for each other.
        work.feed(self.summarise, at_once=2)
