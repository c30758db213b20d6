"""Mutes: an operator's command holds matching alerts for a while; they are counted, and its end is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from handlers.core.alerts import Alert, EndedMute
from handlers.core.dedup import Bucket
from handlers.core.digest import digest
from handlers.core.record_pattern import RecordPattern
from handlers.core.severity import Severity


@dataclass(frozen=True, slots=True)
class Mute:
    """Holds the alerts of calls from `begins` until just before `ends`, by event time."""

    name: str
    match: RecordPattern
    """An event pattern over what routes match on: the record, its facts and the finding; of a rule over time
    the group and the finding.
    """
    reason: str
    by: str
    """ARN of whoever gave the command."""
    begins: datetime
    ends: datetime
    critical: bool = False
    """Whether critical alerts are held too."""

    @property
    def mute_id(self) -> str:
        """Stays the same when the mute is ended early."""
        return digest("mute", self.name, self.begins.isoformat())

    def holds(self, view: Mapping[str, Any], severity: Severity, time: datetime) -> bool:
        """Whether an alert of this severity is held; `view` is what routes match on."""
        in_time = self.begins <= time < self.ends
        return in_time and (self.critical or severity is not Severity.CRITICAL) and self.match.matches(view)

    @property
    def ended(self) -> EndedMute:
        """The mute as its end is told."""
        return EndedMute(self.name, self.reason, self.by, self.begins, self.ends)

    def bucket_for(self, audience: Iterable[str]) -> Bucket:
        """What it holds for these destinations."""
        return Bucket(key=digest("muted", self.mute_id, *audience), ends=self.ends, first=0)


class SavedMute(NamedTuple):
    """A mute as it is stored."""

    mute: Mute
    audiences: Mapping[tuple[str, ...], Alert] = {}
    """The destinations of what it holds, each audience with one of its alerts and a bucket of its own."""


def find_mute(
    mutes: Iterable[Mute], view: Mapping[str, Any], severity: Severity, time: datetime
) -> Mute | None:
    """The mute that holds an alert; of several the one that began first."""
    holding = [each for each in mutes if each.holds(view, severity, time)]
    return min(holding, key=lambda each: (each.begins, each.name), default=None)
