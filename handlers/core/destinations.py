"""Where alerts go, and the part of the ruleset file that `deliver` reads: it needs no rules."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from handlers.core.codec import from_json

_T = TypeVar("_T")

VERSION = 2
"""Of the ruleset file's format. Both functions ship with the file, so one version is all they read."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A configured place that alerts go to."""

    name: str
    kind: Literal["slack", "sns"]
    secret: str | None = None
    """Names a Slack webhook, never holds it."""
    test_host: str | None = None
    """In tests, a loopback host that may stand in for Slack."""
    topic: str | None = None
    """The ARN of an existing SNS topic; None where the stack makes one."""


class BadRuleset(ValueError):
    """The text is no ruleset of this version."""


def load_destinations(text: str) -> Mapping[str, Destination]:
    """The destinations of the ruleset in a file, by name. Raises `BadRuleset`."""
    kind: Any = Mapping[str, Destination]
    found: Mapping[str, Destination] = read_ruleset(text, lambda data: from_json(kind, data["destinations"]))
    return found


def read_ruleset(text: str, read: Callable[[Any], _T]) -> _T:
    """What `read` makes of the JSON of the ruleset in a file. Raises `BadRuleset`."""
    try:
        data = json.loads(text)
        version = data["version"]
        if version == VERSION:
            return read(data["ruleset"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadRuleset(f"not a ruleset: {type(error).__name__}: {error}") from error
    raise BadRuleset(f"the ruleset has format {version}, not {VERSION}: deploy again")
