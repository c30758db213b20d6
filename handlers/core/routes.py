"""Who hears of a finding: the only place that reads routes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handlers.core.record_pattern import RecordPattern
from handlers.core.severity import Severity


@dataclass(frozen=True, slots=True)
class Route:
    """Findings of these severities that match, if there is something to match, go to these destinations."""

    severities: frozenset[Severity]
    match: RecordPattern | None
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Audience:
    """The destinations that hear of a severity."""

    always: tuple[str, ...]
    """Those that hear of every finding."""
    matched: tuple[str, ...]
    """Those that hear only of findings that a route's pattern matches."""
    matching: tuple[Route, ...]
    """The routes with these patterns."""
    order: tuple[str, ...]
    """All destinations."""

    def destinations_for(self, view: Mapping[str, Any]) -> tuple[str, ...]:
        """Who hears of one finding, each once. `view` is what routes may match on: the record with its facts
        and the finding.
        """
        if not self.matched:
            return self.always
        hits = [route for route in self.matching if route.match is not None and route.match.matches(view)]
        names = {*self.always, *(name for route in hits for name in route.to)}
        return tuple(name for name in self.order if name in names)


def add_finding(
    view: Mapping[str, Any], *, rules: Sequence[str], category: str, severity: Severity
) -> Mapping[str, Any]:
    """What suppressions and routes match on: `view`, and the finding."""
    finding = {"rule": rules, "category": category, "severity": severity.value}
    return {**view, "finding": finding}


def find_audience(
    severity: Severity, routes: Iterable[Route], *, minimum: Severity, destinations: Iterable[str]
) -> Audience:
    """Who hears of a severity, in the order of `destinations`; nobody below the `minimum`."""
    order = tuple(destinations)
    taking = [route for route in routes if severity in route.severities and severity >= minimum]
    always = {name for route in taking if route.match is None for name in route.to}
    matching = tuple(route for route in taking if route.match is not None)
    matched = {name for route in matching for name in route.to} - always
    return Audience(
        always=tuple(name for name in order if name in always),
        matched=tuple(name for name in order if name in matched),
        matching=matching,
        order=order,
    )
