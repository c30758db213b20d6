"""The delivery queues, one for each destination."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    """Where `detect` and `summarise` leave deliveries, by destination. Raises SQS's own errors, or
    `NotQueued`.

    A destination that is no longer in the config, of a summary of an older release, has no queue: its
    deliveries are kept in the dead-letter queue, from where they can be sent on.
    """

    def __init__(
        self, client: SQSClient, queue_urls: Mapping[str, str], *, dead_letter_queue_url: str
    ) -> None:
        self._client = client
        self._queue_urls = queue_urls
        self._dead_letter_queue_url = dead_letter_queue_url

    def send(self, deliveries: Sequence[Delivery]) -> None:
        """See `DeliveryQueue.send`."""
        for name in dict.fromkeys(each.destination for each in deliveries):
            self._send([each for each in deliveries if each.destination == name], name)

    def _send(self, deliveries: Sequence[Delivery], name: str) -> None:
        url = self._queue_urls.get(name, self._dead_letter_queue_url)
        for start in range(0, len(deliveries), _BATCH):
            entries: list[SendMessageBatchRequestEntryTypeDef] = [
                {"Id": str(number), "MessageBody": write_delivery(delivery)}
                for number, delivery in enumerate(deliveries[start : start + _BATCH])
            ]
            if name not in self._queue_urls:
                reason = f"the config knows no destination {name}"
                for entry in entries:
                    entry["MessageAttributes"] = {"reason": {"DataType": "String", "StringValue": reason}}
            answer = self._client.send_message_batch(QueueUrl=url, Entries=entries)
            if failed := answer.get("Failed"):
                # SQS answers 200 when only a part was refused.
                codes = ", ".join(sorted({entry["Code"] for entry in failed}))
                raise NotQueued(f"SQS refused {len(failed)} of {len(entries)} deliveries: {codes}")
