"""Reading an AWS IoT policy document into statements.

The elements are those of https://docs.aws.amazon.com/iot/latest/developerguide/example-iot-policies-elements.html,
and, where that page is silent, of IAM's policy language, which AWS IoT says it follows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MOST_CHARACTERS = 2_048
"""AWS refuses a policy document with more characters than this that are not white space:
https://docs.aws.amazon.com/general/latest/gr/iot-core.html#limits_iot."""

_SUBSTITUTING_VERSION = "2012-10-17"

Conditions = frozenset[tuple[str, str, frozenset[str]]]
"""(operator, key, allowed values), all of which must hold; operators and keys in lower case."""


class Unreadable(Exception):
    """The document is not one that we understand, so nothing can be said of what it allows."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. Patterns are as written, but actions in lower case: AWS ignores their case."""

    position: int
    """From 1, as people count."""
    allows: bool
    """False is a Deny."""
    actions: tuple[str, ...]
    excludes_actions: bool
    """The statement has a NotAction: it is about every action but those."""
    resources: tuple[str, ...]
    excludes_resources: bool
    """The statement has a NotResource: it is about every resource but those."""
    conditions: Conditions


@dataclass(frozen=True, slots=True)
class Document:
    """A policy document, as far as it decides what is allowed."""

    statements: tuple[Statement, ...]
    substitutes_variables: bool
    """Policy variables came with version 2012-10-17; before it, and when no version is given,
    `${...}` is plain text: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html.
    """


def read_document(document: object) -> Document:
    """The statements of a policy document, given as the API's JSON text or as an object.

    Raises:
        Unreadable: it is not a policy document, or is longer than AWS accepts.
    """
    elements = read_elements(read_json(document, MOST_CHARACTERS))
    if "statement" not in elements:
        raise Unreadable
    statements = elements["statement"]
    return Document(
        tuple(
            _read_statement(position, statement)
            for position, statement in enumerate(_as_list(statements), start=1)
        ),
        elements.get("version") == _SUBSTITUTING_VERSION,
    )


def read_json(value: object, most: int) -> object:
    """What a JSON text says; an object as it is.

    White space between values does not count, so that padding hides nothing; in a string it does,
    because what is compared later must be short.

    Raises:
        Unreadable: not JSON, nested too deep, more than `most` characters, or a key that stands
            twice in one object (which of the two AWS believes is not documented).
    """
    if isinstance(value, str):
        padded = len(value) > most
        if padded and len("".join(value.split())) > most:
            raise Unreadable
        try:
            value = _DECODER.decode(value)
        except (ValueError, RecursionError):
            raise Unreadable from None
        if not padded:
            return value
    if _is_longer(value, most):
        raise Unreadable
    return value


def read_elements(value: object) -> dict[str, Any]:
    """An object's members by their names in lower case.

    Whether AWS minds the case is not documented, so every spelling is read, and two spellings of
    one name are a repeated key.

    Raises:
        Unreadable: not an object, or a name stands twice.
    """
    if not isinstance(value, Mapping):
        raise Unreadable
    found = {name.lower(): item for name, item in value.items() if isinstance(name, str)}
    if len(found) < len(value):
        raise Unreadable
    return found


def _read_statement(position: int, statement: object) -> Statement:
    elements = read_elements(statement)
    if elements.get("effect") not in ("Allow", "Deny"):
        raise Unreadable
    actions, excludes_actions = _read_patterns(elements, "action")
    resources, excludes_resources = _read_patterns(elements, "resource")
    return Statement(
        position,
        elements["effect"] == "Allow",
        tuple(map(str.lower, actions)),
        excludes_actions,
        resources,
        excludes_resources,
        _read_conditions(elements["condition"]) if "condition" in elements else frozenset(),
    )


def _read_patterns(elements: Mapping[str, Any], name: str) -> tuple[tuple[str, ...], bool]:
    excludes = f"not{name}" in elements
    if excludes == (name in elements):
        raise Unreadable
    patterns = _as_list(elements[f"not{name}" if excludes else name])
    if not patterns or not all(isinstance(pattern, str) for pattern in patterns):
        raise Unreadable
    return tuple(patterns), excludes


def _read_conditions(value: object) -> Conditions:
    return frozenset(
        (operator, key, frozenset(_condition_value(item) for item in _as_list(values)))
        for operator, keys in read_elements(value).items()
        for key, values in read_elements(keys).items()
    )


def _condition_value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | str):
        return str(value)
    raise Unreadable


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _without_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable
    return found


# Made once: json.loads would make one for each document.
_DECODER = json.JSONDecoder(object_pairs_hook=_without_repeated_keys)


def _is_longer(value: object, most: int) -> bool:
    size = 0
    pending = [value]
    while pending:
        item = pending.pop()
        size += len(item) if isinstance(item, str) else 1
        if size > most:
            return True
        if isinstance(item, Mapping):
            pending.extend(item)
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
    return False
