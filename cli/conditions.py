"""Why a pattern matched a record or did not: its conditions one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from handlers.core.parameter_case import lower_path
from handlers.core.patterns import Either, Field, Path, compile_nodes
from handlers.core.record_pattern import RecordPattern
from handlers.core.text import show

_NOT_TOGETHER = "each condition holds, but not in one element of the list"


@dataclass(frozen=True)
class Condition:
    """One condition of a pattern, held against one record.

    `path` is dotted, `wanted` the condition as the pattern writes it, `found` what the record has
    there (several values where arrays are on the way, none where it has nothing).
    """

    path: str
    wanted: Any
    found: tuple[Any, ...]
    holds: bool

    def describe(self) -> str:
        """One line for people; text of the record is cleaned and cut."""
        found = ", ".join(_short(value) for value in self.found[:3]) or "absent"
        more = f", … ({len(self.found)} values)" if len(self.found) > 3 else ""
        verb = "matches" if self.holds else "does not match"
        # What a $or looks at is not one place.
        it = "" if self.path.endswith("$or") else f": it is {found}{more}"
        return f"{self.path} {verb} {_short(self.wanted)}{it}"


def check_conditions(pattern: RecordPattern, view: Mapping[str, Any]) -> tuple[Condition, ...]:
    """Each condition of a sound pattern, checked alone, against a record as `judge_event` matches it.

    A pattern may fail although each condition holds, when they hold in different elements of one array.
    """
    return tuple(_check(node, view) for node in pattern.nodes)


def first_failure(pattern: RecordPattern, view: Mapping[str, Any]) -> str:
    """The first condition that fails of a pattern that does not match, for people."""
    failed = (each.describe() for each in check_conditions(pattern, view) if not each.holds)
    return next(failed, _NOT_TOGETHER)


def _check(node: Field | Either, view: Mapping[str, Any]) -> Condition:
    return Condition(
        path=".".join(map(str, node.place)),
        wanted=node.values,
        found=tuple(_values(view, lower_path(node.path))) if isinstance(node, Field) else (),
        holds=compile_nodes((node,), lower_path)(view),
    )


def _values(value: Any, path: Path) -> Iterator[Any]:
    pending = [(value, path)]
    while pending:
        here, left = pending.pop()
        if isinstance(here, list) and here:
            pending.extend((item, left) for item in reversed(here))
        elif not left:
            yield here
        elif isinstance(here, Mapping) and left[0] in here:
            pending.append((here[left[0]], left[1:]))


def _short(value: Any) -> str:
    return f'"{show(value)}"' if isinstance(value, str) else show(value)
