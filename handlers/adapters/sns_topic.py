"""SNS topics: those that the stack made (`sns: create`) and those that were there before, in any Region."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from handlers.core.alerts import Alert
from handlers.core.destinations import Destination
from handlers.core.renderings.amazon_q import render_amazon_q
from handlers.core.renderings.sns import list_attributes, render_sns
from handlers.pipeline import TryAgain, Undeliverable

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sns.type_defs import MessageAttributeValueTypeDef, PublishBatchRequestEntryTypeDef

_PERMANENT = frozenset({"InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid"})

# https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
_MOST_ENTRIES = 10
_CALL_LIMIT = 256 * 1024


class SnsTopic:
    """Publishes alerts to the topic of a destination. `client_in` gives the client of a Region: a topic
    takes messages only at the endpoint of its own. `topic_arns` are those that the stack made.
    """

    def __init__(self, client_in: Callable[[str], SNSClient], topic_arns: Mapping[str, str]) -> None:
        self._client_in = client_in
        self._topic_arns = topic_arns

    def send(self, alerts: Sequence[Alert], destination: Destination) -> Sequence[Exception | None]:
        """See `Sender.send`: ten alerts a call, or as many as fit."""
        topic_arn = destination.topic or self._topic_arns[destination.name]
        client = self._client_in(topic_arn.split(":")[3])
        entries = [_entry(number, alert, destination) for number, alert in enumerate(alerts)]
        outcomes: dict[str, Exception | None] = {}
        for batch in _batches(entries):
            outcomes |= _publish(client, topic_arn, batch)
        return [outcomes[str(number)] for number in range(len(alerts))]


def _publish(
    client: SNSClient, topic_arn: str, batch: list[PublishBatchRequestEntryTypeDef]
) -> dict[str, Exception | None]:
    """Publish a batch; by entry what went wrong."""
    try:
        answer = client.publish_batch(TopicArn=topic_arn, PublishBatchRequestEntries=batch)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _PERMANENT and len(batch) > 1:
            # Perhaps because of one of them alone.
            return {
                name: wrong for each in batch for name, wrong in _publish(client, topic_arn, [each]).items()
            }
        return dict.fromkeys((each["Id"] for each in batch), _judge(code))
    except (BotoCoreError, ResponseParserError) as error:
        wrong = TryAgain(f"SNS can not be reached: {type(error).__name__}")
        return dict.fromkeys((each["Id"] for each in batch), wrong)
    failed = {each["Id"]: _judge(each["Code"]) for each in answer.get("Failed", [])}
    return {each["Id"]: failed.get(each["Id"]) for each in batch}


def _judge(code: str) -> Exception:
    if code in _PERMANENT:
        return Undeliverable(f"SNS refuses the message: {code}")
    return TryAgain(f"SNS answered {code}")


def _batches(
    entries: list[PublishBatchRequestEntryTypeDef],
) -> Iterator[list[PublishBatchRequestEntryTypeDef]]:
    """The entries in batches that SNS takes: a call holds as much as a single message may."""
    batch: list[PublishBatchRequestEntryTypeDef] = []
    size = 0
    for entry in entries:
        length = len(json.dumps(entry, ensure_ascii=False).encode())
        if batch and (size + length > _CALL_LIMIT or len(batch) == _MOST_ENTRIES):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += length
    if batch:
        yield batch


def _entry(number: int, alert: Alert, destination: Destination) -> PublishBatchRequestEntryTypeDef:
    attributes = {name: _attribute(value) for name, value in list_attributes(alert).items()}
    if destination.form == "amazon-q":
        return {"Id": str(number), "Message": render_amazon_q(alert), "MessageAttributes": attributes}
    message = render_sns(alert)
    return {
        "Id": str(number),
        "Subject": message.subject,
        "Message": message.message,
        "MessageStructure": "json",
        "MessageAttributes": attributes,
    }


def _attribute(value: str | int) -> MessageAttributeValueTypeDef:
    return {"DataType": "Number" if isinstance(value, int) else "String", "StringValue": str(value)}
