"""SNS topics that the stack made, one for each destination with `sns: create`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from handlers.core.alerts import Alert
from handlers.core.renderings.sns import render_sns
from handlers.core.ruleset import Destination
from handlers.pipeline import TryAgain, Undeliverable

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

_PERMANENT = frozenset({"InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid"})


class SnsTopic:
    """Publishes alerts to the topic of a destination."""

    def __init__(self, client: SNSClient, topic_arns: Mapping[str, str]) -> None:
        self._client = client
        self._topic_arns = topic_arns

    def send(self, alert: Alert, destination: Destination) -> None:
        """See `Sender.send`."""
        message = render_sns(alert)
        try:
            self._client.publish(
                TopicArn=self._topic_arns[destination.name],
                Subject=message.subject,
                Message=message.message,
                MessageStructure="json",
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value}
                    for name, value in message.attributes.items()
                },
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _PERMANENT:
                raise Undeliverable(f"SNS refuses the message: {code}") from error
            raise TryAgain(f"SNS answered {code}") from error
        except BotoCoreError as error:
            raise TryAgain(f"SNS can not be reached: {type(error).__name__}") from error
