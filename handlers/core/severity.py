"""How bad a finding is: the five severities of OCSF and AWS Security Hub, in order."""

from __future__ import annotations

from enum import Enum
from functools import total_ordering


@total_ordering
class Severity(Enum):
    """An ordered severity; the value is the word that people write in config."""

    INFORMATIONAL = "informational"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    rank: int
    """0 for informational to 4 for critical: quick to compare."""

    def __init__(self, _word: str) -> None:
        self.rank = len(type(self).__members__)

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Severity):
            return NotImplemented
        return self.rank < other.rank


def say_bounds(at_least: Severity | None, at_most: Severity | None) -> str:
    """What a circumstance does to a severity, in words: `at least low, at most medium`."""
    bounds = (("at least", at_least), ("at most", at_most))
    return ", ".join(f"{word} {severity.value}" for word, severity in bounds if severity is not None)
