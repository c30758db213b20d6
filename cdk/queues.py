"""Queues as we make them: encrypted, only over TLS, and keeping what they hold for two weeks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from aws_cdk import Duration, Stack, Tags
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk.context import Settings
from cdk.function import PythonFunction

RETENTION = Duration.days(14)
"""The longest that SQS offers."""
TRIES = 500
"""A message is tried again every 7 to 15 minutes in the end, so this is about four days.
It must come to its end well before the queue's retention does: SQS deletes an expired
message, it does not move it to the dead-letter queue."""

STACK_TAG = "thingwatch:stack"
"""The name of the stack whose queue it is. A queue that outlives its stack is found again by it."""
FAILURES_TAG = "thingwatch:failures"
"""Of a failure queue: what failed."""


def make_failure_queue(
    scope: Construct,
    construct_id: str,
    settings: Settings,
    *,
    holds: Literal["delivery", "summary", "event"],
) -> sqs.Queue:
    """A queue that keeps whole what could not be processed, until somebody looks."""
    queue = sqs.Queue(
        scope,
        construct_id,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=RETENTION,
        removal_policy=settings.removal_policy,
    )
    Tags.of(queue).add(STACK_TAG, Stack.of(scope).stack_name)
    Tags.of(queue).add(FAILURES_TAG, holds)
    return queue


@dataclass(frozen=True, slots=True)
class WorkQueue:
    """A queue whose messages a function processes, and the queue of those that it can not process."""

    queue: sqs.Queue
    dead_letters: sqs.Queue

    def feed(self, worker: PythonFunction, *, at_once: int, batch: int) -> None:
        """Let so many runs of a function process the messages, each up to `batch`, and keep what it gives
        up.
        """
        self.queue.grant(
            worker.role,
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:GetQueueUrl",
            "sqs:ChangeMessageVisibility",
        )
        self.dead_letters.grant(worker.role, "sqs:SendMessage")
        worker.function.add_event_source(
            event_sources.SqsEventSource(
                self.queue,
                batch_size=batch,
                max_concurrency=at_once,
                report_batch_item_failures=True,
            )
        )


def make_work_queue(
    scope: Construct, construct_id: str, *, timeout_seconds: int, dead_letters: sqs.Queue
) -> WorkQueue:
    """A queue for a function with this timeout."""
    queue = sqs.Queue(
        scope,
        construct_id,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=RETENTION,
        # AWS asks for six times the function's timeout:
        # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
        visibility_timeout=Duration.seconds(6 * timeout_seconds),
        dead_letter_queue=sqs.DeadLetterQueue(queue=dead_letters, max_receive_count=TRIES),
    )
    return WorkQueue(queue, dead_letters)
