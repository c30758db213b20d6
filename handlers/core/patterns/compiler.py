"""From a pattern to a predicate: `$or` becomes alternatives, nested keys become paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from handlers.core.patterns.error import PatternError, Place
from handlers.core.patterns.fields import Path, all_hold
from handlers.core.patterns.values import Values, any_of, compile_values

Predicate = Callable[[Mapping[str, Any]], bool]

_OR = "$or"
_MOST_COMBINATIONS = 1_000
_DEEPEST_PATH = 100
# fmt: off
_RESERVED_INSIDE_OR = frozenset([
    "anything-but", "cidr", "equals-ignore-case", "exactly", "exists", "html", "numeric", "prefix", "suffix",
    "wildcard", "=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case", "date-after",
    "date-on-or-after", "date-before", "date-on-or-before", "in-date-range", "ip-address-in-range",
    "ip-address-not-in-range",
])
# fmt: on
"""Event Ruler's Constants.java: with one of these as a field's name, AWS does not read `$or` as an OR."""

_Alternative = dict[Path, Values]


def compile_pattern(pattern: Mapping[str, Any]) -> Predicate:
    """Compile an event pattern into a predicate that never raises on any JSON event.

    Raises `PatternError` for a pattern that AWS would refuse, and for the few that this package's
    docstring names.
    """
    if _combinations(pattern) > _MOST_COMBINATIONS:
        raise PatternError((), f"the {_OR} lists make more than {_MOST_COMBINATIONS:,} combinations")
    return any_of([all_hold(fields) for fields in _expand(pattern, (), (), [{}])])


def _combinations(pattern: object) -> int:
    """The lengths of all `$or` lists multiplied, which is how AWS counts them."""
    product = 1
    pending = [pattern]
    while pending and product <= _MOST_COMBINATIONS:
        node = pending.pop()
        if isinstance(node, Mapping):
            branches = node.get(_OR)
            if isinstance(branches, list | tuple):
                product *= max(1, len(branches))
                pending.extend(branches)
            pending.extend(node.values())
    return product


def _expand(
    pattern: object, path: Path, place: Place, alternatives: list[_Alternative], *, inside_or: bool = False
) -> list[_Alternative]:
    """Write the fields of `pattern` into every alternative, in the order of the document: what is
    written last stays, and each `$or` copies the alternatives once for each of its objects.
    """
    if not isinstance(pattern, Mapping):
        raise PatternError(place, "a pattern is an object of keys; put the value in a list under its key")
    if not pattern:
        raise PatternError(place, "an empty pattern is not allowed; name at least one key")
    for key, value in pattern.items():
        here = (*place, key)
        if key == _OR:
            alternatives = [
                written
                for position, branch in enumerate(_branches(value, here))
                for written in _expand(
                    branch, path, (*here, position), [dict(fields) for fields in alternatives], inside_or=True
                )
            ]
            continue
        inner = (*path, *_steps(key, here))
        if inside_or and key in _RESERVED_INSIDE_OR:
            raise PatternError(
                here,
                f"inside {_OR} AWS keeps this name for an operator; write the operator as a value of a field",
            )
        if len(inner) > _DEEPEST_PATH:
            raise PatternError(here, f"lies more than {_DEEPEST_PATH} keys deep; name a field nearer the top")
        if isinstance(value, Mapping):
            alternatives = _expand(value, inner, here, alternatives, inside_or=inside_or)
        else:
            values = compile_values(value, here)
            for fields in alternatives:
                fields[inner] = values
    return alternatives


def _steps(key: object, place: Place) -> list[str]:
    if not isinstance(key, str):
        raise PatternError(place, "keys are strings")
    return key.split(".")


def _branches(value: object, place: Place) -> list[object] | tuple[object, ...]:
    if not isinstance(value, list | tuple) or len(value) < 2:
        raise PatternError(place, f"{_OR} is a list of two or more patterns: [{{…}}, {{…}}]")
    return value
