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

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Severity):
            return NotImplemented
        return _ORDER[self] < _ORDER[other]


_ORDER = {severity: position for position, severity in enumerate(Severity)}
