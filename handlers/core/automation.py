"""Known automation: whose routine work is lowered, and kept out of the built-in counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from handlers.core.record_pattern import RecordPattern
from handlers.core.severity import Severity


@dataclass(frozen=True, slots=True)
class Automation:
    """Known automation: the catalog's severity of its routine work is at most this, unless it is critical.

    `operations` is None where everything that it does is routine.
    """

    name: str
    when: RecordPattern
    operations: frozenset[str] | None
    at_most: Severity
    reason: str

    def covers(self, operation: str, view: Mapping[str, Any]) -> bool:
        """Whether a call is its routine work."""
        return (self.operations is None or operation in self.operations) and self.when.matches(view)


def find_automation(
    severity: Severity, operation: str, view: Mapping[str, Any], automation: Iterable[Automation]
) -> Automation | None:
    """The known automation that lowers a severity the most. What is critical is nobody's routine."""
    if severity is Severity.CRITICAL:
        return None
    lowering = [
        each for each in automation if each.at_most.rank < severity.rank and each.covers(operation, view)
    ]
    return min(lowering, key=lambda each: each.at_most, default=None)
