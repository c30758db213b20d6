"""EventBridge event patterns: the one language in which every judgement is written.

A pattern is matched against a record plus its facts. The semantics are AWS's
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html): keys are
AND-ed, the values of one key are OR-ed, a key that the pattern does not name is ignored, and
an array in the event matches when any of its elements does.

Known here: exact values (strings, numbers, booleans, null), `prefix`, `suffix`,
`equals-ignore-case`, `wildcard`, `anything-but` with values, and `exists`. Any other operator is
refused by `compile_pattern`, never silently ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

Predicate = Callable[[Mapping[str, Any]], bool]

_ABSENT: Any = object()
_WILDCARD_PIECE = re.compile(r"\\.|.", re.DOTALL)
"""A wildcard's text piece by piece: an escaped character, or a character."""
_ValueTest = Callable[[Any], bool]


class PatternError(ValueError):
    """A pattern that can not be compiled.

    `path` is where in the pattern the fault is, key by key (list positions as numbers);
    `message` says what is wrong and what to write instead.
    """

    def __init__(self, path: tuple[str | int, ...], message: str) -> None:
        self.path = path
        self.message = message
        place = ".".join(str(part) for part in path) or "(the pattern itself)"
        super().__init__(f"{place}: {message}")


def compile_pattern(pattern: Mapping[str, Any]) -> Predicate:
    """Compile an event pattern into a predicate that never raises on any JSON event.

    Raises `PatternError` for a pattern that AWS would refuse or that uses an operator
    not known here.
    """
    return _compile_object(pattern, ())


def _compile_object(pattern: object, path: tuple[str | int, ...]) -> Predicate:
    if not isinstance(pattern, Mapping):
        raise PatternError(path, "a pattern is an object of keys; put the value in a list under its key")
    if not pattern:
        raise PatternError(path, "an empty pattern is not allowed; name at least one key")
    fields: list[tuple[str, Callable[[Any], bool]]] = []
    for key, value in pattern.items():
        place = (*path, key)
        if not isinstance(key, str):
            raise PatternError(place, "keys are strings")
        if isinstance(value, Mapping):
            fields.append((key, _nested(_compile_object(value, place))))
        else:
            fields.append((key, _compile_values(value, place)))

    def matches(event: Mapping[str, Any]) -> bool:
        return all(test(event.get(key, _ABSENT)) for key, test in fields)

    return matches


def _nested(inner: Predicate) -> Callable[[Any], bool]:
    """Test an object, or any object of an array. An absent object is an empty one, so that
    `exists: false` holds below it.
    """

    def matches(value: Any) -> bool:
        if isinstance(value, Mapping):
            return inner(value)
        if _is_array(value):
            return any(inner(element) for element in value if isinstance(element, Mapping))
        return inner({})

    return matches


def _compile_values(values: object, path: tuple[str | int, ...]) -> _ValueTest:
    if not isinstance(values, Sequence) or isinstance(values, str | bytes):
        raise PatternError(path, f"write the allowed values as a list: [{values!r}]")
    if not values:
        raise PatternError(path, "an empty list matches nothing; name at least one value")
    tests = [_compile_value(value, (*path, position)) for position, value in enumerate(values)]

    def matches(value: Any) -> bool:
        return any(test(value) for test in tests)

    return matches


def _compile_value(value: object, path: tuple[str | int, ...]) -> _ValueTest:
    if isinstance(value, Mapping):
        if len(value) != 1:
            raise PatternError(path, "an operator is an object with exactly one key")
        ((operator, operand),) = value.items()
        build = _OPERATORS.get(operator) if isinstance(operator, str) else None
        if build is None:
            raise PatternError(
                (*path, operator),
                f"unknown operator; known are {', '.join(sorted(_OPERATORS))}",
            )
        return build(operand, (*path, operator))
    if value is None or isinstance(value, str | bool | int | float):
        return _any_leaf(lambda leaf: _same(value, leaf))
    raise PatternError(path, "a value is a string, a number, true, false, null or an operator")


def _prefix(operand: object, path: tuple[str | int, ...]) -> _ValueTest:
    text = _text(operand, path)
    return _any_leaf(lambda leaf: isinstance(leaf, str) and leaf.startswith(text))


def _suffix(operand: object, path: tuple[str | int, ...]) -> _ValueTest:
    text = _text(operand, path)
    return _any_leaf(lambda leaf: isinstance(leaf, str) and leaf.endswith(text))


def _equals_ignore_case(operand: object, path: tuple[str | int, ...]) -> _ValueTest:
    text = _text(operand, path).casefold()
    return _any_leaf(lambda leaf: isinstance(leaf, str) and leaf.casefold() == text)


def _wildcard(operand: object, path: tuple[str | int, ...]) -> _ValueTest:
    pieces = _WILDCARD_PIECE.findall(_text(operand, path))
    if ("*", "*") in pairwise(pieces):
        raise PatternError(path, "two wildcards side by side are refused by AWS; write one *")
    texts = [""]
    for piece in pieces:
        if piece == "*":
            texts.append("")
        elif piece.startswith("\\") and piece not in ("\\*", "\\\\"):
            raise PatternError(path, "after a backslash only * or another backslash may stand")
        else:
            texts[-1] += piece[-1]
    return _any_leaf(lambda leaf: isinstance(leaf, str) and _holds_in_order(leaf, texts))


def _holds_in_order(value: str, texts: Sequence[str]) -> bool:
    """Whether `value` is these texts with anything between them. Not a regular expression: on a value
    that an attacker made long, one with several wildcards would take hours to fail.
    """
    if len(texts) == 1:
        return value == texts[0]
    first, *between, last = texts
    place, end = len(first), len(value) - len(last)
    if not (value.startswith(first) and value.endswith(last)):
        return False
    for text in between:
        found = value.find(text, place, end)
        if found < 0:
            return False
        place = found + len(text)
    return place <= end


def _anything_but(operand: object, path: tuple[str | int, ...]) -> _ValueTest:
    refused = list(operand) if isinstance(operand, Sequence) and not isinstance(operand, str) else [operand]
    if not refused or not all(isinstance(value, str | int | float) for value in refused):
        raise PatternError(path, "give a string, a number, or a list of them")
    return _any_leaf(lambda leaf: not any(_same(value, leaf) for value in refused))


def _exists(operand: object, path: tuple[str | int, ...]) -> _ValueTest:
    if not isinstance(operand, bool):
        raise PatternError(path, "write true or false")

    # Like AWS: only a leaf exists; a key that holds an object does not.
    def is_leaf(value: Any) -> bool:
        return any(True for _ in _leaves(value))

    return is_leaf if operand else lambda value: not is_leaf(value)


_OPERATORS: dict[str, Callable[[object, tuple[str | int, ...]], _ValueTest]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _equals_ignore_case,
    "anything-but": _anything_but,
    "exists": _exists,
    "wildcard": _wildcard,
}


def _any_leaf(test: _ValueTest) -> _ValueTest:
    return lambda value: any(test(leaf) for leaf in _leaves(value))


def _leaves(value: Any) -> Iterator[Any]:
    pending = [value]
    while pending:
        item = pending.pop()
        if _is_array(item):
            pending.extend(item)
        elif item is not _ABSENT and not isinstance(item, Mapping):
            yield item


def _same(expected: object, actual: object) -> bool:
    # In JSON `true` is not `1`, though in Python they are equal.
    if isinstance(expected, bool) or isinstance(actual, bool):
        return expected is actual
    return expected == actual


def _is_array(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _text(operand: object, path: tuple[str | int, ...]) -> str:
    if not isinstance(operand, str) or not operand:
        raise PatternError(path, "give a string that is not empty")
    return operand
