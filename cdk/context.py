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
_TAG_KEY = re.compile(r"(?!aws:)[\w .:/=+@-]{1,128}")
_TAG_VALUE = re.compile(r"[\w .:/=+@-]{0,256}")


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
        config=Path(str(get("config") or "config/alerts.yaml")),
        stack_name=_read_stack_name(get("stack")),
        tags=_read_tags(get("tags")),
        termination_protection=_read_flag("termination_protection", get("termination_protection")),
        architecture=_read_architecture(get("architecture")),
        grace=_read_grace(get("grace")),
        ephemeral=_read_flag("ephemeral", get("ephemeral")),
    )


def _bad(key: str, advice: str) -> BadContext:
    return BadContext(f"the context key `{key}`: {advice}")


def _read_stack_name(value: object) -> str:
    name = "Thingwatch" if value is None else str(value)
    if not _STACK_NAME.fullmatch(name):
        raise _bad("stack", "write letters, digits and hyphens, a letter first, such as Thingwatch-dev")
    return name


def _read_tags(value: object) -> Mapping[str, str]:
    """In cdk.json an object, on the command line `team=fleet,stage=dev`."""
    if isinstance(value, dict):
        tags = {str(key): str(each) for key, each in value.items()}
    else:
        pairs = [each.partition("=") for each in str(value or "").split(",") if each.strip()]
        if any(not equals for _, equals, _ in pairs):
            raise _bad("tags", "write KEY=VALUE, several with commas between them: team=fleet,stage=dev")
        tags = {key.strip(): each.strip() for key, _, each in pairs}
    for key, each in tags.items():
        if not _TAG_KEY.fullmatch(key) or not _TAG_VALUE.fullmatch(each):
            raise _bad("tags", "a tag has letters, digits, spaces and _.:/=+-@, and does not begin with aws:")
    return tags


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
        return read_span(str(value or "5m"), shortest="1s", longest="1h", what="grace")
    except BadSpan as error:
        raise _bad("grace", str(error)) from None
