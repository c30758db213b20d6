"""Impossible conditions: of another type than the field, or with a value that it can not have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from handlers.core.patterns import Field, Nodes, compile_pattern
from rulebook.faults import Place, did_you_mean, quoted, quoted_loosely
from rulebook.vocabulary import Leaf

_MOST_TO_NAME = 20
_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)


def unmet(values: object, leaf: Leaf, place: Place) -> Iterator[tuple[Place, str]]:
    """Why the values of a sound pattern can not be met at a field; empty when they can."""
    wrong = [((*place, position), _literal(value, leaf)) for position, value in each_literal(values)]
    found = [(path, message) for path, message in wrong if message is not None]
    yield from found
    if found or (leaf.choices is None and leaf.type != "flag"):
        return
    possible: list[Any] = [True, False] if leaf.type == "flag" else sorted(leaf.choices or ())
    matches = compile_pattern({"value": values})
    if not any(matches({"value": each}) for each in possible) and not matches({}):
        these = f"; these are {_spoken(possible)}" if len(possible) <= _MOST_TO_NAME else ""
        yield place, f"no value that it can have matches{these}"


def each_literal(values: object) -> Iterator[tuple[int, object]]:
    """The position and value of each plain value of a list of conditions."""
    if isinstance(values, list):
        yield from (
            (position, value) for position, value in enumerate(values) if not isinstance(value, Mapping)
        )


def texts_at(nodes: Nodes, name: str) -> frozenset[str]:
    """The texts that a pattern allows at the field `name`; empty where anything else may match."""
    values = values_at(nodes, name) or []
    texts = [value for value in values if isinstance(value, str)]
    return frozenset(texts if len(texts) == len(values) else ())


def values_at(nodes: Nodes, name: str) -> list[object] | None:
    """What a pattern allows at the field `name`, outside any `$or`; None where it does not ask."""
    found = (node.values for node in nodes if isinstance(node, Field) and node.path == (name,))
    return next(found, None)


def _literal(value: object, leaf: Leaf) -> str | None:
    if value is None:
        return None
    if leaf.choices is not None and isinstance(value, str) and value not in leaf.choices:
        hint = did_you_mean(value, sorted(leaf.choices))
        if len(leaf.choices) > _MOST_TO_NAME:
            return f"there is no {quoted(value)}{hint}"
        return f"{quoted(value)} is not one of {_spoken(sorted(leaf.choices))}{hint}"
    return _of_another_type(value, leaf) or _of_another_form(value, leaf)


def _of_another_type(value: object, leaf: Leaf) -> str | None:
    if leaf.type == "flag" and not isinstance(value, bool):
        return f"is true or false, without quotes; {quoted(value)} never matches"
    if leaf.type == "number" and (isinstance(value, bool) or not isinstance(value, int | float)):
        return "is a number; write it without quotes, or use numeric"
    if leaf.type == "text" and not isinstance(value, str):
        return f'is text in a record; put it in quotes: "{_as_text(value)}"'
    return None


def _of_another_form(value: object, leaf: Leaf) -> str | None:
    if not isinstance(value, str):
        return None
    if "*" in value and leaf.form != "free":
        return f"a star in a plain value is a star; for any text write {{wildcard: {quoted_loosely(value)}}}"
    if leaf.form == "account" and not _ACCOUNT.fullmatch(value):
        return "an account id has 12 digits"
    if leaf.form == "address" and "/" in value:
        return f"a plain value is one address; for a network write {{cidr: {quoted_loosely(value)}}}"
    return None


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _spoken(values: list[Any]) -> str:
    return ", ".join(map(_as_text, values))
