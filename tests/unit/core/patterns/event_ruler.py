"""Event Ruler's matching, told plainly: every field with the array elements that it lies in, and every way
to choose one for each field of the pattern (Event.java, ArrayMembership.java, ACFinder.java). Far too slow
for use: its cost is the product of the arrays' lengths.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from handlers.core.patterns import compile_pattern

Membership = Mapping[int, int]
"""Which element of which array."""


def ruler_matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether Event Ruler's search finds `event` to match."""
    fields = list(_fields("", event, {}))
    return any(
        _found(sorted(alternative.items()), fields, {}) for alternative in _alternatives("", pattern, [{}])
    )


def _fields(name: str, value: Any, membership: Membership) -> Iterator[tuple[str, Any, Membership]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _fields(_joined(name, key), inner, membership)
    elif isinstance(value, list):
        for position, element in enumerate(value):
            inside = isinstance(element, Mapping | list)
            yield from _fields(name, element, {**membership, id(value): position} if inside else membership)
    else:
        yield name, value, membership


def _alternatives(
    name: str, pattern: Mapping[str, Any], so_far: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    for key, value in pattern.items():
        if key == "$or":
            copies = [(branch, [dict(fields) for fields in so_far]) for branch in value]
            so_far = [fields for branch, copy in copies for fields in _alternatives(name, branch, copy)]
        elif isinstance(value, Mapping):
            so_far = _alternatives(_joined(name, key), value, so_far)
        else:
            for fields in so_far:
                fields[_joined(name, key)] = value
    return so_far


def _found(
    wanted: list[tuple[str, list[Any]]], fields: list[tuple[str, Any, Membership]], membership: Membership
) -> bool:
    if not wanted:
        return True
    (name, values), *others = wanted
    test = compile_pattern({"leaf": values})
    within_reach = [
        (leaf, {**membership, **its_membership})
        for its_name, leaf, its_membership in fields
        if its_name == name
        and all(membership.get(array, position) == position for array, position in its_membership.items())
    ]
    if not within_reach and any(value == {"exists": False} for value in values):
        return _found(others, fields, membership)
    return any(test({"leaf": leaf}) and _found(others, fields, joint) for leaf, joint in within_reach)


def _joined(name: str, key: str) -> str:
    return f"{name}.{key}" if name else key
