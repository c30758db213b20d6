"""A subscriber of an SNS topic: what a pager, a ticket system or a lake would receive."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from local.aws import EmbeddedAws

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef


def read_alert(text: str) -> Mapping[str, Any]:
    """What a subscriber makes of an alert's JSON (docs/alert.schema.json); None for what it does not have."""
    finding = json.loads(text)
    unmapped, (evidence, *_) = finding["unmapped"], finding.get("evidences", [{}])
    user = evidence.get("actor", {}).get("user", {"name": None, "type": None})
    return {
        "severity": finding["severity"].lower(),
        "title": finding["message"],
        "subject": next((each["name"] for each in finding.get("resources", [])), None),
        "actor": {"name": user["name"], "kind": user["type"]},
        "shown": unmapped.get("parameters", {}),
        "reasons": unmapped["reasons"],
        **{name: unmapped.get(name) for name in ("kind", "rule", "operation", "story", "rollup")},
    }


class Inbox:
    """A queue that is subscribed to a topic with raw delivery; `alerts` are those received so far, each as
    `read` reads it.
    """

    def __init__(
        self,
        aws: EmbeddedAws,
        topic_arn: str,
        name: str = "inbox",
        *,
        read: Callable[[str], Mapping[str, Any]] = read_alert,
    ) -> None:
        self._read = read
        self._sqs = aws.client("sqs")
        self._queue_url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._queue_url, AttributeNames=["QueueArn"])
        queue_arn = attributes["Attributes"]["QueueArn"]
        self._sqs.set_queue_attributes(
            QueueUrl=self._queue_url, Attributes={"Policy": _let_in(topic_arn, queue_arn)}
        )
        aws.client("sns").subscribe(
            TopicArn=topic_arn,
            Protocol="sqs",
            Endpoint=queue_arn,
            Attributes={"RawMessageDelivery": "true"},
        )
        self.alerts: list[Mapping[str, Any]] = []
        self.received: list[datetime] = []
        """When each of them was taken."""

    def poll(self) -> list[Mapping[str, Any]]:
        """Take all that has arrived, and return all alerts so far."""
        while messages := self._receive():
            for message in messages:
                self.alerts.append(self._read(message["Body"]))
                self.received.append(datetime.now(UTC))
                self._sqs.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"])
        return self.alerts

    def _receive(self) -> list[MessageTypeDef]:
        answer = self._sqs.receive_message(QueueUrl=self._queue_url, MaxNumberOfMessages=10)
        return answer.get("Messages", [])


def _let_in(topic_arn: str, queue_arn: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
