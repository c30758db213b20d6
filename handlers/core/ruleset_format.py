"""The envelope of the ruleset file: its format version, and what is said of a file of another form."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

_T = TypeVar("_T")

RULESET_FORMAT = 7
"""Both functions ship with the file, so one version is all they read."""


class BadRuleset(ValueError):
    """The text is no ruleset of this format."""


def read_envelope(text: str, read: Callable[[Any], _T]) -> _T:
    """What `read` makes of the ruleset in a file. Raises `BadRuleset`."""
    data = refuse_other_forms(json.loads, text)
    version = refuse_other_forms(lambda: data["version"])
    if version != RULESET_FORMAT:
        raise BadRuleset(f"the ruleset has format {version}, not {RULESET_FORMAT}: deploy again")
    return refuse_other_forms(lambda: read(data["ruleset"]))


def refuse_other_forms(read: Callable[..., _T], *arguments: Any) -> _T:
    """What `read` gives. Raises `BadRuleset` where it meets data of another form."""
    try:
        return read(*arguments)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BadRuleset(f"not a ruleset: {type(error).__name__}: {error}") from error
