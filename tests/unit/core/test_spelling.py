from typing import Any

import pytest

from handlers.core.patterns import compile_pattern
from handlers.core.spelling import either_spelling, small_first


@pytest.mark.parametrize(
    ("name", "expected"),
    [("DevEui", "devEui"), ("LoRaWAN", "loRaWAN"), ("newStatus", "newStatus"), ("SNS", "SNS"), ("", "")],
)
def test_a_name_begins_small_unless_it_is_all_capitals(name: str, expected: str) -> None:
    assert expected == small_first(name)


PATTERN: dict[str, Any] = {
    "requestParameters": {"$or": [{"Sidewalk": {"Role": ["x"]}}, {"JOB": {"Enabled": [False]}}]},
    "facts": {"Omitted": [True]},
}


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"Sidewalk": {"Role": "x"}}, True),
        ({"sidewalk": {"role": "x"}}, True),
        ({"JOB": {"Enabled": False}}, True),
        ({"JOB": {"enabled": False}}, True),
        ({"job": {"enabled": False}}, False),
        ({"sidewalk": {"role": "y"}}, False),
    ],
)
def test_parameters_match_in_either_spelling(parameters: dict[str, Any], expected: bool) -> None:
    event = {"requestParameters": parameters, "facts": {"Omitted": True}}
    assert expected == compile_pattern(either_spelling(PATTERN))(event)


def test_only_parameters_have_two_spellings() -> None:
    event = {"requestParameters": {"Sidewalk": {"Role": "x"}}, "facts": {"omitted": True}}
    assert not compile_pattern(either_spelling(PATTERN))(event)


def test_a_pattern_without_capitals_stays_as_it_is() -> None:
    pattern = {"requestParameters": {"newStatus": ["ACTIVE"]}}
    assert either_spelling(pattern) is pattern
