"""What a window remembers, and when it holds: the same for every order of arrival and every repetition.

Time is event time in whole seconds, W the length of the window. A pane is an aligned window of event time:

        pane n − 1              pane n              pane n + 1
    ├─────────────────────┼─────────────────────┼─────────────────────┤
                     (T − W ─────────── T]          a window that ends at a record of pane n

A record takes one or more slots of its pane: its event id where calls are counted, its value where values
are, the names of its steps in a sequence. A window that ends at T holds where enough slots were taken in
(T − W, T]. Such a window lies in two panes at most, so two summaries decide it (docs/adr/0016).

Merging is idempotent and commutative in all that decides. The slots taken last are kept, as many as are
needed: a pane that has so many holds by itself, and the next one needs no more.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

FEW = 3
"""How many of the first and of the last records of a step are remembered for people."""


class Span(NamedTuple):
    """When a slot was taken, first and last, in seconds since 1970."""

    first: int
    last: int


class Sighting(NamedTuple):
    """A record in a window, as people are told of it."""

    time: int
    """In seconds since 1970."""
    event_id: str
    operation: str
    subject: str | None
    actor: str


class Pane(NamedTuple):
    """The summary of one pane of one group."""

    spans: Mapping[str, Span]
    """By slot."""
    sightings: Mapping[str, tuple[Sighting, ...]]
    """The first and the last records of each step, in order of time; they decide nothing."""


EMPTY = Pane({}, {})
_IN_TIME = attrgetter("time", "event_id")


class Arrival(NamedTuple):
    """A record as it enters a window."""

    sighting: Sighting
    slots: Sequence[str]
    steps: Sequence[str]
    """The steps that it is shown at."""


class Held(NamedTuple):
    """A window that holds, as far as it is remembered."""

    end: int
    """The time of the record that it ends at."""
    taken: int
    """How many slots were taken in it."""
    steps: Mapping[str, tuple[Sighting, ...]]
    """Records of each step in it, in order of time."""


def merge(pane: Pane, arrival: Arrival, *, needed: int) -> Pane:
    """`pane` with one more record in it; `pane` itself where that changes nothing that decides."""
    time, spans = arrival.sighting.time, pane.spans
    changed = {}
    for slot in arrival.slots:
        known = spans.get(slot)
        if known is None:
            changed[slot] = Span(time, time)
        elif time < known.first:
            changed[slot] = Span(time, known.last)
        elif time > known.last:
            changed[slot] = Span(known.first, time)
    if not changed:
        return pane
    merged = {**spans, **changed}
    while len(merged) > needed:
        _, earliest = min((span.last, slot) for slot, span in merged.items())
        del merged[earliest]
    if merged == spans:
        return pane
    return Pane(merged, _show(pane.sightings, arrival))


def find_window(before: Pane, here: Pane, *, within: int, needed: int) -> Held | None:
    """The first window that ends at a record of the pane `here` and holds; `before` is the pane before it.

    Windows that end where no slot is taken for the first time hold only if an earlier one does.
    """
    if len(here.spans) + len(before.spans) < needed:
        return None
    starts = sorted(span.first for span in here.spans.values())
    # From when on a slot of the pane before no longer counts: it is out of the window, or counted here.
    ends = sorted(
        min(span.last + within, here.spans[slot].first) if slot in here.spans else span.last + within
        for slot, span in before.spans.items()
    )
    for taken, time in enumerate(starts, start=1):
        counted = taken + len(ends) - bisect_right(ends, time)
        if counted >= needed:
            return Held(time, counted, _between(before, here, time - within, time))
    return None


def _show(
    sightings: Mapping[str, tuple[Sighting, ...]], arrival: Arrival
) -> Mapping[str, tuple[Sighting, ...]]:
    shown, seen = dict(sightings), arrival.sighting
    for step in arrival.steps:
        known = [each for each in shown.get(step, ()) if each.event_id != seen.event_id]
        known.append(seen)
        known.sort(key=_IN_TIME)
        shown[step] = tuple(known if len(known) <= 2 * FEW else known[:FEW] + known[-FEW:])
    return shown


def _between(before: Pane, here: Pane, after: int, until: int) -> dict[str, tuple[Sighting, ...]]:
    """The sightings of both panes with `after` < time ≤ `until`."""
    steps = dict.fromkeys((*before.sightings, *here.sightings))
    found = {
        step: tuple(
            each
            for each in (*before.sightings.get(step, ()), *here.sightings.get(step, ()))
            if after < each.time <= until
        )
        for step in steps
    }
    return {step: each for step, each in found.items() if each}
