"""Which circumstances may hold, decided from a few facts.

Most calls meet no circumstance. So each is filed under one value that it asks of a fact, and only
those that are filed under a value of the call are matched. One that asks otherwise is always matched.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from handlers.core.patterns import Field
from handlers.core.record_pattern import RecordPattern
from handlers.core.severity import Severity


@dataclass(frozen=True, slots=True)
class Circumstance:
    """A judgement on any operation: where it matches, severity is at least and at most these."""

    name: str
    when: RecordPattern
    at_least: Severity | None
    at_most: Severity | None
    why: str
    attack: tuple[str, ...] = ()


def raise_severity(severity: Severity, circumstances: Iterable[Circumstance]) -> Severity:
    """`severity`, raised by each `at_least`."""
    for each in circumstances:
        if each.at_least is not None and each.at_least.rank > severity.rank:
            severity = each.at_least
    return severity


def move_severity(severity: Severity, circumstances: Collection[Circumstance]) -> Severity:
    """`severity`, raised by each `at_least`, then held down by each `at_most`, which has the last word."""
    severity = raise_severity(severity, circumstances)
    for each in circumstances:
        if each.at_most is not None and each.at_most.rank < severity.rank:
            severity = each.at_most
    return severity


class CircumstanceIndex:
    """The circumstances, filed under `actor.kind`, under facts that are true, and under facts that are
    there.
    """

    def __init__(self, circumstances: Iterable[Circumstance]) -> None:
        self._circumstances = tuple(circumstances)
        self._places = {each.name: place for place, each in enumerate(self._circumstances)}
        self._always: list[Circumstance] = []
        self._by_kind: dict[Any, list[Circumstance]] = {}
        self._if_true: dict[str, list[Circumstance]] = {}
        self._if_there: dict[str, list[Circumstance]] = {}
        for circumstance in self._circumstances:
            self._file(circumstance)

    def find(self, view: Mapping[str, Any]) -> tuple[Circumstance, ...]:
        """The circumstances that hold, in their order. `view` is the record with its `facts`."""
        facts = view["facts"]
        candidates = [*self._always, *self._by_kind.get(facts["actor"]["kind"], ())]
        for name, filed in self._if_true.items():
            if facts.get(name):
                candidates += filed
        for name, filed in self._if_there.items():
            if name in facts:
                candidates += filed
        if not candidates:
            return ()
        holding = [each for each in candidates if each.when.matches(view)]
        return tuple(sorted(holding, key=lambda each: self._places[each.name]))

    def _file(self, circumstance: Circumstance) -> None:
        for node in circumstance.when.nodes:
            if isinstance(node, Field) and node.path[0] == "facts" and len(node.path) > 1:
                path, values = node.path[1:], node.values
                if path == ("actor", "kind") and all(isinstance(value, str) for value in values):
                    for value in dict.fromkeys(values):
                        self._by_kind.setdefault(value, []).append(circumstance)
                    return
                if path[0] in _TRUE_OR_FALSE and values == [True]:
                    self._if_true.setdefault(path[0], []).append(circumstance)
                    return
                if len(path) == 2 and path[0] != "actor" and values == [{"exists": True}]:
                    self._if_there.setdefault(path[0], []).append(circumstance)
                    return
        self._always.append(circumstance)


_TRUE_OR_FALSE = frozenset({"failed", "denied", "omitted"})
"""Facts of every record."""
