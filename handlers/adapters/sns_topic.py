"""SNS topics: those that the stack made (`sns: create`) and those that were there before, in any Region."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from handlers.core.alerts import Alert
from handlers.core.destinations import Destination
from handlers.core.renderings.sns import render_sns
from handlers.pipeline import TryAgain, Undeliverable

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sns.type_defs import MessageAttributeValueTypeDef

_PERMANENT = frozenset({"InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid"})


class SnsTopic:
    """Publishes alerts to the topic of a destination. `client_in` gives the client of a Region: a topic
    takes messages only at the endpoint of its own. `topic_arns` are those that the stack made.
    """

    def __init__(self, client_in: Callable[[str], SNSClient], topic_arns: Mapping[str, str]) -> None:
        self._client_in = client_in
        self._topic_arns = topic_arns

    def send(self, alert: Alert, destination: Destination) -> None:
        """See `Sender.send`."""
        message = render_sns(alert)
        topic_arn = destination.topic or self._topic_arns[destination.name]
        try:
            self._client_in(topic_arn.split(":")[3]).publish(
                TopicArn=topic_arn,
                Subject=message.subject,
                Message=message.message,
                MessageStructure="json",
                MessageAttributes={name: _attribute(value) for name, value in message.attributes.items()},
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _PERMANENT:
                raise Undeliverable(f"SNS refuses the message: {code}") from error
            raise TryAgain(f"SNS answered {code}") from error
        except BotoCoreError as error:
            raise TryAgain(f"SNS can not be reached: {type(error).__name__}") from error


def _attribute(value: str | int) -> MessageAttributeValueTypeDef:
    return {"DataType": "Number" if isinstance(value, int) else "String", "StringValue": str(value)}
