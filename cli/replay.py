"""What Thingwatch would have told of the records in a file: the very pipeline, with its state in memory.

Records are judged in the order of their event times, and that time is the clock, so that history of any age
is judged as it would have been on its day. Nothing is sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Any, NamedTuple, TypeAlias

from cli.event_files import Unreadable
from handlers.adapters.memory_claims import MemoryClaims
from handlers.adapters.memory_windows import MemoryWindows
from handlers.core.alerts import Alert, Delivery
from handlers.core.operations import is_read, service_of
from handlers.core.record import Record
from handlers.core.renderings.text import render_title
from handlers.core.ruleset import Ruleset
from handlers.pipeline import Run
from handlers.pipeline.detection import Detection, detect_record
from rulebook.config.dead_patterns import READS_THAT_ARRIVE

_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""Between these no sum of times is out of range."""
_OUT_OF_RANGE = "is no CloudTrail record: eventTime is before 1970 or after 9000"
_LEASE = timedelta(minutes=1)

_Identity: TypeAlias = tuple[str, str, str]
"""Account, Region and event id."""


class Outcome(IntEnum):
    """What became of a call; of several records of one call, the highest holds."""

    OTHER_SERVICES = 0
    """The service is not watched, or it is no call of the control plane."""
    READ_ONLY = 1
    NO_FINDING = 2
    SUPPRESSED = 3
    NOBODY = 4
    """It is an alert that nobody is told."""
    TOLD = 5


class Told(NamedTuple):
    """An alert as it is told, and to whom; nobody is told what is on trial or below the minimum."""

    alert: Alert
    destinations: tuple[str, ...]


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
    windowed: Counter[Outcome] = field(default_factory=Counter)
    """Windowed alerts that somebody or nobody is told."""

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
        judged = alerts + suppressed + no_finding
        alerts + windowed = told + nobody
        """
        calls, unreadable = Counter(self.outcomes.values()), self.unreadable.total()
        return {
            "read": self.read,
            "judged": sum(number for outcome, number in calls.items() if outcome >= Outcome.NO_FINDING),
            "other_services": calls[Outcome.OTHER_SERVICES],
            "read_only": calls[Outcome.READ_ONLY],
            "unreadable": unreadable,
            "repeated": self.read - unreadable - len(self.outcomes),
            "alerts": calls[Outcome.NOBODY] + calls[Outcome.TOLD],
            "suppressed": calls[Outcome.SUPPRESSED],
            "no_finding": calls[Outcome.NO_FINDING],
            "windowed": self.windowed.total(),
            "told": calls[Outcome.TOLD] + self.windowed[Outcome.TOLD],
            "nobody": calls[Outcome.NOBODY] + self.windowed[Outcome.NOBODY],
        }


def replay(found: Iterable[Record | Unreadable], ruleset: Ruleset, tally: Tally) -> Iterator[Told]:
    """The alerts of all records, in the order in which they are told; `tally` counts what became of each.

    A call is told once, however often its record stands there. Where a corrected record is told and the
    first one was told to nobody, both are alerts of one id. Nothing is told before everything is read.
    """
    queue, claims, windows = _Queue(), MemoryClaims(), MemoryWindows()
    for record in _in_order(found, ruleset, tally):
        run = Run(owner="replay", now=record.event_time, lease=_LEASE)
        detection = detect_record(
            record, ruleset=ruleset, claims=claims, windows=windows, queue=queue, run=run
        )
        yield from _tell(detection, queue.take(), ruleset, tally)


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
        tally.note(record, Outcome.READ_ONLY if reads else Outcome.NO_FINDING)
    elif finding.is_suppressed:
        tally.note(record, Outcome.SUPPRESSED)
    elif tally.note(record, Outcome.TOLD if finding.destinations else Outcome.NOBODY):
        yield Told(detection.alert, _receivers(detection.alert, sent))
    for windowed in detection.windowed:
        told = Told(windowed.alert, _receivers(windowed.alert, sent))
        tally.windowed[Outcome.TOLD if told.destinations else Outcome.NOBODY] += 1
        yield told


def _receivers(alert: Alert, sent: Sequence[Delivery]) -> tuple[str, ...]:
    return tuple(each.destination for each in sent if each.alert is alert)


class _Queue:
    """Keeps what is sent until it is taken."""

    def __init__(self) -> None:
        self._sent: list[Delivery] = []

    def send(self, deliveries: Sequence[Delivery]) -> None:
        """See `DeliveryQueue.send`."""
        self._sent.extend(deliveries)

    def take(self) -> Sequence[Delivery]:
        """What was sent since it was taken last."""
        sent, self._sent = self._sent, []
        return sent


def told_data(told: Told) -> dict[str, Any]:
    """An alert as JSON types; times are ISO 8601 in UTC."""
    alert, story = told.alert, told.alert.story
    first, last = (alert.time, alert.time) if story is None else (story.first_seen, story.last_seen)
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
        "count": 1 if story is None else story.count,
        "destinations": list(told.destinations),
    }
