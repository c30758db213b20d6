"""Why a pattern matched or did not, condition by condition."""

from typing import Any

import pytest

from cli.conditions import Condition, check_conditions
from handlers.core.record_pattern import RecordPattern

VIEW: dict[str, Any] = {
    "requestParameters": {"status": "ACTIVE", "actions": [{"http": {"url": "a"}}, {"sqs": {"url": "b"}}]},
    "facts": {"omitted": False},
}


def check(pattern: dict[str, Any], view: dict[str, Any]) -> tuple[Condition, ...]:
    return check_conditions(RecordPattern(pattern), view)


def test_each_condition_is_told_with_what_was_found() -> None:
    pattern = {"requestParameters": {"status": ["INACTIVE"]}, "facts": {"omitted": [False], "denied": [True]}}
    assert (
        Condition("requestParameters.status", ["INACTIVE"], ("ACTIVE",), holds=False),
        Condition("facts.omitted", [False], (False,), holds=True),
        Condition("facts.denied", [True], (), holds=False),
    ) == check(pattern, VIEW)


def test_values_in_arrays_are_all_found() -> None:
    (condition,) = check({"requestParameters": {"actions": {"http": {"url": ["x"]}}}}, VIEW)
    assert ("a",) == condition.found


def test_an_or_is_one_condition() -> None:
    pattern = {"requestParameters": {"$or": [{"status": ["ACTIVE"]}, {"name": ["x"]}]}}
    (condition,) = check(pattern, VIEW)
    assert ("requestParameters.$or", True, ()) == (condition.path, condition.holds, condition.found)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Condition("a.b", ["x"], ("x",), holds=True), 'a.b matches ["x"]: it is "x"'),
        (Condition("a.b", ["x"], ("y",), holds=False), 'a.b does not match ["x"]: it is "y"'),
        (Condition("a.b", ["x"], (), holds=False), 'a.b does not match ["x"]: it is absent'),
        (Condition("$or", [{"a": [1]}], (), holds=True), '$or matches [{"a": [1]}]'),
        (
            Condition("a", [1], (2, 3, 4, 5), holds=False),
            "a does not match [1]: it is 2, 3, 4, … (4 values)",
        ),
    ],
)
def test_a_condition_reads_as_one_line(condition: Condition, expected: str) -> None:
    assert expected == condition.describe()


def test_text_of_a_record_can_not_steer_the_terminal() -> None:
    said = Condition("a", ["x"], ("\x1b[31mred\u202e", "y" * 1000), holds=False).describe()
    assert said.isprintable()
    assert len(said) < 400
