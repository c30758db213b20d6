"""The delivery queue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from handlers.core.alerts import Delivery, write_delivery

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

_BATCH = 10
"""Most messages of one SendMessageBatch call."""


class NotQueued(Exception):
    """SQS took a batch but refused some of its messages."""


class SqsDeliveries:
    """Where `detect` leaves deliveries. Raises SQS's own errors, or `NotQueued`."""

    def __init__(self, client: SQSClient, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, deliveries: Sequence[Delivery]) -> None:
        """See `DeliveryQueue.send`."""
        for start in range(0, len(deliveries), _BATCH):
            entries: list[SendMessageBatchRequestEntryTypeDef] = [
                {"Id": str(number), "MessageBody": write_delivery(delivery)}
                for number, delivery in enumerate(deliveries[start : start + _BATCH])
            ]
            answer = self._client.send_message_batch(QueueUrl=self._queue_url, Entries=entries)
            if failed := answer.get("Failed"):
                # SQS answers 200 when only a part was refused.
                codes = ", ".join(sorted({entry["Code"] for entry in failed}))
                raise NotQueued(f"SQS refused {len(failed)} of {len(entries)} deliveries: {codes}")
