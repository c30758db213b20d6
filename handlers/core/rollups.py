"""Rollups: what was held back is counted and told together; and the form of a summary in its queue."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import NamedTuple

from handlers.core.alerts import Alert, Delivery, EndedMute, Rollup
from handlers.core.codec import from_json, to_json
from handlers.core.dedup import Bucket
from handlers.core.digest import digest
from handlers.core.severity import Severity
from handlers.core.text import clean, show

FEW = 5
"""So many subjects and addresses are named."""
_LONGEST = 80
"""So long is a subject: a certificate's id fits."""


class HeldAlert(NamedTuple):
    """An alert that was held back, as far as its rollup tells of it."""

    alert_id: str
    time: int
    """In seconds since 1970."""
    severity: Severity
    subject: str | None
    source_ip: str

    @property
    def order(self) -> tuple[int, int, str]:
        """The worst come first, of one severity the earliest."""
        return -self.severity.rank, self.time, self.alert_id


class HeldAlerts(NamedTuple):
    """What a bucket holds."""

    total: int
    first: tuple[HeldAlert, ...] = ()
    """The worst first, of one severity by time. Of very many not all."""
    last: HeldAlert | None = None
    """The last by time among the mildest."""


def hold(alert: Alert, second: int) -> HeldAlert:
    """What is remembered of an alert of this event time that is held back."""
    return HeldAlert(
        alert_id=alert.alert_id,
        time=second,
        severity=alert.severity,
        subject=None if alert.subject is None else clean(alert.subject, _LONGEST),
        source_ip=clean(alert.source_ip, _LONGEST),
    )


@dataclass(frozen=True, slots=True)
class Summary:
    """Asks that what a bucket holds is told, not before it is due."""

    bucket: Bucket
    due: datetime
    alert: Alert
    """One of the bucket: its rollup is told as of the same rule, actor and place, for the same reasons."""
    destinations: tuple[str, ...]
    lapses: datetime
    """How long the state of the bucket is needed."""
    mute: EndedMute | None = None
    """The mute that held them back; None where dedup did."""


def find_due(ends: datetime, now: datetime, grace: timedelta) -> datetime:
    """When a summary of a bucket is due: after its end and `grace`, at a multiple of `grace`.

    So all that ask at about the same time are answered by one rollup.
    """
    earliest = (max(ends, now) + grace).timestamp()
    step = grace.total_seconds()
    return datetime.fromtimestamp(ceil(earliest / step) * step, UTC)


def build_rollups(summary: Summary, held: HeldAlerts, *, rolled: int, upto: int) -> list[Delivery]:
    """The rollup of the alerts number `rolled` to `upto` of a bucket, for each of its destinations.

    Which of them these are is not known: times, subjects and addresses are those of all that the bucket
    holds. The count is exact.
    """
    seconds = [each.time for each in (*held.first, *filter(None, [held.last]))]
    subjects = _distinct(each.subject for each in held.first)
    addresses = _distinct(each.source_ip for each in held.first)
    alert = replace(
        summary.alert if summary.mute is None else _of_a_mute(summary.alert, summary.mute),
        alert_id=digest("rollup", summary.bucket.key, str(rolled)),
        kind="rollup",
        severity=max((each.severity for each in held.first), default=summary.alert.severity),
        # Not those of the summary's alert, which may have been told before.
        time=_moment(max(seconds)),
        event_id="",
        subject=None,
        source_ip="",
        shown={},
        # Commands would name what one of them was about.
        values={},
        statements=(),
        question=None,
        link=None,
        story=None,
        rollup=Rollup(
            count=upto - rolled,
            before=rolled,
            first_seen=_moment(min(seconds)),
            last_seen=_moment(max(seconds)),
            subjects=subjects[:FEW],
            more_subjects=len(subjects[FEW:]),
            addresses=addresses[:FEW],
            more_addresses=len(addresses[FEW:]),
            mute=summary.mute,
        ),
    )
    return [Delivery(alert, name) for name in summary.destinations]


def _of_a_mute(alert: Alert, mute: EndedMute) -> Alert:
    """What holds for all alerts that a mute held: nothing that one of them says of its own call."""
    return replace(
        alert,
        dedup_key=digest("mute", mute.name, mute.begins.isoformat()),
        rule="mute",
        operation=None,
        title="",
        title_of_many="",
        reasons=(f"the mute {mute.name} ended, so alerts like these are told again",),
        error=None,
        runbook=(),
        attack=(),
        docs=None,
    )


def _distinct(texts: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


class BadSummary(ValueError):
    """A queue message that is not a summary of ours; the message says what is wrong."""


class UnknownSummary(ValueError):
    """A queue message of a kind or a format version that this release does not know: a newer one wrote it."""


_KIND, _VERSION = "summary", 1


def write_summary(summary: Summary) -> str:
    """The summary as the JSON of a queue message."""
    return json.dumps({"kind": _KIND, "version": _VERSION, **to_json(summary)}, ensure_ascii=False)


def read_summary(text: str) -> Summary:
    """The summary in a queue message. Raises `BadSummary` or `UnknownSummary`."""
    try:
        data = json.loads(text)
        kind, version = data["kind"], data["version"]
        if (kind, version) == (_KIND, _VERSION):
            return from_json(Summary, data)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise BadSummary(f"not a summary: {type(error).__name__}") from None
    raise UnknownSummary(
        f"the message is of kind {show(kind)}, version {show(version)}: a newer release wrote it"
    )
