"""Panes and windows: what merging keeps, and when a window holds."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.core.windows import EMPTY, FEW, Arrival, Held, Pane, Sighting, Span, find_window, merge


def arrive(time: int, *slots: str, event_id: str = "", steps: tuple[str, ...] = ("calls",)) -> Arrival:
    return Arrival(
        Sighting(time, event_id or f"{slots}@{time}", "iot:UpdateCertificate", None, "alice"), slots, steps
    )


def fill(*arrivals: Arrival, needed: int = 3) -> Pane:
    pane = EMPTY
    for each in arrivals:
        pane = merge(pane, each, needed=needed)
    return pane


def spans(**times: tuple[int, int]) -> Pane:
    return Pane({slot: Span(*each) for slot, each in times.items()}, {})


def test_a_slot_is_widened_to_its_first_and_its_last_time() -> None:
    pane = fill(arrive(5, "a"), arrive(9, "a"), arrive(2, "a"), arrive(7, "a"))
    assert {"a": Span(2, 9)} == pane.spans


def test_what_changes_nothing_gives_the_very_same_pane() -> None:
    pane = fill(arrive(5, "a"), arrive(9, "a"))
    assert pane is merge(pane, arrive(7, "a", event_id="another"), needed=3)


def test_only_so_many_slots_are_kept_as_are_needed_those_taken_last() -> None:
    pane = fill(*(arrive(time, f"s{time}") for time in (4, 1, 3, 2)), needed=2)
    assert {"s3": Span(3, 3), "s4": Span(4, 4)} == pane.spans
    assert pane is merge(pane, arrive(1, "s1"), needed=2)


ARRIVALS = st.lists(
    st.builds(arrive, st.integers(0, 9), st.sampled_from("abcde")), max_size=6, unique_by=lambda each: each
)


@given(ARRIVALS, st.integers(2, 3), st.randoms(use_true_random=False))
def test_no_order_and_no_repetition_changes_which_slots_are_kept_and_when_they_were_taken_last(
    arrivals: list[Arrival], needed: int, random: object
) -> None:
    again = [*arrivals, *arrivals]
    random.shuffle(again)  # type: ignore[attr-defined]
    expected, found = fill(*arrivals, needed=needed), fill(*again, needed=needed)
    assert {slot: span.last for slot, span in expected.spans.items()} == {
        slot: span.last for slot, span in found.spans.items()
    }


def test_the_first_and_the_last_few_records_of_each_step_are_shown() -> None:
    pane = fill(*(arrive(time, f"s{time}") for time in range(20)), needed=50)
    times = [each.time for each in pane.sightings["calls"]]
    assert [*range(FEW), *range(20 - FEW, 20)] == times


def test_a_record_that_is_several_steps_is_shown_at_each() -> None:
    pane = fill(arrive(1, "made", "attached", steps=("made", "attached")))
    assert ["made", "attached"] == list(pane.sightings)


def end_of(before: Pane, here: Pane, *, needed: int = 3) -> int | None:
    held = find_window(before, here, within=10, needed=needed)
    return None if held is None else held.end


@pytest.mark.parametrize(
    ("before", "here", "expected"),
    [
        (EMPTY, spans(a=(10, 10), b=(11, 19), c=(15, 15)), 15),
        (EMPTY, spans(a=(10, 10), b=(11, 19)), None),
        # Half open: what is as old as the window is long is out of it.
        (spans(a=(5, 5)), spans(b=(14, 14), c=(14, 14)), 14),
        (spans(a=(4, 4)), spans(b=(14, 14), c=(14, 14)), None),
        # A slot of both panes counts once.
        (spans(a=(9, 9), b=(8, 8)), spans(a=(10, 10)), None),
        (spans(a=(9, 9), b=(8, 8)), spans(a=(10, 10), c=(17, 17)), 17),
        (spans(a=(9, 9), b=(8, 8)), spans(a=(10, 10), c=(18, 18)), None),
        # The last time in the pane before counts, the first one here.
        (spans(a=(0, 9), b=(0, 9)), spans(c=(12, 19)), 12),
    ],
)
def test_a_window_holds_where_enough_slots_were_taken_in_it(
    before: Pane, here: Pane, expected: int | None
) -> None:
    assert expected == end_of(before, here)


def test_a_pane_with_as_many_slots_as_are_needed_holds_by_itself() -> None:
    for order in permutations(range(4)):
        pane = fill(*(arrive(time, f"s{time}") for time in order), needed=3)
        assert None is not end_of(EMPTY, pane)


def test_a_window_that_holds_shows_the_records_that_lie_in_it() -> None:
    before = fill(arrive(2, "a"), arrive(8, "b"))
    here = fill(arrive(12, "c"), arrive(13, "d"), arrive(19, "e"))
    assert Held(
        13, 3, {"calls": (before.sightings["calls"][1], *here.sightings["calls"][:2])}
    ) == find_window(before, here, within=10, needed=3)
