"""What lies in the failure queues of a deployed stack, in people's words: what it is, since when, and why."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

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


Reader = Callable[[str, Mapping[str, str]], tuple[str, str, str | None, str | None]]
"""From a body and its attributes: what it is, why it failed, its destination, and what is sent again."""


def read_deliveries(body: str, attributes: Mapping[str, str]) -> tuple[str, str, str | None, str | None]:
    """A delivery, kept by `deliver` with the reason, or by SQS after its last try."""
    why = attributes.get("reason", _TRIED_OUT)
    try:
        delivery = read_delivery(body)
    except (BadDelivery, UnknownDelivery) as error:
        return clean(body), f"{why} ({error})", None, None
    return render_title(delivery.alert), why, clean(delivery.destination), body


def read_summaries(body: str, attributes: Mapping[str, str]) -> tuple[str, str, str | None, str | None]:
    """A summary that could not be told."""
    why = attributes.get("reason", _TRIED_OUT)
    try:
        summary = read_summary(body)
    except (BadSummary, UnknownSummary) as error:
        return clean(body), f"{why} ({error})", None, None
    of = summary.alert.title_of_many or summary.alert.operation or summary.alert.rule
    return f"the rollup of: {of}", why, None, body


def read_events(body: str, attributes: Mapping[str, str]) -> tuple[str, str, str | None, str | None]:
    """An event, in Lambda's record of the failure, or as EventBridge could not hand it over:
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html and
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html.
    """
    try:
        data = as_mapping(json.loads(body))
    except (ValueError, RecursionError):
        return clean(body), "it is not JSON", None, None
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
    return what, why, None, json.dumps(event) if event else None


class Depth(NamedTuple):
    """How many messages a queue holds, as far as SQS knows: it learns of a change within a minute."""

    shown: int
    hidden: int
    """Somebody looks at them, or was stopped while looking."""


def read_depth(sqs: SQSClient, queue_url: str) -> Depth:
    """How many messages a queue holds."""
    found = sqs.get_queue_attributes(
        QueueUrl=queue_url,
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )["Attributes"]
    return Depth(
        shown=int(found["ApproximateNumberOfMessages"]),
        hidden=int(found["ApproximateNumberOfMessagesNotVisible"]),
    )


def receive(
    sqs: SQSClient, kind: str, queue_url: str, read: Reader, *, expected: int
) -> Iterator[list[Failed]]:
    """Every message of a queue, each once, in batches; it stays there, hidden for `HIDDEN_MINUTES`."""
    seen: set[str] = set()
    while True:
        answer = sqs.receive_message(
            QueueUrl=queue_url,
            MaxNumberOfMessages=_BATCH,
            VisibilityTimeout=60 * HIDDEN_MINUTES,
            # A call that does not wait asks some of SQS's servers, and may find nothing where something is:
            # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
            WaitTimeSeconds=1 if len(seen) < expected else 0,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["SentTimestamp"],
        )
        new = [each for each in answer.get("Messages", []) if each["MessageId"] not in seen]
        if not new:
            return
        seen.update(each["MessageId"] for each in new)
        yield [_make(message, kind, queue_url, read) for message in new]


def show_messages(sqs: SQSClient, queue_url: str, receipt_handles: Sequence[str]) -> None:
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
    what, why, destination, payload = read(message["Body"], attributes)
    sent = int(message.get("Attributes", {}).get("SentTimestamp", "0"))
    return Failed(
        kind=kind,
        queue_url=queue_url,
        message_id=message["MessageId"],
        receipt_handle=message["ReceiptHandle"],
        body=message["Body"],
        since=datetime.fromtimestamp(sent / 1000, UTC),
        what=clean(what),
        why=clean(why),
        destination=destination,
        payload=payload,
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
    }
