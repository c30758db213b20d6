from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.core.backoff import LONGEST_DELAY, retry_delay, spread_of


@pytest.mark.parametrize(("receives", "seconds"), [(1, 2), (2, 4), (5, 32), (9, 512), (10, 900), (400, 900)])
def test_the_wait_doubles_up_to_a_quarter_of_an_hour(receives: int, seconds: int) -> None:
    assert timedelta(seconds=seconds) == retry_delay(receives, spread=0)


@pytest.mark.parametrize(("asked", "seconds"), [(30, 30), (8, 8), (1, 8), (-5, 8), (10**9, 1800)])
def test_the_wait_is_not_shorter_than_the_destination_asks_within_half_an_hour(
    asked: int, seconds: int
) -> None:
    assert timedelta(seconds=seconds) == retry_delay(3, spread=0, asked=timedelta(seconds=asked))


def test_the_spread_takes_up_to_a_half_away_but_nothing_that_was_asked_for() -> None:
    assert timedelta(seconds=450) == retry_delay(400, spread=1)
    assert timedelta(seconds=600) == retry_delay(400, spread=1, asked=timedelta(minutes=10))


@given(st.integers(), st.floats(0, 1))
def test_the_wait_never_leaves_its_bounds(receives: int, spread: float) -> None:
    assert timedelta(seconds=1) <= retry_delay(receives, spread=spread) <= LONGEST_DELAY


def test_a_hundred_messages_are_spread_over_the_whole_range() -> None:
    spreads = sorted(spread_of(f"message-{number}", 7) for number in range(100))
    assert [0.0, 0.5, 1.0] == [pytest.approx(spreads[place], abs=0.1) for place in (0, 50, -1)]


def test_the_spread_of_a_message_differs_from_try_to_try_and_is_the_same_when_asked_again() -> None:
    assert spread_of("message", 1) != spread_of("message", 2)
    assert spread_of("message", 1) == spread_of("message", 1)


@pytest.mark.parametrize(("receives", "seconds"), [(1, 2), (3, 2), (4, 4), (6, 4), (7, 8), (400, 900)])
def test_the_wait_for_a_crowded_destination_doubles_with_every_third_try(receives: int, seconds: int) -> None:
    assert timedelta(seconds=seconds) == retry_delay(receives, spread=0, crowded=True)
