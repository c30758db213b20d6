"""From a judged record to windowed alerts: read, merge, write, and only then look.

    read panes n − 1, n, n + 1
    merge the record into n ── nothing changes ───────────────┐
    write n, if nobody wrote it since (else merge into that)   │
    read panes n − 1, n, n + 1 again                           │
    look at n and at n + 1, which the record may complete too ◀┘
    a window holds: tell its alert, then mark the pane

Of two runs that write neighbouring panes at once, the one that writes last reads both. A run that dies after
its write is mended by the retry, which merges to the same and looks again. A run that dies before the mark
tells the same alert again, and `deliver` drops it by its id. docs/adr/0016 counts the calls.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from handlers.core.alert_building import build_windowed_alert
from handlers.core.alerts import Alert
from handlers.core.digest import digest
from handlers.core.entries import Entry, find_entries, route_entry, view_entry
from handlers.core.judgement import Judged
from handlers.core.ruleset import Ruleset
from handlers.core.windowed_rules import CALLS, NewTerms, Threshold
from handlers.core.windows import EMPTY, Held, Pane, Span, find_window, merge
from handlers.pipeline import A_DAY, REMEMBERED
from handlers.pipeline.outside import Outside
from handlers.pipeline.telling import Candidate, Fate, tell

KEPT = timedelta(days=35)
"""How long a pane is kept after its time and the last write: longer than any record that enters is old."""
_OFTEN = 30
"""A term is written again once this part of its time to be forgotten has passed."""
_FOR_GOOD = timedelta(days=3650)
"""How long it is known since when a group learns."""


class SavedPane(NamedTuple):
    """A pane as it is stored. `version` is 0 where nothing is stored yet."""

    pane: Pane = EMPTY
    version: int = 0
    marked: bool = False
    """Its alert was sent."""


NOTHING = SavedPane()


class Windows(Protocol):
    """The panes of groups, in the state table. The key of a group and the number of a pane identify one."""

    def read(self, key: str, first: int, last: int) -> Mapping[int, SavedPane]:
        """The panes from number `first` to `last` that are stored, all that was written before included."""

    def write(self, key: str, number: int, pane: Pane, *, version: int, lapses: datetime) -> SavedPane | None:
        """Store a pane in the place of its `version`; where that is another by now, return what is stored."""

    def mark(self, key: str, number: int) -> None:
        """Note that the alert of a pane was sent; its version stays."""


class WindowedAlert(NamedTuple):
    """An alert of a window that holds, who would be told, and what became of it. It goes to nobody where the
    rule is on trial.
    """

    alert: Alert
    destinations: tuple[str, ...]
    fate: Fate


def enter_windows(
    judged: Judged, *, ruleset: Ruleset, windows: Windows, outside: Outside
) -> tuple[WindowedAlert, ...]:
    """Enter a record into its windows, and tell the alert of each that now holds.

    A record that is older than claims are remembered enters none: what it completes may have been told. Nor
    does one of a later day, whose time can not be true.
    """
    time, now = judged.record.event_time, outside.clock()
    if not -A_DAY <= now - time <= REMEMBERED or time.timestamp() < 0:
        return ()
    alerts = []
    for entry in find_entries(judged, ruleset):
        for place, second, held in _find_held(entry, windows, max(time, now)):
            alert = build_windowed_alert(
                judged, entry, alert_id=entry.identify(place), held=held, ruleset=ruleset
            )
            candidate = Candidate(
                alert=alert,
                destinations=route_entry(entry, ruleset),
                dedup=ruleset.dedup_of(entry.rule, entry.severity),
                view=view_entry(entry),
                second=second,
            )
            alerts.append(WindowedAlert(alert, candidate.destinations, tell(candidate, ruleset, outside)))
    return tuple(alerts)


def _find_held(entry: Entry, windows: Windows, now: datetime) -> Iterator[tuple[str, int, Held]]:
    """What an entry makes hold, each with the place in time, or the term, that identifies it, and with the
    second that its dedup goes by: whichever call completes a pane, it is the same.

    Each is noted as told when the next one is asked for, so only after its alert was sent.
    """
    rule = entry.rule
    if rule.threshold is not None:
        yield from _look_at_panes(entry, rule.threshold, windows, now + KEPT)
    elif rule.new_terms is not None:
        yield from _look_up_term(entry, rule.new_terms, windows, now)


def _look_at_panes(
    entry: Entry, threshold: Threshold, windows: Windows, lapses: datetime
) -> Iterator[tuple[str, int, Held]]:
    key, number = entry.key, entry.arrival.sighting.time // threshold.within
    panes = _store(key, number, entry, threshold.at_least, windows=windows, lapses=lapses)
    for place in (number, number + 1):
        here, before = panes.get(place, NOTHING), panes.get(place - 1, NOTHING)
        if here is NOTHING or here.marked:
            continue
        held = find_window(before.pane, here.pane, within=threshold.within, needed=threshold.at_least)
        if held is not None:
            starts = place * threshold.within
            yield str(starts), starts, held
            windows.mark(key, place)


def _store(
    key: str, number: int, entry: Entry, needed: int, *, windows: Windows, lapses: datetime
) -> Mapping[int, SavedPane]:
    """The panes that decide, read after the record is stored in its own."""
    arrival = entry.arrival
    panes = windows.read(key, number - 1, number + 1)
    here = panes.get(number, NOTHING)
    merged = merge(here.pane, arrival, needed=needed)
    if merged is here.pane:
        return panes
    # Without end: whenever this run loses, another one has made its step.
    while merged is not here.pane:
        newer = windows.write(key, number, merged, version=here.version, lapses=lapses)
        if newer is None:
            break
        here, merged = newer, merge(newer.pane, arrival, needed=needed)
    return windows.read(key, number - 1, number + 1)


def _look_up_term(
    entry: Entry, terms: NewTerms, windows: Windows, now: datetime
) -> Iterator[tuple[str, int, Held]]:
    (term,), sighting = entry.arrival.slots, entry.arrival.sighting
    key = digest(entry.key, term)
    saved = windows.read(key, 0, 0).get(0, NOTHING)
    known = saved.pane.spans.get(term)
    held = Held(sighting.time, 1, {CALLS: (sighting,)})
    if known is None:
        if not _is_learning(entry, terms, windows, now):
            yield term, sighting.time, held
    else:
        since = timedelta(seconds=sighting.time - known.last)
        if since < terms.forget_after / _OFTEN:
            return
        if since > terms.forget_after:
            # Another id than the first time's, which is remembered as told.
            yield f"{term}@{known.last}", sighting.time, held
    merged = merge(saved.pane, entry.arrival, needed=1)
    if merged is not saved.pane:
        # Where another run was first it stored the same term.
        windows.write(key, 0, merged, version=saved.version, lapses=now + terms.forget_after + KEPT)


def _is_learning(entry: Entry, terms: NewTerms, windows: Windows, now: datetime) -> bool:
    """Whether the group's first record is so young that terms are learnt in silence."""
    if not terms.learn:
        return False
    time = entry.arrival.sighting.time
    first = Pane({CALLS: Span(time, time)}, {})
    stored = windows.write(entry.key, 0, first, version=0, lapses=now + _FOR_GOOD) or SavedPane(first)
    return time < stored.pane.spans[CALLS].first + terms.learn.total_seconds()
