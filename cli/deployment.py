"""The deployed stack, as the operator's own credentials reach it: found by the outputs of CloudFormation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from boto3.session import Session

STACK = "Thingwatch"


class NotReached(Exception):
    """AWS or the stack can not be reached; the message says why and what to do."""


@dataclass(frozen=True)
class Place:
    """Where the stack is, as the operator says it; AWS's own configuration says the rest."""

    stack: str = STACK
    region: str | None = None
    profile: str | None = None


@dataclass(frozen=True)
class Deployment:
    """A stack that was found."""

    session: Session
    outputs: Mapping[str, str]
    name: str
    status: str
    """In CloudFormation's words."""
    created: datetime

    def output(self, name: str) -> str:
        """The value of an output. Raises `NotReached`."""
        if name not in self.outputs:
            raise NotReached(f"the stack has no output {name}: deploy this release first")
        return self.outputs[name]

    def caller(self) -> str:
        """ARN of whoever runs the command."""
        return str(self.session.client("sts").get_caller_identity()["Arn"])


def find_deployment(place: Place, *, otherwise: str | None = None) -> Deployment:
    """The stack at a place; in the Region `otherwise` where neither it nor AWS's configuration names one.

    Raises `NotReached`, and whatever boto3 raises.
    """
    # It takes a fifth of a second, and most commands need no AWS.
    import boto3  # noqa: PLC0415
    from botocore.exceptions import ClientError  # noqa: PLC0415

    if not place.stack:
        raise NotReached("--stack is empty; write the name of the stack")
    session = boto3.session.Session(region_name=place.region, profile_name=place.profile)
    if session.region_name is None and otherwise is not None:
        session = boto3.session.Session(region_name=otherwise, profile_name=place.profile)
    try:
        answer: Any = session.client("cloudformation").describe_stacks(StackName=place.stack)
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        where = f"{place.stack} in {session.region_name}"
        raise NotReached(
            f"there is no stack {where}; --stack, --stack-region and --profile say where it is"
        ) from None
    (stack,) = answer["Stacks"]
    return Deployment(
        session,
        {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])},
        name=stack["StackName"],
        status=stack["StackStatus"],
        created=stack["CreationTime"],
    )


@contextmanager
def aws_errors_told() -> Iterator[None]:
    """Raise `NotReached` in the place of any error of AWS or of the credentials."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as above

    try:
        yield
    except (BotoCoreError, ClientError, ValueError) as error:
        raise NotReached(f"AWS: {error}") from None
