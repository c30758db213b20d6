"""AWS's own cases: the patterns of its user guide and of Event Ruler's tests, each with events that fit and
events that do not. Where AWS shows a pattern alone, or gives no outcome, its text decides the outcome.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from handlers.core.patterns import compile_pattern

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "documented_patterns.json").read_text(encoding="utf-8")
)
OPERATORS = {
    *(
        "anything-but",
        "cidr",
        "equals-ignore-case",
        "exists",
        "numeric",
        "prefix",
        "suffix",
        "wildcard",
        "$or",
    ),
    *("prefix/equals-ignore-case", "suffix/equals-ignore-case", "anything-but/equals-ignore-case"),
    *("anything-but/prefix", "anything-but/suffix", "anything-but/wildcard"),
}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_documented_case_has_the_documented_outcome(case: dict[str, Any]) -> None:
    assert case["matches"] == compile_pattern(case["pattern"])(case["event"])


def test_there_are_enough_documented_cases_each_with_its_own_name_and_source() -> None:
    assert len(CASES) >= 150
    assert len(CASES) == len({case["name"] for case in CASES})
    assert all(case["source"].startswith("https://") for case in CASES)


@pytest.mark.parametrize("matches", [True, False])
def test_every_operator_is_documented_in_both_outcomes(matches: bool) -> None:
    used = {name for case in CASES if case["matches"] is matches for name in _operators(case["pattern"])}
    assert set() == OPERATORS - used


def _operators(pattern: Any, within: str = "") -> Iterator[str]:
    if isinstance(pattern, list):
        for element in pattern:
            yield from _operators(element, within)
    elif isinstance(pattern, dict):
        for key, value in pattern.items():
            name = f"{within}/{key}" if within in OPERATORS and within != "$or" else key
            if name in OPERATORS:
                yield name
            yield from _operators(value, name)
