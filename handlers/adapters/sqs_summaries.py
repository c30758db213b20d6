"""The queue in which summaries wait until they are due."""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING

from handlers.core.rollups import Summary, write_summary

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

LONGEST_DELAY = timedelta(minutes=15)
"""The most that SQS delays a message:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html"""


class SqsSummaries:
    """Where `detect` leaves summaries, and `summarise` those that are not due. Raises SQS's own errors."""

    def __init__(self, client: SQSClient, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def ask(self, summary: Summary, *, delay: timedelta) -> None:
        """See `SummaryQueue.ask`."""
        self._client.send_message(
            QueueUrl=self._queue_url,
            MessageBody=write_summary(summary),
            DelaySeconds=ceil(min(delay, LONGEST_DELAY).total_seconds()),
        )
