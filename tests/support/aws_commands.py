"""Commands of the AWS CLI in texts for people, checked against AWS's own service models."""

import re
import shlex
from functools import cache
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.model import OperationModel

_FOR_EVERY_COMMAND = frozenset({"region", "query", "output", "profile"})
# https://docs.aws.amazon.com/cli/latest/reference/sns/subscribe.html
_RENAMED = {"notification-endpoint": "endpoint"}


def faults_of(command: str) -> list[str]:
    """What the AWS CLI would refuse in a command; values stand as {name} or in <angle brackets>."""
    aws, service, name, *arguments = shlex.split(
        re.sub(r"<[a-z.-]+>|\{[A-Za-z][\w.]*\}", "PLACEHOLDER", command)
    )
    operations = _operations(service)
    if aws != "aws" or name not in operations:
        return [f"there is no command {aws} {service} {name}"]
    shape: Any = operations[name].input_shape
    known = {xform_name(member, "-") for member in (shape.members if shape else {})}
    required = {xform_name(member, "-") for member in (shape.required_members if shape else [])}
    options = [each.removeprefix("--").removeprefix("no-") for each in arguments if each.startswith("--")]
    given = {_RENAMED.get(each, each) for each in options}
    return [
        *(f"unknown option --{option}" for option in sorted(given - known - _FOR_EVERY_COMMAND)),
        *(f"missing option --{option}" for option in sorted(required - given)),
    ]


@cache
def _operations(service: str) -> dict[str, OperationModel]:
    model = botocore.session.get_session().get_service_model(service)
    return {xform_name(each, "-"): model.operation_model(each) for each in model.operation_names}
