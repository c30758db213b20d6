"""Settings of a deployment: context keys, from `cdk deploy --context KEY=VALUE` or from cdk.json."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

from aws_cdk import RemovalPolicy

from rulebook.durations import BadSpan, read_span

Architecture = Literal["arm64", "x86_64"]

# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
_STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}", re.ASCII)
# https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
_TAG_KEY = re.compile(r"(?!(?i:aws|thingwatch):)[\w .:/=+@-]{1,128}")
_TAG_VALUE = re.compile(r"[\w .:/=+@-]{0,256}")
_MOST_TAGS = 40
"""AWS allows fifty; the stack's queues have up to two of their own, and CDK and AWS may add some."""


class BadContext(ValueError):
    """A context key has a value that it can not have; the message names the key and says what to write."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the context says of a deployment."""

    config: Path
    """Key `config`."""
    stack_name: str = "Thingwatch"
    """Key `stack`."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Key `tags`: of the stack and of everything in it."""
    termination_protection: bool = False
    architecture: Architecture = "arm64"
    grace: timedelta = timedelta(minutes=5)
    """So long after a dedup window its rollup is told."""
    ephemeral: bool = False
    """Nothing stays when the stack goes: neither topics nor queues with what waits in them."""

    @property
    def removal_policy(self) -> RemovalPolicy:
        """What becomes of topics and of queues that keep something for people when they leave the stack."""
        return RemovalPolicy.DESTROY if self.ephemeral else RemovalPolicy.RETAIN


def read_settings(get: Callable[[str], object]) -> Settings:
    """The settings; `get` gives the value of a context key, or None. Raises `BadContext`."""
    return Settings(
        config=_read_path(get("config")),
        stack_name=_read_stack_name(get("stack")),
        tags=_read_tags(get("tags")),
        termination_protection=_read_flag("termination_protection", get("termination_protection")),
        architecture=_read_architecture(get("architecture")),
        grace=_read_grace(get("grace")),
        ephemeral=_read_flag("ephemeral", get("ephemeral")),
    )


def _bad(key: str, advice: str) -> BadContext:
    return BadContext(f"the context key `{key}`: {advice}")


def _read_path(value: object) -> Path:
    if value is None:
        return Path("config/alerts.yaml")
    if not isinstance(value, str) or not value.strip():
        raise _bad("config", "write the path of a file, such as config/alerts.yaml")
    return Path(value)


def _read_stack_name(value: object) -> str:
    name = "Thingwatch" if value is None else value
    if not isinstance(name, str) or not _STACK_NAME.fullmatch(name):
        raise _bad("stack", "write letters, digits and hyphens, a letter first, such as Thingwatch-dev")
    return name


def _read_tags(value: object) -> Mapping[str, str]:
    """In cdk.json an object, on the command line `team=fleet,stage=dev`."""
    if value is None:
        return {}
    if isinstance(value, dict):
        tags = list(value.items())
    else:
        pairs = [each.partition("=") for each in str(value).split(",") if each.strip()]
        if not isinstance(value, str) or any(not equals for _, equals, _ in pairs):
            raise _bad("tags", "write KEY=VALUE, several with commas between them: team=fleet,stage=dev")
        tags = [(key.strip(), each.strip()) for key, _, each in pairs]
    read: dict[str, str] = {}
    for key, each in tags:
        # A number is a likely cost center; `null` or `true` is a slip.
        text = str(each) if isinstance(each, int) and not isinstance(each, bool) else each
        if not isinstance(text, str) or not _TAG_KEY.fullmatch(key) or not _TAG_VALUE.fullmatch(text):
            raise _bad(
                "tags",
                "a tag has letters, digits, spaces and _.:/=+-@, and does not begin with aws: or thingwatch:",
            )
        if key in read:
            raise _bad("tags", f"{key} is there twice")
        read[key] = text
    if len(read) > _MOST_TAGS:
        raise _bad("tags", f"at most {_MOST_TAGS} fit")
    return read


def _read_flag(key: str, value: object) -> bool:
    said = "false" if value is None else str(value).lower()
    if said not in ("true", "false"):
        raise _bad(key, "write true or false")
    return said == "true"


def _read_architecture(value: object) -> Architecture:
    if value is None or value == "arm64":
        return "arm64"
    if value == "x86_64":
        return "x86_64"
    raise _bad("architecture", "write arm64 or x86_64")


def _read_grace(value: object) -> timedelta:
    try:
        return read_span("5m" if value is None else value, shortest="1s", longest="1h", what="grace")
    except BadSpan as error:
        raise _bad("grace", str(error)) from None
