"""The real stack, deployed once by the real CDK CLI to an embedded AWS, with a local Slack."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from handlers.core.names import shorten
from local.aws import EmbeddedAws
from local.cdk_cli import delivery_queues, deploy
from local.inbox import Inbox
from local.slack import LocalSlack, Message
from local.waiting import wait_until

if TYPE_CHECKING:
    from mypy_boto3_iot import IoTClient

CONFIG = Path(__file__).with_name("alerts.yaml")
WIDE_OPEN = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}]}
)
PATIENCE = 30.0
"""Seconds until something that must happen counts as not happening."""


@dataclass
class World:
    """The deployed stack and everything around it."""

    aws: EmbeddedAws
    slack: LocalSlack
    outputs: Mapping[str, str]
    folder: Path
    inbox: Inbox = field(init=False)
    iot: "IoTClient" = field(init=False)

    def __post_init__(self) -> None:
        self.inbox = Inbox(self.aws, self.outputs["TopicArnaudit"])
        self._names = (f"policy-{number:03}" for number in count(1))
        # Not as root, whom every judgement raises to high.
        self.iot = make_user(self.aws, "engineer")

    def make_certificate(self) -> str:
        """An inactive certificate's id."""
        return str(self.iot.create_keys_and_certificate(setAsActive=False)["certificateId"])

    def title_of_activation(self, certificate: str) -> str:
        """What stands in that alert alone: others name the certificate too, but not at the beginning."""
        return f"Certificate {certificate[:8]}"

    def activate(self, certificate: str) -> None:
        """The call that must raise a high alert."""
        self.iot.update_certificate(certificateId=certificate, newStatus="ACTIVE")

    def make_policy(self, document: str = WIDE_OPEN) -> str:
        """A new policy's name; a wide-open one must raise a critical alert."""
        name = next(self._names)
        self.iot.create_policy(policyName=name, policyDocument=document)
        return name

    def in_slack(self, subject: str, *, about: str = "") -> list[Message]:
        """Messages in Slack about a resource, by their title, and about an operation or a severity."""
        return [
            each
            for each in self.slack.messages
            if any(
                shorten(subject) in told.headline and about in f"{told.severity} {told.name}"
                for told in each.told
            )
        ]

    def on_sns(self, subject: str, *, about: str = "") -> list[Mapping[str, Any]]:
        """Alerts on SNS of single calls about a resource."""
        alerts = [each for each in self.inbox.poll() if each["kind"] == "alert"]
        return [each for each in alerts if subject == each["subject"] and about in each["operation"]]

    def on_sns_by_title(self, title: str) -> list[Mapping[str, Any]]:
        """Alerts on SNS whose headline begins so."""
        return [each for each in self.inbox.poll() if str(each["title"]).startswith(title)]

    def wait_for_both(self, subject: str, *, about: str = "") -> None:
        """Wait until an alert about the resource is in Slack and on SNS."""
        wait_until(lambda: self.in_slack(subject, about=about), PATIENCE)
        wait_until(lambda: self.on_sns(subject, about=about), PATIENCE)

    def settle(self) -> None:
        """Wait until everything sent so far is through: a last event has arrived and no delivery waits."""
        self.wait_for_both(self.make_policy())
        wait_until(
            lambda: sum(depth_of(self.aws, url) for url in delivery_queues(self.outputs)) == 0, PATIENCE
        )

    def depth(self, output: str) -> int:
        """How many messages a queue holds, hidden ones included."""
        return depth_of(self.aws, self.outputs[output])

    def take_message(self, output: str, *, about: str) -> dict[str, Any]:
        """Take the message whose body holds `about` from a queue; others stay."""
        sqs, url = self.aws.client("sqs"), self.outputs[output]

        def receive() -> list[Any]:
            answer = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], MaxNumberOfMessages=10)
            return [each for each in answer.get("Messages", []) if about in each["Body"]]

        (message,) = wait_until(receive, PATIENCE)
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return dict(message)

    def logged(self, *words: str) -> list[str]:
        """Lines of the functions' logs that hold all of these words."""
        return logged(self.aws, *words)


def make_user(aws: EmbeddedAws, name: str) -> "IoTClient":
    """A new IAM user who may do anything in AWS IoT, as a client of AWS IoT."""
    iam = aws.client("iam")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="fleet", PolicyDocument=WIDE_OPEN)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    client: IoTClient = aws.client_of("iot", key["AccessKeyId"], key["SecretAccessKey"])
    return client


def depth_of(aws: EmbeddedAws, queue_url: str) -> int:
    """How many messages a queue holds, hidden ones included."""
    found = aws.client("sqs").get_queue_attributes(
        QueueUrl=queue_url,
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )["Attributes"]
    return sum(map(int, found.values()))


def logged(aws: EmbeddedAws, *words: str) -> list[str]:
    """Lines of all logs that hold all of these words."""
    logs = aws.client("logs")

    # Each invocation has a stream of its own with a random name, and a page holds fifty of them by name.
    def all_of(kind: str, **place: str) -> Iterator[Any]:
        for page in logs.get_paginator(f"describe_log_{kind}s").paginate(**place):
            yield from page[f"log{kind.capitalize()}s"]

    lines = (
        event["message"]
        for group in all_of("group")
        for stream in all_of("stream", logGroupName=group["logGroupName"])
        for event in logs.get_log_events(
            logGroupName=group["logGroupName"], logStreamName=stream["logStreamName"], limit=10_000
        )["events"]
    )
    return [line for line in lines if all(word in line for word in words)]


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("e2e")
    with LocalSlack() as slack, EmbeddedAws(folder, async_retry_seconds=0.5) as aws:
        outputs = deploy(aws, config=CONFIG, folder=folder)
        aws.client("ssm").put_parameter(
            Name="/thingwatch/slack/secops", Value=slack.webhook_url, Type="SecureString"
        )
        aws.client("secretsmanager").create_secret(Name="thingwatch/pager", SecretString=slack.webhook_url)
        yield World(aws, slack, outputs, folder)


@pytest.fixture
def world(deployed: World) -> Iterator[World]:
    yield deployed
    deployed.slack.answer_always(None)
    deployed.aws.inject_faults([])
    deployed.aws.enforce_iam(on=False)
