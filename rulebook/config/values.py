"""The single values of a config: how each is written, and what is said of one that is not so."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from handlers.core.operations import split_operation
from rulebook.faults import did_you_mean, quoted
from rulebook.secret_names import secret_name_fault
from rulebook.services import SERVICES
from rulebook.validation import matching, once, refuse, without

_ACCOUNT = r"[0-9]{12}"
_REGION = r"[a-z]{2}(-[a-z]+){1,3}-[0-9]"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_NAME = r"[a-z][a-z0-9-]{0,39}"
_NAME_ADVICE = "a name has up to 40 small letters, digits and hyphens, a letter first"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_DOMAIN = r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?"
_TOPIC_ARN = re.compile(rf"arn:aws[a-z-]*:sns:{_REGION}:{_ACCOUNT}:[A-Za-z0-9_-]{{1,256}}", re.ASCII)
# A path and a name, and * for any text: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
_KMS_KEY = rf"arn:aws[a-z-]*:kms:{_REGION}:{_ACCOUNT}:key/[A-Za-z0-9-]{{1,64}}"
_PRINCIPAL_ARN = re.compile(rf"arn:aws[a-z-]*:iam::{_ACCOUNT}:(role|user)/[\w+=,.@/*-]{{1,576}}", re.ASCII)
_SESSION_ARN = re.compile(
    rf"arn:(aws[a-z-]*):sts::({_ACCOUNT}):assumed-role/([\w+=,.@-]{{1,64}})(/.*)?", re.ASCII
)


def _pattern(expression: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^{expression}$"})


def _version(value: object) -> object:
    # Pydantic's Literal[1] takes `true` and `1.0` too: in Python they equal 1.
    if type(value) is not int or value != 1:
        raise refuse(((), "must be the number 1, the only version there is"))
    return value


def _flag(value: object) -> object:
    if not isinstance(value, bool):
        raise refuse(((), "write true or false; YAML no longer reads on, off, yes and no as such"))
    return value


def _switch(value: object) -> object:
    # In Python 1 equals True.
    if not isinstance(value, bool) and value not in ("on", "off"):
        raise refuse(((), "write on or off"))
    return value is True or value == "on"


def _service(typed: str) -> str:
    name = split_operation(typed)[0]
    if name not in SERVICES:
        raise refuse(
            ((), f"{quoted(name)} is not one of {', '.join(SERVICES)}{did_you_mean(name, SERVICES)}")
        )
    return name


def _account(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        advice = (
            f'put the account id in quotes: "{value:012d}"'
            if value < 10**12
            else "an account id has 12 digits"
        )
        raise refuse(((), advice))
    return value


def _day(value: object) -> date:
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise refuse(((), f"{quoted(value)} is not in the calendar")) from None
    raise refuse(((), "write the last day as YEAR-MONTH-DAY, such as 2026-12-31"))


def _topic(value: object) -> object:
    if value == "create":
        return value
    if not isinstance(value, str) or not value.startswith("arn:"):
        hint = did_you_mean(value, ["create"])
        raise refuse(((), f"{quoted(value)} is neither `create` nor the ARN of a topic{hint}"))
    if value.endswith(".fifo"):
        raise refuse(
            (
                (),
                "a FIFO topic takes no alerts: e-mail and Slack can not subscribe to it; name a standard one",
            )
        )
    if not _TOPIC_ARN.fullmatch(value):
        raise refuse(((), "write the topic's whole ARN: arn:aws:sns:REGION:ACCOUNT:NAME"))
    return value


def principal_fault(value: str) -> str | None:
    """What is wrong with the ARN of a role or user; None when it is one."""
    if session := _SESSION_ARN.fullmatch(value):
        role = f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}"
        return f"this is a session; write the ARN of its role: {role}"
    if not _PRINCIPAL_ARN.fullmatch(value) or "**" in value:
        return "write the ARN of a role or user: arn:aws:iam::ACCOUNT:role/NAME (* stands for any text)"
    return None


def name_fault(value: str) -> str | None:
    """What is wrong with a name of the operator's; None when it is one."""
    return None if re.fullmatch(_NAME, value, re.ASCII) else _NAME_ADVICE


_DOMAIN_ADVICE = "write a host name alone, in small letters, such as example.com; all below it is meant too"
_ALIAS_ADVICE = "an alias is 1 to 40 letters, digits, spaces and -_./()"

Name = Annotated[str, without(name_fault), _pattern(_NAME)]
Version = Annotated[Literal[1], BeforeValidator(_version), WithJsonSchema({"const": 1})]
Switch = Annotated[bool, BeforeValidator(_switch), WithJsonSchema({"enum": ["on", "off"]})]
Flag = Annotated[bool, BeforeValidator(_flag)]
ServiceName = Annotated[str, AfterValidator(_service)]
SecretPlace = Annotated[str, without(secret_name_fault)]
AccountId = Annotated[
    str, BeforeValidator(_account), matching(_ACCOUNT, "an account id has 12 digits"), _pattern(_ACCOUNT)
]
Region = Annotated[str, matching(_REGION, "write a Region's code, such as eu-west-1"), _pattern(_REGION)]
Alias = Annotated[
    str,
    matching(r"[\w ./()-]{0,39}[\w)]", _ALIAS_ADVICE),
    WithJsonSchema({"type": "string", "maxLength": 40}),
]
Bucket = Annotated[
    str, matching(_BUCKET, "write a bucket's name alone, without s3:// or arn:"), _pattern(_BUCKET)
]
Domain = Annotated[str, matching(_DOMAIN, _DOMAIN_ADVICE), _pattern(_DOMAIN)]
Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-12-31"]}),
]
Topic = Annotated[
    str,
    BeforeValidator(_topic),
    WithJsonSchema({"type": "string", "pattern": "^(create|arn:aws[a-z-]*:sns:.*)$", "examples": ["create"]}),
]
KmsKey = Annotated[
    str,
    matching(_KMS_KEY, "write the key's whole ARN: arn:aws:kms:REGION:ACCOUNT:key/ID"),
    _pattern(_KMS_KEY),
]
Principal = Annotated[
    str,
    without(principal_fault),
    WithJsonSchema({"type": "string", "pattern": "^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/.+$"}),
]


Once = AfterValidator(once)
