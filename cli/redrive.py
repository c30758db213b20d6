"""Failed messages, sent again: deliveries to their destination's queue, summaries to theirs, events to
`detect`.

A message is deleted only after it was sent, so whoever stops this loses nothing. Sent twice is told once:
`deliver` claims each delivery, and what `detect` and `summarise` tell has the same id again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli.deployment import Deployment
from cli.failures import Failed, read_deliveries, read_events, read_summaries, receive

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient

STACK_TAG, DESTINATION_TAG = "thingwatch:stack", "thingwatch:destination"
"""As cdk/delivery.py writes them."""

_QUEUES = {
    "DeadLetterQueueUrl": ("delivery", read_deliveries),
    "SummaryDeadLetterQueueUrl": ("summary", read_summaries),
    "DetectFailureQueueUrl": ("event", read_events),
    "HandoverFailureQueueUrl": ("event", read_events),
}


class NotSent(Exception):
    """A message that stays where it is; the text says why."""


@dataclass(frozen=True)
class Redrive:
    """The failure queues of a deployed stack."""

    sqs: SQSClient
    lambda_: LambdaClient
    deployment: Deployment
    stack: str

    def find(self) -> Iterator[Failed]:
        """Everything that failed, and what waits for destinations that config has no more."""
        for output, (kind, read) in _QUEUES.items():
            yield from receive(self.sqs, kind, self.deployment.output(output), read)
        for url in self._find_orphans():
            yield from receive(self.sqs, "delivery", url, _read_orphans)

    def _find_orphans(self) -> Iterator[str]:
        """The queues of removed destinations: tagged as ours, and no output names them."""
        known = set(self.deployment.outputs.values())
        pages = self.sqs.get_paginator("list_queues").paginate(QueueNamePrefix=f"{self.stack}-")
        for url in (url for page in pages for url in page.get("QueueUrls", [])):
            if url not in known:
                tags = self.sqs.list_queue_tags(QueueUrl=url).get("Tags", {})
                if tags.get(STACK_TAG) == self.stack and DESTINATION_TAG in tags:
                    yield url

    def send(self, failed: Failed) -> None:
        """Send a message again and take it out of its queue. Raises `NotSent`."""
        if failed.payload is None:
            raise NotSent("it can not be read")
        if failed.kind == "event":
            name = self.deployment.output("DetectFunctionName")
            self.lambda_.invoke(FunctionName=name, InvocationType="Event", Payload=failed.payload.encode())
        else:
            self.sqs.send_message(QueueUrl=self._target(failed), MessageBody=failed.payload)
        self.sqs.delete_message(QueueUrl=failed.queue_url, ReceiptHandle=failed.receipt_handle)

    def _target(self, failed: Failed) -> str:
        if failed.destination is None:
            return self.deployment.output("SummaryQueueUrl")
        return find_queue(failed.destination, self.deployment.outputs)

    def show_again(self, failed: Sequence[Failed]) -> None:
        """Let others receive what was only looked at."""
        for each in failed:
            self.sqs.change_message_visibility(
                QueueUrl=each.queue_url, ReceiptHandle=each.receipt_handle, VisibilityTimeout=0
            )


def find_queue(destination: str, outputs: Mapping[str, str]) -> str:
    """The queue of a destination. Raises `NotSent`."""
    url = outputs.get(f"DeliveryQueueUrl{destination.replace('-', '')}")
    if url is None:
        raise NotSent(f"the config has no destination {destination}; add it, deploy, and run this again")
    return url


def _read_orphans(body: str, attributes: Mapping[str, str]) -> tuple[str, str, str | None, str | None]:
    what, _, destination, payload = read_deliveries(body, attributes)
    return what, "its destination was removed from the config", destination, payload


def reach(deployment: Deployment, stack: str) -> Redrive:
    """The failure queues of a deployed stack."""
    session = deployment.session
    return Redrive(session.client("sqs"), session.client("lambda"), deployment, stack)
