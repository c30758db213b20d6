"""Why a pattern matched a record or did not: its conditions one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from handlers.core.alerts import show
from handlers.core.patterns import compile_pattern
from handlers.core.spelling import small_first, small_pattern, small_record


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


def check_conditions(pattern: Mapping[str, Any], view: Mapping[str, Any]) -> tuple[Condition, ...]:
    """Each condition of a sound pattern, checked alone. A pattern may fail although each of its
    conditions holds, when they hold in different elements of one array.
    """
    return tuple(_conditions(pattern, small_record(view), ()))


def _conditions(
    pattern: Mapping[str, Any], view: Mapping[str, Any], at: tuple[str, ...]
) -> Iterator[Condition]:
    for key, wanted in pattern.items():
        path = (*at, key)
        if isinstance(wanted, Mapping):
            yield from _conditions(wanted, view, path)
            continue
        alone: Any = wanted
        for part in reversed(path):
            alone = {part: alone}
        found = () if key == "$or" else tuple(_values(view, path))
        holds = compile_pattern(small_pattern(alone))(view)
        yield Condition(".".join(path), wanted, found, holds)


def _values(value: Any, path: tuple[str, ...]) -> Iterator[Any]:
    pending = [(value, path)]
    while pending:
        here, left = pending.pop()
        if isinstance(here, list) and here:
            pending.extend((item, left) for item in reversed(here))
        elif not left:
            yield here
        elif isinstance(here, Mapping):
            spellings = (left[0], small_first(left[0]))
            pending.extend((here[name], left[1:]) for name in dict.fromkeys(spellings) if name in here)


def _short(value: Any) -> str:
    return f'"{show(value)}"' if isinstance(value, str) else show(value)
