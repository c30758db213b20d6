from typing import Any

import pytest

from handlers.core.patterns import compile_pattern
from handlers.core.spelling import small_first, small_pattern, small_record


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


def matches(pattern: dict[str, Any], record: dict[str, Any]) -> bool:
    return compile_pattern(small_pattern(pattern))(small_record(record))


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
    assert expected == matches(PATTERN, {"requestParameters": parameters, "facts": {"Omitted": True}})


@pytest.mark.parametrize(
    "pattern",
    [
        {"requestParameters.Sidewalk.Role": ["x"]},
        {"requestParameters": {"Sidewalk.Role": ["x"]}},
        {"$or": [{"requestParameters": {"Sidewalk": {"Role": ["x"]}}}, {"eventName": ["never"]}]},
        {"responseElements": {"Items": {"Id": [1]}}},
    ],
)
def test_every_way_to_write_a_pattern_is_understood(pattern: dict[str, Any]) -> None:
    for record in (
        {"requestParameters": {"Sidewalk": {"Role": "x"}}, "responseElements": {"Items": [{"Id": 1}]}},
        {"requestParameters": {"sidewalk": {"role": "x"}}, "responseElements": {"items": [{"id": 1}]}},
    ):
        assert matches(pattern, record)


@pytest.mark.parametrize("name", ["Name", "name"])
def test_what_is_absent_is_absent_in_both_spellings(name: str) -> None:
    pattern = {"requestParameters": {"Name": [{"exists": False}]}}
    assert not matches(pattern, {"requestParameters": {name: "x", "other": 1}})
    assert matches(pattern, {"requestParameters": {"other": 1}})


def test_only_parameters_have_two_spellings() -> None:
    event = {"requestParameters": {"Sidewalk": {"Role": "x"}}, "facts": {"omitted": True}}
    assert not matches(PATTERN, event)


def test_a_record_with_small_names_stays_as_it_is_and_no_record_is_changed() -> None:
    small = {"requestParameters": {"newStatus": "ACTIVE", "tags": [{"KEY": 1}]}, "responseElements": None}
    assert small_record(small) is small
    capital = {"requestParameters": {"Tags": [{"Key": "a"}]}}
    assert {"requestParameters": {"tags": [{"key": "a"}]}} == small_record(capital)
    assert {"requestParameters": {"Tags": [{"Key": "a"}]}} == capital


def test_a_record_may_be_nested_as_deep_as_json_goes() -> None:
    nested: Any = {"Last": 1}
    for _ in range(900):
        nested = [nested]
    assert small_record({"requestParameters": {"Name": nested}})["requestParameters"]["name"]
