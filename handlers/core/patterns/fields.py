"""The fields of one alternative, looked up in an event.

Nearly every event that we judge has no array of objects on the way to a field. Then each field has one
value or none, the fields are independent, and each is decided by a few dictionary look-ups
(`_decider`). Otherwise `_hold_together` looks for one element of each array that satisfies them all; for a
field alone any value will do (`_holds_alone`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from handlers.core.patterns.tree import Path
from handlers.core.patterns.values import Values

_ABSENT: Any = object()
_CONTAINERS = (Mapping, list, tuple)
_LEAF_TYPES = frozenset({str, int, float, bool, type(None)})
"""What `json.loads` makes of a leaf. A look here costs a tenth of `isinstance(…, Mapping)`."""


_Keys = list[list[tuple[str, int]]]
_Chosen = tuple[tuple[Any, int], ...]
"""The event and the array elements settled on so far, outermost first, each with its depth: the number
of keys that lead to it.
"""


def all_hold(fields: Mapping[Path, Values]) -> Callable[[Any], bool]:
    """A predicate: the event has the wanted values in all fields, in the same element of each array."""
    deciders = [_decider(path, values) for path, values in fields.items()]
    if len(deciders) == 1:
        return _holds_alone(deciders[0], *fields.items())
    search = _hold_together(fields)

    def holds(event: Any) -> bool:
        for decide in deciders:
            answer = decide(event)
            if not answer:
                return search(event) if answer is None else False
        return True

    return holds


def _holds_alone(decide: Callable[[Any], bool | None], field: tuple[Path, Values]) -> Callable[[Any], bool]:
    path, values = field
    keys, end = _keys_at_each_depth(path), len(path)

    def holds(event: Any) -> bool:
        answer = decide(event)
        return search(event) if answer is None else answer

    def search(event: Any) -> bool:
        present = False
        pending = [(event, 0)]
        while pending:
            node, depth = pending.pop()
            # The types that `json.loads` makes are told first, because a look at Mapping is slow.
            if type(node) is dict or isinstance(node, Mapping):
                if depth < end:
                    pending += [(node[key], its_depth) for key, its_depth in keys[depth] if key in node]
            elif type(node) is list or isinstance(node, tuple):
                pending += [(element, depth) for element in node]
            elif depth == end:
                if values.test(node):
                    return True
                present = True
        return values.may_be_absent and not present

    return holds


def _decider(path: Path, values: Values) -> Callable[[Any], bool | None]:
    """Decide the field by itself; None if fields must be tested together: there is an array of objects on
    the way, or a key with dots, or a mapping that is not a plain `dict`.
    """
    decide_below = _decider_below(path[-1], values)
    if len(path) == 2:
        # Most fields that we judge are two keys deep: these need no loop.
        first, dotted = path[0], ".".join(path)

        def decide_two(event: Any) -> bool | None:
            if type(event) is not dict or dotted in event:
                return None
            return decide_below(event.get(first, _ABSENT))

        return decide_two
    steps = [(keys[0][0], tuple(key for key, _ in keys[1:])) for keys in _keys_at_each_depth(path)[:-1]]

    def decide(event: Any) -> bool | None:
        node = event
        for key, dotted_keys in steps:
            if type(node) is not dict:
                break
            for dotted in dotted_keys:
                if dotted in node:
                    return None
            node = node.get(key, _ABSENT)
        return decide_below(node)

    return decide


def _decider_below(last: str, values: Values) -> Callable[[Any], bool | None]:
    """Decide the field by what its last key leads to from where the others led."""
    test, may_be_absent = values.test, values.may_be_absent

    def decide(node: Any) -> bool | None:
        if type(node) is dict:
            value = node.get(last, _ABSENT)
            if type(value) in _LEAF_TYPES:
                return test(value)
            if value is _ABSENT or type(value) is dict:
                return may_be_absent
            return _decide_list(value, values) if type(value) is list else None
        return may_be_absent if node is _ABSENT or type(node) in _LEAF_TYPES else None

    return decide


def _decide_list(elements: list[Any], values: Values) -> bool | None:
    for element in elements:
        if type(element) not in _LEAF_TYPES:
            return None
    return any(map(values.test, elements)) if elements else values.may_be_absent


def _keys_at_each_depth(path: Path) -> _Keys:
    """For each depth, the keys by which an event may go on along `path`, with the depth that each leads
    to: `a.b.c` may be spelled `{"a": {"b.c": …}}`.
    """
    depths = range(len(path))
    return [[(".".join(path[start : end + 1]), end + 1) for end in depths[start:]] for start in depths]


def _hold_together(fields: Mapping[Path, Values]) -> Callable[[Any], bool]:
    """The search that Event Ruler makes (ACFinder.java), in its order: by field name.

    The order counts for `exists: false`: a field is absent when no value of it lies in the elements
    that the fields before it were found in. Each step goes on from the innermost of these elements, so
    nothing is read twice for one field, however many elements there are.
    """
    paths = _in_order(fields)
    wanted = [fields[path] for path in paths]
    keys = [_keys_at_each_depth(path) for path in paths]
    shared = [*(_shared_keys(path, following) for path, following in pairwise(paths)), 0]

    def search(event: Any) -> bool:
        pending: list[tuple[int, _Chosen]] = [(0, ((event, 0),))]
        tried = set()
        while pending:
            position, chosen = pending.pop()
            if position == len(paths):
                return True
            state = (position, *(id(element) for element, _ in chosen))
            if state in tried:
                continue
            tried.add(state)
            values, depth = wanted[position], shared[position]
            present = False
            for leaves, inside in _find(keys[position], chosen):
                present = True
                if any(map(values.test, leaves)):
                    pending.append((position + 1, _down_to(depth, inside)))
            if values.may_be_absent and not present:
                pending.append((position + 1, _down_to(depth, chosen)))
        return False

    return search


def _in_order(paths: Iterable[Path]) -> list[Path]:
    names = {path: ".".join(path) for path in paths}
    parents = {path[:depth] for path in names for depth in range(1, len(path))}
    # A field that other fields lie below comes right before them, for their arrays are the same.
    return sorted(names, key=lambda path: f"{names[path]}." if path in parents else names[path])


def _shared_keys(one: Path, other: Path) -> int:
    count = 0
    for key, its_key in zip(one, other, strict=False):
        if key != its_key:
            break
        count += 1
    return count


def _down_to(depth: int, chosen: _Chosen) -> _Chosen:
    return tuple(choice for choice in chosen if choice[1] <= depth)


def _find(keys: _Keys, chosen: _Chosen) -> Iterator[tuple[list[Any], _Chosen]]:
    """The values of a field inside the innermost of the elements chosen: leaves that lie together, each
    time with the elements that they lie in.
    """
    end = len(keys)
    pending = [(*chosen[-1], chosen)]
    while pending:
        node, depth, inside = pending.pop()
        if isinstance(node, list | tuple):
            if depth == end and (leaves := [leaf for leaf in node if not isinstance(leaf, _CONTAINERS)]):
                yield leaves, inside
            outside = _down_to(depth - 1, inside)
            pending.extend(
                (element, depth, (*outside, (element, depth)))
                for element in node
                if isinstance(element, _CONTAINERS)
            )
        elif isinstance(node, Mapping):
            onward = keys[depth] if depth < end else ()
            pending.extend((node[key], its_depth, inside) for key, its_depth in onward if key in node)
        elif depth == end:
            yield [node], inside
