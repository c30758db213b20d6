"""A pattern, read once into a tree: the only place that walks its keys and its `$or` lists.

{"a": {"b": [1]}, "$or": [{"c": [2]}, {"d": [3]}]}

Field(path=("a", "b"), values=[1], place=("a", "b"))
Either(branches=((Field(path=("c",), …),), (Field(path=("d",), …),)), place=("$or",), …)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from handlers.core.patterns.error import PatternError, Place

Path = tuple[str, ...]
"""The keys down to a field, without dots."""

OR = "$or"
_MOST_COMBINATIONS = 1_000
_MOST_NESTED = 10
"""Each `$or` has two branches or more, so eleven in one another make more than 1,000 combinations."""
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


@dataclass(frozen=True, slots=True)
class Field:
    """The values that a pattern allows at one path."""

    path: Path
    values: Any
    """As the pattern writes them: a list, which `compile_values` checks."""
    place: Place
    """The keys of the pattern that lead here; a dotted key is one of them."""

    def place_at(self, steps: int) -> Place:
        """Where the pattern writes the first `steps` keys of the path."""
        written = 0
        for position, key in enumerate(self.place):
            if isinstance(key, str) and key != OR:
                written += key.count(".") + 1
                if written >= steps:
                    return self.place[: position + 1]
        return self.place


@dataclass(frozen=True, slots=True)
class Either:
    """A `$or`: one of its branches must hold."""

    branches: tuple[Nodes, ...]
    values: Any
    """The list of patterns, as it is written."""
    place: Place


Nodes = tuple[Field | Either, ...]
"""What stands in a pattern, in the order of the document."""


def read_pattern(pattern: object) -> Nodes:
    """The tree of a pattern. Raises `PatternError` for keys or `$or` lists that AWS refuses."""
    nodes = tuple(_read(pattern, (), (), ors=0))
    if prod(len(node.branches) for node in _eithers(nodes)) > _MOST_COMBINATIONS:
        raise _too_many()
    return nodes


def fields_of(nodes: Nodes) -> Iterator[Field]:
    """Every field of a pattern, those inside a `$or` too."""
    for node in nodes:
        if isinstance(node, Field):
            yield node
        else:
            for branch in node.branches:
                yield from fields_of(branch)


def alternatives_of(nodes: Nodes) -> list[dict[Path, Field]]:
    """The pattern without `$or`: one of these sets of fields must hold.

    Each `$or` copies what stands before it once for each branch; of a path that is written twice, the last
    holds, as on AWS.
    """
    found: list[dict[Path, Field]] = [{}]
    for node in nodes:
        if isinstance(node, Field):
            for fields in found:
                fields[node.path] = node
        else:
            branches = [alternatives_of(branch) for branch in node.branches]
            found = [{**fields, **more} for branch in branches for fields in found for more in branch]
    return found


def _read(pattern: object, path: Path, place: Place, *, ors: int) -> Iterator[Field | Either]:
    if not isinstance(pattern, Mapping):
        raise PatternError(place, "a pattern is an object of keys; put the value in a list under its key")
    if not pattern:
        raise PatternError(place, "an empty pattern is not allowed; name at least one key")
    for key, value in pattern.items():
        here = (*place, key)
        if key == OR:
            yield _read_or(value, path, here, ors=ors + 1)
            continue
        if not isinstance(key, str):
            raise PatternError(here, "keys are strings")
        inner = (*path, *key.split("."))
        if ors and key in _RESERVED_INSIDE_OR:
            raise PatternError(
                here,
                f"inside {OR} AWS keeps this name for an operator; write the operator as a value of a field",
            )
        if len(inner) > _DEEPEST_PATH:
            raise PatternError(here, f"lies more than {_DEEPEST_PATH} keys deep; name a field nearer the top")
        if isinstance(value, Mapping):
            yield from _read(value, inner, here, ors=ors)
        else:
            yield Field(inner, value, here)


def _read_or(value: object, path: Path, place: Place, *, ors: int) -> Either:
    if not isinstance(value, list | tuple) or len(value) < 2:
        raise PatternError(place, f"{OR} is a list of two or more patterns: [{{…}}, {{…}}]")
    if ors > _MOST_NESTED:
        raise _too_many()
    branches = [
        tuple(_read(branch, path, (*place, position), ors=ors)) for position, branch in enumerate(value)
    ]
    return Either(tuple(branches), value, place)


def _eithers(nodes: Nodes) -> Iterator[Either]:
    for node in nodes:
        if isinstance(node, Either):
            yield node
            for branch in node.branches:
                yield from _eithers(branch)


def _too_many() -> PatternError:
    return PatternError((), f"the {OR} lists make more than {_MOST_COMBINATIONS:,} combinations")
