"""Spans of time as people write them: `90s`, `10m`, `24h`, `7d`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from rulebook.validation import refuse

_DURATION = re.compile(r"([0-9]{1,6})(s|m|h|d)", re.ASCII)
_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}


def _between(shortest: str, longest: str, what: str) -> Callable[[object], timedelta]:
    bounds = _parse(shortest), _parse(longest)

    def read(value: object) -> timedelta:
        if isinstance(value, timedelta):
            return value
        duration = _parse(value)
        if not bounds[0] <= duration <= bounds[1]:
            raise refuse(((), f"{what} is from {shortest} to {longest}"))
        return duration

    return read


def _parse(value: object) -> timedelta:
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        example = f"{value}m" if isinstance(value, int) and not isinstance(value, bool) else "90s or 10m"
        raise refuse(((), f"write a number and its unit (s, m, h or d), such as {example}"))
    return int(found[1]) * _UNITS[found[2]]


def _as_written(example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": "^[0-9]+(s|m|h|d)$", "examples": [example]})


Within: TypeAlias = Annotated[
    timedelta, BeforeValidator(_between("10s", "24h", "a window")), _as_written("10m")
]
DedupSpan: TypeAlias = Annotated[
    timedelta, BeforeValidator(_between("1s", "24h", "a dedup window")), _as_written("10m")
]
ForgetAfter: TypeAlias = Annotated[
    timedelta, BeforeValidator(_between("1d", "366d", "forget_after")), _as_written("90d")
]
Learn: TypeAlias = Annotated[timedelta, BeforeValidator(_between("0s", "90d", "learn")), _as_written("7d")]


class BadSpan(ValueError):
    """A span of time that is none, or out of bounds; the message says what to write."""


def read_span(text: object, *, shortest: str, longest: str, what: str) -> timedelta:
    """The span of an option, written as in the config. Raises `BadSpan`."""
    try:
        return _between(shortest, longest, what)(text)
    except PydanticCustomError as error:
        ((_, message),) = (error.context or {})["faults"]
        raise BadSpan(message) from None
