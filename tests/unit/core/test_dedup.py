"""Buckets: aligned windows of event time, of one kind and one audience."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.core.dedup import OFF, Bucket, Dedup, find_bucket

TEN_MINUTES = Dedup(window=600, first=3)
HALF_PAST = int(datetime(2026, 11, 22, 9, 30, tzinfo=UTC).timestamp())


def bucket(second: int = HALF_PAST, **changes: Any) -> Bucket:
    fields: dict[str, Any] = {"dedup_key": "kind", "dedup": TEN_MINUTES, "audience": ("audit",), **changes}
    return find_bucket(**fields, second=second)


def test_a_bucket_is_half_open_and_aligned() -> None:
    same = {bucket(HALF_PAST + seconds) for seconds in (0, 1, 599)}
    assert 1 == len(same)
    assert datetime(2026, 11, 22, 9, 40, tzinfo=UTC) == same.pop().ends
    assert bucket(HALF_PAST - 1) != bucket(HALF_PAST) != bucket(HALF_PAST + 600)


@pytest.mark.parametrize(
    "changes",
    [
        {"dedup_key": "another"},
        {"audience": ("audit", "secops")},
        {"audience": ("secops",)},
        {"dedup": Dedup(window=600, first=1)},
        {"dedup": Dedup(window=60, first=3)},
    ],
)
def test_another_kind_audience_window_or_first_is_another_bucket(changes: dict[str, Any]) -> None:
    assert bucket().key != bucket(**changes).key


def test_only_a_dedup_without_a_window_is_off() -> None:
    assert (True, False) == (OFF.is_off, Dedup(window=1, first=1).is_off)


@given(st.integers(0, 4_000_000_000), st.integers(1, 86_400))
def test_every_second_lies_in_its_bucket(second: int, window: int) -> None:
    ends = bucket(second, dedup=Dedup(window, 1)).ends.timestamp()
    assert (True, 0) == (ends - window <= second < ends, ends % window)
