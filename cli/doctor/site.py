"""An account and Region as the checks see it: each thing is asked for once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.deployment import STACK, Deployment, NotReached, Place, find_deployment

if TYPE_CHECKING:
    from boto3.session import Session

    from rulebook.config import CheckedConfig, Config

FUNCTIONS = ("Detect", "Summarise", "Deliver")
FAILURE_QUEUES = {
    "DeadLetterQueueUrl": "delivery",
    "SummaryDeadLetterQueueUrl": "summary",
    "DetectFailureQueueUrl": "event",
    "HandoverFailureQueueUrl": "event",
}
"""By output: the kind of `thingwatch redrive`."""


class Gone(Exception):
    """A part of the stack is not there any more."""


class Site:
    """The stack at a place, and the config here. `now` is the clock of this machine."""

    def __init__(
        self,
        place: Place,
        config: CheckedConfig,
        *,
        digest: str | None,
        now: datetime,
        file: Path | None = None,
    ) -> None:
        self.place = place
        self.file = file
        """The config, where it is another than the default."""
        self.checked = config
        self.digest = digest
        """Of the ruleset that the config here makes; None where it is faulty."""
        self.now = now
        self._clients: dict[str, Any] = {}

    @property
    def stack(self) -> str:
        """The name of the stack."""
        return self.deployment.name

    @cached_property
    def deployment(self) -> Deployment:
        """The stack. Raises `NotReached`, and whatever boto3 raises."""
        return find_deployment(self.place)

    @cached_property
    def session(self) -> Session:
        """The operator's own credentials."""
        import boto3  # noqa: PLC0415 - it takes a fifth of a second, and most commands need no AWS

        return boto3.session.Session(region_name=self.place.region, profile_name=self.place.profile)

    @property
    def region(self) -> str:
        """The Region of the stack."""
        if self.session.region_name is None:
            raise NotReached("AWS is configured for no Region; --region names one")
        return str(self.session.region_name)

    def client(self, service: str, region: str | None = None) -> Any:
        """A client of a service, in the stack's Region or another."""
        key = service if region is None else f"{service} {region}"
        if key not in self._clients:
            named: Any = self.session.client
            self._clients[key] = named(service, region_name=region or self.region)
        return self._clients[key]

    def complete(self, command: str) -> str:
        """A command with what it needs to be about this stack."""
        place = self.place
        profile = f" --profile {place.profile}" if place.profile else ""
        if command.startswith("aws "):
            region = "" if " --region " in command else f" --region {self.region}"
            return f"{command}{region}{profile}"
        if command.startswith("npx cdk "):
            stack = "" if place.stack in ("", STACK) else f" --context stack={place.stack}"
            config = "" if self.file is None else f" --context config={self.file}"
            return f"{command}{stack}{config}{profile}"
        if command == "thingwatch redrive":
            return f"{command} --stack {place.stack} --region {self.region}{profile}"
        if command == "thingwatch check" and self.file is not None:
            return f"{command} {self.file}"
        return command

    @property
    def config(self) -> Config:
        """The config here. Raises `NotReached` where it is faulty."""
        if self.checked.config is None:
            raise NotReached("the config here is faulty; see the check `config`")
        return self.checked.config

    def output(self, name: str) -> str:
        """An output of the stack. Raises `NotReached`."""
        return self.deployment.output(name)

    @cached_property
    def _resources(self) -> Sequence[Mapping[str, str]]:
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        return [
            each
            for page in pages.paginate(StackName=self.deployment.name)
            for each in page["StackResourceSummaries"]
        ]

    def resource(self, begins: str) -> str:
        """The physical id of the resource whose logical id begins so. Raises `NotReached`."""
        for each in self._resources:
            if each["LogicalResourceId"].startswith(begins) and each.get("PhysicalResourceId"):
                return str(each["PhysicalResourceId"])
        raise NotReached(f"the stack has no {begins}: deploy this release first")

    def resources_of(self, kind: str) -> list[str]:
        """The physical ids of the resources of a type such as AWS::CloudWatch::Alarm."""
        found = (each.get("PhysicalResourceId") for each in self._resources if each["ResourceType"] == kind)
        return [each for each in found if each]

    def functions(self) -> Mapping[str, str]:
        """The names of the functions, by what they are called here."""
        return {each.lower(): self.output(f"{each}FunctionName") for each in FUNCTIONS}

    def delivery_queues(self) -> Mapping[str, str]:
        """The URLs of the delivery queues, by their outputs' ends: destinations without hyphens."""
        start = "DeliveryQueueUrl"
        outputs = self.deployment.outputs
        return {name.removeprefix(start): url for name, url in outputs.items() if name.startswith(start)}

    def depth(self, url: str) -> tuple[int, int]:
        """How many messages of a queue are shown, and how many hidden."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        sqs = self.client("sqs")
        try:
            found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        except sqs.exceptions.QueueDoesNotExist:
            name = url.rpartition("/")[2]
            raise Gone(f"the queue {name} is gone, with what was in it") from None
        return int(found[names[0]]), int(found[names[1]])
