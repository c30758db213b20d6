"""Messages of the queues that Lambda reads for us: what they are, and what becomes of those that fail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from math import ceil
from typing import TYPE_CHECKING, Any

from handlers.pipeline.messages import Failure, QueueMessage

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


def read_messages(event: Mapping[str, Any]) -> list[QueueMessage]:
    """The messages of a batch: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html."""
    return [
        QueueMessage(
            message_id=record["messageId"],
            receipt_handle=record["receiptHandle"],
            body=record["body"],
            receives=int(record["attributes"]["ApproximateReceiveCount"]),
            sent=datetime.fromtimestamp(int(record["attributes"]["SentTimestamp"]) / 1000, UTC),
        )
        for record in event["Records"]
    ]


def hand_out_again(messages: Iterable[QueueMessage]) -> Mapping[str, Any]:
    """The answer to Lambda that these messages are not done."""
    return {"batchItemFailures": [{"itemIdentifier": each.message_id} for each in messages]}


def describe_failure(failure: Failure) -> dict[str, Any]:
    """The fields of a log line that say why a message failed."""
    about: dict[str, Any] = {"reason": failure.reason}
    if failure.delay is not None:
        about["delay_seconds"] = failure.delay.total_seconds()
    return about


def name_of_queue(event: Mapping[str, Any]) -> str:
    """The queue of a batch; all its messages come from one."""
    arn: str = event["Records"][0]["eventSourceARN"]
    return arn.rpartition(":")[2]


class SqsRetries:
    """What becomes of a message of a queue whose work can not be done now, or never."""

    def __init__(self, client: SQSClient, *, queue: str, dead_letter_queue_url: str) -> None:
        self._client = client
        self._queue = queue
        self._dead_letter_queue_url = dead_letter_queue_url

    @cached_property
    def _queue_url(self) -> str:
        # Asked only where something failed, so that no function has to know the URLs of all queues.
        return self._client.get_queue_url(QueueName=self._queue)["QueueUrl"]

    def wait(self, receipt_handle: str, delay: timedelta) -> None:
        """Hide the message for `delay`; then the queue hands it out again."""
        self._client.change_message_visibility(
            QueueUrl=self._queue_url,
            ReceiptHandle=receipt_handle,
            VisibilityTimeout=ceil(delay.total_seconds()),
        )

    def give_up(self, body: str, reason: str) -> None:
        """Keep the message whole in the dead-letter queue, with the reason as an attribute."""
        self._client.send_message(
            QueueUrl=self._dead_letter_queue_url,
            MessageBody=body,
            MessageAttributes={"reason": {"DataType": "String", "StringValue": reason}},
        )
