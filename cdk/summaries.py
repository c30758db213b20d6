"""From what was held back to rollups."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from cdk.context import Settings
from cdk.delivery import Delivery
from cdk.function import PythonFunction
from cdk.queues import make_failure_queue, make_work_queue

_TIMEOUT_SECONDS = 120


class Summaries(Construct):
    """The queue in which summaries wait until they are due, with its dead-letter queue, and `summarise`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        code: lambda_.Code,
        delivery: Delivery,
        table_name: str,
        settings: Settings,
    ) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = make_failure_queue(self, "DeadLetters", settings, holds="summary")
        work = make_work_queue(
            self, "Queue", timeout_seconds=_TIMEOUT_SECONDS, dead_letters=self.dead_letters
        )
        self.queue = work.queue
        self.summarise = PythonFunction(
            self,
            "Summarise",
            module="summarise",
            code=code,
            description="Counts the alerts that were held back, and queues their rollups",
            timeout=Duration.seconds(_TIMEOUT_SECONDS),
            environment={
                "STATE_TABLE": table_name,
                **delivery.addresses,
                "SUMMARY_QUEUE_URL": self.queue.queue_url,
                "DEAD_LETTER_QUEUE_URL": self.dead_letters.queue_url,
            },
            settings=settings,
        )
        # The summaries of one bucket would only wait for each other. One a run: a crash touches no other.
        work.feed(self.summarise, at_once=2, batch=1)
