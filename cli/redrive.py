"""Failed messages, sent again: deliveries to their destination's queue, summaries to theirs, events to
`detect`.

A message is deleted only after it was sent, so whoever stops this loses nothing. Sent twice is told once:
`deliver` claims each delivery, and what `detect` and `summarise` tell has the same id again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import TYPE_CHECKING

from cli.deployment import Deployment, NotReached, aws_errors_told
from cli.failures import (
    Failed,
    Reader,
    Reading,
    count_hidden,
    read_deliveries,
    read_events,
    read_summaries,
    receive,
    unhide,
)

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient

STACK_TAG, DESTINATION_TAG, FAILURES_TAG = (
    "thingwatch:stack",
    "thingwatch:destination",
    "thingwatch:failures",
)
"""As cdk/queues.py and cdk/delivery.py write them."""

SENT = "sent"
"""The fate of a message that is where it belongs, and no longer in its failure queue."""

_QUEUES = {
    "DeadLetterQueueUrl": "delivery",
    "SummaryDeadLetterQueueUrl": "summary",
    "DetectFailureQueueUrl": "event",
    "HandoverFailureQueueUrl": "event",
}
_READERS: Mapping[str, Reader] = {
    "delivery": read_deliveries,
    "summary": read_summaries,
    "event": read_events,
}
_SURE_PREFIX = 20
"""So much of a stack's name is in the names of its queues: CloudFormation cuts a long one."""


class NotSent(Exception):
    """A message that stays where it is; the text says why."""


class Redrive:
    """The failure queues of a deployed stack, as one run of the command looks at them.

    Each message is sent before the next few are received, so none shows itself again in between, however
    many there are.
    """

    def __init__(self, sqs: SQSClient, lambda_: LambdaClient, deployment: Deployment, *, stack: str) -> None:
        self._sqs = sqs
        self._lambda = lambda_
        self._deployment = deployment
        self._stack = stack
        self._looked_at: dict[str, Failed] = {}
        self._sent: set[tuple[str, str]] = set()
        self._queues: dict[str, str | None] = {}
        """By destination."""
        self._hidden: list[int] = []

    @property
    def hidden(self) -> int:
        """How many messages of the queues that were looked at SQS showed to nobody."""
        return sum(self._hidden)

    def find(self, kind: str | None = None) -> Iterator[Failed]:
        """What failed (all, or of one kind), and what waits for removed destinations."""
        own = [
            self._look(each, self._deployment.output(output), _READERS[each])
            for output, each in _QUEUES.items()
            if kind in (None, each)
        ]
        orphans = [self._look_if_there(*each) for each in self._find_orphans() if kind in (None, each[0])]
        # An empty queue answers after a second, so none waits for another.
        with ThreadPoolExecutor() as pool:
            asked = {pool.submit(next, look, None): look for look in (*own, *orphans)}
            while asked:
                done, _ = wait(asked, return_when=FIRST_COMPLETED)
                for future in done:
                    look = asked.pop(future)
                    if (batch := future.result()) is not None:
                        yield from batch
                        asked[pool.submit(next, look, None)] = look

    def _look(self, kind: str, url: str, read: Reader) -> Iterator[list[Failed]]:
        self._hidden.append(count_hidden(self._sqs, url))
        for batch in receive(self._sqs, kind, url, read):
            self._looked_at |= {each.message_id: each for each in batch}
            yield batch

    def _look_if_there(self, kind: str, url: str, read: Reader) -> Iterator[list[Failed]]:
        with suppress(self._sqs.exceptions.QueueDoesNotExist):
            yield from self._look(kind, url, read)

    def _find_orphans(self) -> Iterator[tuple[str, str, Reader]]:
        """Queues that are tagged as ours, and no output names them: of a destination that was removed, or of
        a stack of this name that was destroyed. Each with what it holds, and how that is read.
        """
        # By name: the rest of a queue's URL depends on the endpoint.
        known = {_name_of(each) for each in self._deployment.outputs.values()}
        pages = self._sqs.get_paginator("list_queues").paginate(
            QueueNamePrefix=self._stack[:_SURE_PREFIX],
            # SQS gives a next page only to a call that says how long a page is.
            PaginationConfig={"PageSize": 1000},
        )
        for url in (url for page in pages for url in page.get("QueueUrls", [])):
            if _name_of(url) not in known:
                tags = self._tags_of(url)
                if tags.get(STACK_TAG) != self._stack:
                    continue
                if DESTINATION_TAG in tags:
                    yield "delivery", url, _read_orphans
                elif (kind := tags.get(FAILURES_TAG, "")) in _READERS:
                    yield kind, url, _READERS[kind]

    def _tags_of(self, url: str) -> Mapping[str, str]:
        try:
            return self._sqs.list_queue_tags(QueueUrl=url).get("Tags", {})
        except self._sqs.exceptions.QueueDoesNotExist:
            # SQS lists a queue for up to a minute after it was deleted.
            return {}

    def send(self, failed: Failed) -> str:
        """Send a message again and take it out of its queue; what became of it: `SENT`, or why not."""
        try:
            with aws_errors_told():
                self._hand_over(failed)
        except (NotSent, NotReached) as error:
            return f"stays: {error}"
        try:
            with aws_errors_told():
                self._sqs.delete_message(QueueUrl=failed.queue_url, ReceiptHandle=failed.receipt_handle)
        except NotReached as error:
            return f"sent, but it stays in its failure queue too: {error}"
        del self._looked_at[failed.message_id]
        return SENT

    def _hand_over(self, failed: Failed) -> None:
        if failed.payload is None:
            raise NotSent("it can not be read")
        what = (failed.kind, failed.payload)
        if what in self._sent:
            # Perhaps it failed again at once; then it would go round and round.
            raise NotSent("the same was sent already by this command")
        if failed.kind == "event":
            name = self._deployment.output("DetectFunctionName")
            self._lambda.invoke(FunctionName=name, InvocationType="Event", Payload=failed.payload.encode())
        else:
            self._sqs.send_message(QueueUrl=self._target(failed), MessageBody=failed.payload)
        self._sent.add(what)

    def _target(self, failed: Failed) -> str:
        if failed.destination is None:
            return self._deployment.output("SummaryQueueUrl")
        if failed.destination not in self._queues:
            self._queues[failed.destination] = self._find_queue(failed.destination)
        url = self._queues[failed.destination]
        if url is None:
            raise NotSent(
                f"the config has no destination {failed.destination}; add it, deploy, and run this again"
            )
        return url

    def _find_queue(self, destination: str) -> str | None:
        url = self._deployment.outputs.get(f"DeliveryQueueUrl{destination.replace('-', '')}")
        # Names of outputs have no hyphens, so a destination that was removed may share one with another.
        is_its_own = url is not None and self._tags_of(url).get(DESTINATION_TAG) == destination
        return url if is_its_own else None

    def unhide_rest(self) -> None:
        """Let others receive at once what was looked at and not sent."""
        for url in {each.queue_url for each in self._looked_at.values()}:
            handles = [each.receipt_handle for each in self._looked_at.values() if each.queue_url == url]
            unhide(self._sqs, url, handles)
        self._looked_at.clear()


def _name_of(queue_url: str) -> str:
    return queue_url.rpartition("/")[2]


def _read_orphans(body: str, attributes: Mapping[str, str]) -> Reading:
    return read_deliveries(body, attributes)._replace(why="its destination was removed from the config")


def reach(deployment: Deployment, stack: str) -> Redrive:
    """The failure queues of a deployed stack."""
    session = deployment.session
    return Redrive(session.client("sqs"), session.client("lambda"), deployment, stack=stack)
