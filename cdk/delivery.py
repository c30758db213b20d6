"""From the delivery queues to Slack and SNS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import Duration, Stack, Tags
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk.context import Settings
from cdk.function import PythonFunction
from cdk.queues import STACK_TAG, make_failure_queue, make_work_queue

_TIMEOUT_SECONDS = 75
"""Shorter than the lease of a claim: see LEASE in handlers/deliver.py."""

_AT_ONCE = 2
"""Runs for one destination: the fewest that an event source mapping takes. A webhook takes about one message
a second, so more would only meet 429."""

_BATCH = 10
"""Deliveries of one run: what waits becomes one digest in Slack, one call to SNS."""

DESTINATION_TAG = "thingwatch:destination"
"""By this the queue of a destination that was removed is found again."""


class Delivery(Construct):
    """A queue for each destination, so that none waits for another, one queue for the dead letters of all,
    and `deliver`, which sends.

    The queue of a destination that is no longer in the config is kept, with what waits in it, unless the
    deployment is `ephemeral`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        code: lambda_.Code,
        destinations: Sequence[str],
        topic_arns: Mapping[str, str],
        table_name: str,
        settings: Settings,
    ) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = make_failure_queue(self, "DeadLetters", settings, holds="delivery")
        self.deliver = PythonFunction(
            self,
            "Deliver",
            module="deliver",
            code=code,
            description="Sends the alerts of one destination",
            timeout=Duration.seconds(_TIMEOUT_SECONDS),
            environment={
                "STATE_TABLE": table_name,
                "DEAD_LETTER_QUEUE_URL": self.dead_letters.queue_url,
                "TOPIC_ARNS": Stack.of(self).to_json_string(dict(topic_arns)),
            },
            settings=settings,
        )
        self.queues = {name: self._make_queue(name, settings) for name in destinations}

    def _make_queue(self, destination: str, settings: Settings) -> sqs.Queue:
        work = make_work_queue(
            self, f"Queue-{destination}", timeout_seconds=_TIMEOUT_SECONDS, dead_letters=self.dead_letters
        )
        work.queue.apply_removal_policy(settings.removal_policy)
        Tags.of(work.queue).add(STACK_TAG, Stack.of(self).stack_name)
        Tags.of(work.queue).add(DESTINATION_TAG, destination)
        work.feed(self.deliver, at_once=_AT_ONCE, batch=_BATCH)
        return work.queue

    @property
    def addresses(self) -> Mapping[str, str]:
        """What a function has to know to leave deliveries."""
        urls = {name: queue.queue_url for name, queue in self.queues.items()}
        return {
            "DELIVERY_QUEUE_URLS": Stack.of(self).to_json_string(urls),
            "DELIVERY_DEAD_LETTER_QUEUE_URL": self.dead_letters.queue_url,
        }

    def take_from(self, role: iam.Role) -> None:
        """Let a role leave deliveries."""
        for queue in (*self.queues.values(), self.dead_letters):
            queue.grant(role, "sqs:SendMessage")
