"""What lies in the failure queues of a deployed stack, in people's words: what it is, since when, and why."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from handlers.core.alerts import BadDelivery, UnknownDelivery, read_delivery
from handlers.core.record import as_mapping
from handlers.core.renderings.text import render_title
from handlers.core.rollups import BadSummary, UnknownSummary, read_summary
from handlers.core.text import clean, show

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_TRIED_OUT = "it was tried again for days without success"
HIDDEN_MINUTES = 5
"""So long a message that is looked at is hidden from others, unless it is shown again before."""
_BATCH = 10
"""Most messages of one call to SQS."""
WAIT_SECONDS = 1
"""A call that does not wait asks some of SQS's servers, and may find nothing where something is:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html"""
_MOST_REPEATED = 3
"""SQS may hand out a message twice. So many answers in a row that hold nothing new are the end of a queue."""


@dataclass(frozen=True, slots=True)
class Failed:
    """One message that could not be processed."""

    kind: str
    """`delivery`, `summary` or `event`."""
    queue_url: str
    message_id: str
    receipt_handle: str
    body: str
    since: datetime
    what: str
    why: str
    destination: str | None = None
    """Of a delivery."""
    payload: str | None = None
    """What is sent again; None where it can not be read."""


class Reading(NamedTuple):
    """What the body of a failed message says; the fields are those of `Failed`."""

    what: str
    why: str
    destination: str | None = None
    payload: str | None = None


Reader = Callable[[str, Mapping[str, str]], Reading]
"""Reads a body and its attributes."""


def read_deliveries(body: str, attributes: Mapping[str, str]) -> Reading:
    """A delivery, kept by `deliver` with the reason, or by SQS after its last try."""
    why = attributes.get("reason", _TRIED_OUT)
    try:
        delivery = read_delivery(body)
    except (BadDelivery, UnknownDelivery) as error:
        return Reading(clean(body), f"{why} ({error})")
    return Reading(render_title(delivery.alert), why, clean(delivery.destination), body)


def read_summaries(body: str, attributes: Mapping[str, str]) -> Reading:
    """A summary that could not be told."""
    why = attributes.get("reason", _TRIED_OUT)
    try:
        summary = read_summary(body)
    except (BadSummary, UnknownSummary) as error:
        return Reading(clean(body), f"{why} ({error})")
    of = summary.alert.title_of_many or summary.alert.operation or summary.alert.rule
    return Reading(f"the rollup of: {of}", why, payload=body)


def read_events(body: str, attributes: Mapping[str, str]) -> Reading:
    """An event, in Lambda's record of the failure, or as EventBridge could not hand it over:
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html and
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html.
    """
    try:
        data = as_mapping(json.loads(body))
    except (ValueError, RecursionError):
        return Reading(clean(body), "it is not JSON")
    if "requestPayload" in data:
        event, answer = as_mapping(data["requestPayload"]), as_mapping(data.get("responsePayload"))
        condition = as_mapping(data.get("requestContext")).get("condition", "it failed")
        why = f"{show(answer.get('errorType', condition))}: {show(answer.get('errorMessage', 'no message'))}"
    else:
        event = data
        code, message = (attributes.get(name) for name in ("ERROR_CODE", "ERROR_MESSAGE"))
        why = f"EventBridge could not hand it over: {code or 'no code'}, {message or 'no message'}"
    detail = as_mapping(event.get("detail"))
    service = show(detail.get("eventSource", "an unknown service")).partition(".")[0]
    what = f"{service}:{show(detail.get('eventName', 'an unknown call'))}"
    if "eventID" in detail:
        what = f"{what}, event {show(detail['eventID'])}"
    return Reading(what, why, payload=json.dumps(event) if event else None)


def count_hidden(sqs: SQSClient, queue_url: str) -> int:
    """How many messages a queue shows to nobody now, as far as SQS knows: it learns of a change within a
    minute.
    """
    name: Literal["ApproximateNumberOfMessagesNotVisible"] = "ApproximateNumberOfMessagesNotVisible"
    return int(sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=[name])["Attributes"][name])


def receive(sqs: SQSClient, kind: str, queue_url: str, read: Reader) -> Iterator[list[Failed]]:
    """Every message of a queue, each once, in batches; it stays there, hidden for `HIDDEN_MINUTES`."""
    seen: set[str] = set()
    repeated = 0
    while repeated < _MOST_REPEATED:
        answer = sqs.receive_message(
            QueueUrl=queue_url,
            MaxNumberOfMessages=_BATCH,
            VisibilityTimeout=60 * HIDDEN_MINUTES,
            WaitTimeSeconds=WAIT_SECONDS,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["SentTimestamp"],
        ).get("Messages", [])
        if not answer:
            return
        new = [each for each in answer if each["MessageId"] not in seen]
        seen.update(each["MessageId"] for each in new)
        repeated = 0 if new else repeated + 1
        yield [_make(message, kind, queue_url, read) for message in new]


def unhide(sqs: SQSClient, queue_url: str, receipt_handles: Sequence[str]) -> None:
    """Let others receive messages that were only looked at."""
    for start in range(0, len(receipt_handles), _BATCH):
        # What SQS answers that it can not show is shown or deleted already: the call as such succeeds.
        sqs.change_message_visibility_batch(
            QueueUrl=queue_url,
            Entries=[
                {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                for number, handle in enumerate(receipt_handles[start : start + _BATCH])
            ],
        )


def _make(message: MessageTypeDef, kind: str, queue_url: str, read: Reader) -> Failed:
    attributes = {
        name: value.get("StringValue", "") for name, value in message.get("MessageAttributes", {}).items()
    }
    reading = read(message["Body"], attributes)
    sent = int(message.get("Attributes", {}).get("SentTimestamp", "0"))
    return Failed(
        kind=kind,
        queue_url=queue_url,
        message_id=message["MessageId"],
        receipt_handle=message["ReceiptHandle"],
        body=message["Body"],
        since=datetime.fromtimestamp(sent / 1000, UTC),
        what=clean(reading.what),
        why=clean(reading.why),
        destination=reading.destination,
        payload=reading.payload,
    )


def failed_data(failed: Failed, *, fate: str) -> dict[str, Any]:
    """A failed message as JSON types; `fate` is what became of it."""
    return {
        "id": failed.message_id,
        "kind": failed.kind,
        "what": failed.what,
        "since": f"{failed.since:%Y-%m-%dT%H:%M:%SZ}",
        "why": failed.why,
        "destination": failed.destination,
        "fate": fate,
        "body": failed.body,
    }
