"""What Thingwatch would have told of the records in a file: the very pipeline, with its state in memory.

Records are judged in the order of their event times, and that time is the clock, so that history of any age
is judged as it would have been on its day. Nothing is sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, NamedTuple, TypeAlias

from cli.event_files import Unreadable
from cli.playback import Playback
from handlers.core.alerts import Alert, Delivery
from handlers.core.operations import is_read, service_of
from handlers.core.record import Record
from handlers.core.renderings.text import render_title
from handlers.core.ruleset import Ruleset
from handlers.pipeline.detection import Detection
from handlers.pipeline.telling import Fate
from rulebook.config.dead_patterns import READS_THAT_ARRIVE

_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""Between these no sum of times is out of range."""
_OUT_OF_RANGE = "is no CloudTrail record: eventTime is before 1970 or after 9000"

_Identity: TypeAlias = tuple[str, str, str]
"""Account, Region and event id."""


class Outcome(IntEnum):
    """What became of a call; of several records of one call, the highest holds."""

    OTHER_SERVICES = 0
    """The service is not watched, or it is no call of the control plane."""
    READ_ONLY = 1
    BELOW_ROUTES = 2
    """The operation is off, the finding is below the minimum, or no route takes it."""
    SUPPRESSED = 3
    MUTED = 4
    HELD = 5
    """A rollup counts it. An archive is told at once."""
    TOLD = 6


_OUTCOMES = {
    Fate.NOBODY: Outcome.BELOW_ROUTES,
    Fate.MUTED: Outcome.MUTED,
    Fate.HELD: Outcome.HELD,
    Fate.TOLD: Outcome.TOLD,
}


class Told(NamedTuple):
    """An alert as it is told, when, and to whom; nobody is told what is on trial or below the minimum."""

    alert: Alert
    destinations: tuple[str, ...]
    time: datetime


@dataclass(slots=True)
class Tally:
    """What became of all records of a file."""

    read: int = 0
    outcomes: dict[_Identity, Outcome] = field(default_factory=dict)
    """By call."""
    unreadable: Counter[str] = field(default_factory=Counter)
    """By reason."""
    examples: dict[str, int] = field(default_factory=dict)
    """The number, counted from 1, of the first record that is unreadable for a reason."""
    windowed: Counter[Fate] = field(default_factory=Counter)
    """What became of windowed alerts."""
    rollups: int = 0

    def refuse(self, number: int, why: str) -> None:
        """Count what can not be judged."""
        self.unreadable[why] += 1
        self.examples.setdefault(why, number)

    def note(self, record: Record, outcome: Outcome) -> bool:
        """Note what became of a record; False if a record of the same call had come as far."""
        identity = (record.account, record.region, record.event_id)
        known = self.outcomes.get(identity)
        if known is not None and known >= outcome:
            return False
        self.outcomes[identity] = outcome
        return True

    def totals(self) -> dict[str, int]:
        """The sums.

        read = judged + other_services + read_only + unreadable + repeated
        judged = told + held + suppressed + muted + below_routes
        windowed = windowed_told + windowed_held + windowed_muted + windowed_to_nobody

        The counts of all rollups are held + windowed_held.
        """
        calls, unreadable = Counter(self.outcomes.values()), self.unreadable.total()
        return {
            "read": self.read,
            "judged": sum(number for outcome, number in calls.items() if outcome >= Outcome.BELOW_ROUTES),
            "other_services": calls[Outcome.OTHER_SERVICES],
            "read_only": calls[Outcome.READ_ONLY],
            "unreadable": unreadable,
            "repeated": self.read - unreadable - len(self.outcomes),
            "told": calls[Outcome.TOLD],
            "held": calls[Outcome.HELD],
            "suppressed": calls[Outcome.SUPPRESSED],
            "muted": calls[Outcome.MUTED],
            "below_routes": calls[Outcome.BELOW_ROUTES],
            "windowed": self.windowed.total(),
            "windowed_told": self.windowed[Fate.TOLD],
            "windowed_held": self.windowed[Fate.HELD],
            "windowed_muted": self.windowed[Fate.MUTED],
            "windowed_to_nobody": self.windowed[Fate.NOBODY],
            "rollups": self.rollups,
        }


def replay(found: Iterable[Record | Unreadable], ruleset: Ruleset, tally: Tally) -> Iterator[Told]:
    """The alerts of all records, in the order in which they are told; `tally` counts what became of each.

    A call is told once, however often its record stands there. Where a corrected record is told and the
    first one was told to nobody, both are alerts of one id. Rollups come when they are due. Nothing is told
    before everything is read.
    """
    playback = Playback(ruleset, _EARLIEST)
    for record in _in_order(found, ruleset, tally):
        yield from _tell_rollups(playback, tally, until=record.event_time)
        detection, sent = playback.play(record)
        yield from _tell(detection, sent, ruleset, tally)
    yield from _tell_rollups(playback, tally)


def _tell_rollups(playback: Playback, tally: Tally, until: datetime | None = None) -> Iterator[Told]:
    while (sent := playback.next_rollup(until)) is not None:
        for alert in {each.alert.alert_id: each.alert for each in sent}.values():
            tally.rollups += 1
            yield Told(alert, _receivers(alert, sent), playback.now)


def _in_order(found: Iterable[Record | Unreadable], ruleset: Ruleset, tally: Tally) -> list[Record]:
    """The records that reach `detect`, by event time; of one time as they stand."""
    records = []
    for number, record in enumerate(found, start=1):
        tally.read = number
        if isinstance(record, Unreadable):
            tally.refuse(number, record.why)
        elif not _EARLIEST <= record.event_time < _LATEST:
            tally.refuse(number, _OUT_OF_RANGE)
        elif service_of(record.event_source) not in ruleset.services or not record.is_management:
            tally.note(record, Outcome.OTHER_SERVICES)
        elif _only_reads(record, ruleset) and record.event_name not in READS_THAT_ARRIVE:
            # EventBridge would not have brought it, whatever custom rules match.
            tally.note(record, Outcome.READ_ONLY)
        else:
            records.append(record)
    records.sort(key=lambda each: each.event_time)
    return records


def _only_reads(record: Record, ruleset: Ruleset) -> bool:
    return not ruleset.watches_reads and is_read(record.event_name)


def _tell(detection: Detection, sent: Sequence[Delivery], ruleset: Ruleset, tally: Tally) -> Iterator[Told]:
    record, finding = detection.judged.record, detection.judged.finding
    if detection.alert is None or finding is None:
        reads = _only_reads(record, ruleset)
        tally.note(record, Outcome.READ_ONLY if reads else Outcome.BELOW_ROUTES)
    elif finding.is_suppressed:
        tally.note(record, Outcome.SUPPRESSED)
    else:
        is_new = tally.note(record, _OUTCOMES[detection.fate])
        receivers = _receivers(detection.alert, sent)
        if receivers or (is_new and detection.fate is Fate.NOBODY):
            yield Told(detection.alert, receivers, record.event_time)
    for windowed in detection.windowed:
        tally.windowed[windowed.fate] += 1
        receivers = _receivers(windowed.alert, sent)
        if receivers or windowed.fate is Fate.NOBODY:
            yield Told(windowed.alert, receivers, record.event_time)


def _receivers(alert: Alert, sent: Sequence[Delivery]) -> tuple[str, ...]:
    return tuple(each.destination for each in sent if each.alert.alert_id == alert.alert_id)


def told_data(told: Told) -> dict[str, Any]:
    """An alert as JSON types; times are ISO 8601 in UTC."""
    alert = told.alert
    several = alert.story or alert.rollup
    first, last = (alert.time, alert.time) if several is None else (several.first_seen, several.last_seen)
    return {
        "alert_id": alert.alert_id,
        "kind": alert.kind,
        "rule": alert.rule,
        "operation": alert.operation,
        "severity": alert.severity.value,
        "title": render_title(alert),
        "reasons": list(alert.reasons),
        "actor": alert.actor.id,
        "account": alert.account,
        "region": alert.region,
        "subject": alert.subject,
        "first_seen": f"{first:%Y-%m-%dT%H:%M:%SZ}",
        "last_seen": f"{last:%Y-%m-%dT%H:%M:%SZ}",
        "count": 1 if several is None else several.count,
        "destinations": list(told.destinations),
    }
