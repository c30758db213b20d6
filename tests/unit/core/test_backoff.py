from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.core.backoff import LONGEST_ASKED, LONGEST_DELAY, retry_delay


@pytest.mark.parametrize(("receives", "seconds"), [(1, 2), (2, 4), (5, 32), (9, 512), (10, 900), (400, 900)])
def test_the_wait_doubles_up_to_a_quarter_of_an_hour(receives: int, seconds: int) -> None:
    assert timedelta(seconds=seconds) == retry_delay(receives)


@pytest.mark.parametrize(("asked", "seconds"), [(30, 30), (8, 8), (1, 8), (-5, 8), (10**9, 1800)])
def test_the_wait_is_not_shorter_than_the_destination_asks_within_half_an_hour(
    asked: int, seconds: int
) -> None:
    assert timedelta(seconds=seconds) == retry_delay(3, timedelta(seconds=asked))


@given(st.integers())
def test_the_wait_never_leaves_its_bounds(receives: int) -> None:
    assert timedelta(0) < retry_delay(receives) <= max(LONGEST_DELAY, LONGEST_ASKED)
