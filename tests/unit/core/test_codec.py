"""The codec: what is written is read back, and data of another shape is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.core.codec import from_json, to_json
from handlers.core.severity import Severity


class Spell(NamedTuple):
    first: int
    at: datetime


@dataclass(frozen=True)
class Inner:
    word: str
    severity: Severity | None = None


@dataclass(frozen=True)
class Outer:
    kind: Literal["a", "b"]
    inner: Inner
    day: date
    moment: datetime
    length: timedelta
    names: frozenset[str]
    items: tuple[Inner, ...]
    by_severity: Mapping[Severity, Inner]
    anything: Mapping[str, Any] = field(default_factory=dict)


INNERS = st.builds(Inner, st.text(), st.none() | st.sampled_from(Severity))
OUTERS = st.builds(
    Outer,
    st.sampled_from(["a", "b"]),
    INNERS,
    st.dates(),
    st.datetimes(timezones=st.just(UTC)),
    st.integers(0, 10**6).map(lambda seconds: timedelta(seconds=seconds)),
    st.frozensets(st.text()),
    st.lists(INNERS).map(tuple),
    st.dictionaries(st.sampled_from(Severity), INNERS),
    st.dictionaries(st.text(), st.integers() | st.lists(st.text())),
)


@given(OUTERS)
def test_what_is_written_is_read_back(value: Outer) -> None:
    assert value == from_json(Outer, to_json(value))


def test_a_field_with_a_default_may_be_absent_and_an_unknown_one_is_passed_over() -> None:
    assert Inner("x") == from_json(Inner, {"word": "x", "of_a_later_release": 1})


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"word": 1},
        {"word": "x", "severity": "awful"},
        {"word": "x", "severity": ["low"]},
        ["word"],
        None,
    ],
)
def test_data_of_another_shape_is_refused(data: Any) -> None:
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        from_json(Inner, data)


@pytest.mark.parametrize("data", ["word", {"word": "x"}, None])
def test_a_list_is_a_list(data: Any) -> None:
    with pytest.raises(TypeError):
        from_json(tuple[str, ...], data)


def test_only_the_values_of_a_literal_are_taken() -> None:
    with pytest.raises(ValueError, match="not one of"):
        from_json(Literal["a", "b"], "c")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [tuple[str, int], dict[str, str], list[str]])
def test_a_type_that_the_codec_can_not_read_is_refused_by_name(kind: Any) -> None:
    with pytest.raises(TypeError, match="the codec"):
        from_json(kind, ["x"])


def test_a_named_tuple_is_a_list_of_its_fields() -> None:
    spell = Spell(1, datetime(2026, 1, 1, tzinfo=UTC))
    assert [1, "2026-01-01T00:00:00+00:00"] == to_json(spell)
    assert spell == from_json(Spell, to_json(spell))


@pytest.mark.parametrize("data", [[1], [1, 2, 3], {"first": 1}, [None, "2026-01-01"]])
def test_a_list_of_another_length_or_kind_is_no_named_tuple(data: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        from_json(Spell, data)
