"""From a pattern to a predicate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from handlers.core.patterns.fields import all_hold
from handlers.core.patterns.tree import Nodes, Path, alternatives_of, fields_of, read_pattern
from handlers.core.patterns.values import any_of, compile_values

Predicate = Callable[[Mapping[str, Any]], bool]


def compile_pattern(pattern: Mapping[str, Any]) -> Predicate:
    """Compile an event pattern into a predicate that never raises on any JSON event.

    Raises `PatternError` for a pattern that AWS would refuse, and for the few that this package's
    docstring names.
    """
    return compile_nodes(read_pattern(pattern))


def compile_nodes(nodes: Nodes, rename: Callable[[Path], Path] | None = None) -> Predicate:
    """Compile a pattern that was read; `rename` says where in an event the value of a path is looked for.

    Raises `PatternError` for values that AWS would refuse.
    """
    values = {field.place: compile_values(field.values, field.place) for field in fields_of(nodes)}
    return any_of(
        [
            all_hold(
                {
                    rename(path) if rename is not None else path: values[field.place]
                    for path, field in fields.items()
                }
            )
            for fields in alternatives_of(nodes)
        ]
    )
