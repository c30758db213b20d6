"""MiniStack's matcher as a second witness. Where the two differ, Event Ruler decides, and each difference
is listed with its reason.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from ministack.services import eventbridge

from handlers.core.patterns import compile_pattern
from tests.unit.core.patterns.generated import LEAVES, json_of, patterns, values


def _ministack_matches(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    alternatives = eventbridge._compile_pattern(pattern)
    return any(eventbridge._matches_detail(event, alternative) for alternative in alternatives)


@given(patterns(values()), json_of(LEAVES, arrays=False))
def test_without_arrays_the_two_matchers_agree(pattern: dict[str, Any], event: dict[str, Any]) -> None:
    assume(not _holds_leaf_and_object(pattern))
    assert _ministack_matches(pattern, event) == compile_pattern(pattern)(event)


@given(patterns(values("exists") | st.just([{"exists": True}])), json_of(LEAVES))
def test_with_arrays_and_nothing_absent_the_two_matchers_agree(
    pattern: dict[str, Any], event: dict[str, Any]
) -> None:
    assume(not _holds_leaf_and_object(pattern))
    assert _ministack_matches(pattern, event) == compile_pattern(pattern)(event)


def _holds_leaf_and_object(pattern: dict[str, Any]) -> bool:
    """Whether one path is asked of as a leaf and as an object: the two differ, as is listed below."""
    paths = {tuple(path) for path in _paths(pattern)}
    return any(path[:depth] in paths for path in paths for depth in range(1, len(path)))


def _paths(pattern: dict[str, Any]) -> Iterator[list[str]]:
    """The paths of all fields, whichever alternative they stand in."""
    for key, value in pattern.items():
        if key == "$or":
            for branch in value:
                yield from _paths(branch)
        elif isinstance(value, dict):
            yield from ([key, *path] for path in _paths(value))
        else:
            yield [key]


@pytest.mark.parametrize(
    ("pattern", "event", "expected"),
    [
        pytest.param(
            {"a": ["::1"]}, {"a": "0::1"}, True, id="one address in two spellings is equal to Ruler"
        ),
        pytest.param(
            {"a": [{"numeric": [">", 0]}]}, {"a": 6e9}, False, id="Ruler compares no number beyond 5e9"
        ),
        pytest.param(
            {"a": [{"numeric": ["<", 1]}]},
            {"a": 1e-9},
            False,
            id="Ruler compares no number of over six decimals",
        ),
        pytest.param(
            {"a": {"b": ["x"]}}, {"a.b": "x"}, True, id="Ruler joins the keys of an event with dots, too"
        ),
        pytest.param(
            {"a": {"b": [{"exists": False}]}},
            {"a": [{"b": 1}, {"c": 1}]},
            False,
            id="to Ruler a field is absent when no element has it, unless another field chose the element",
        ),
        pytest.param(
            {"a": ["x"], "a.b": ["y"]},
            {"a": ["x", {"b": "y"}]},
            True,
            id="to Ruler an array may hold the leaf and the object of one path",
        ),
        pytest.param(
            {"a": {"a": [{"exists": False}]}, "$or": [{"a": [None]}, {"a": [None]}]},
            {"a": None},
            True,
            id="to Ruler below a null leaf everything is absent, though the leaf is asked of too",
        ),
    ],
)
def test_where_they_differ_event_ruler_decides(
    pattern: dict[str, Any], event: dict[str, Any], expected: bool
) -> None:
    assert expected == compile_pattern(pattern)(event)
    assert expected is not _ministack_matches(pattern, event)
