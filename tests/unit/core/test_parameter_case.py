from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from handlers.core.parameter_case import lower_first, lower_parameters, lower_path
from handlers.core.patterns import PatternError, compile_nodes, compile_pattern, read_pattern


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("DevEui", "devEui"),
        ("LoRaWAN", "loRaWAN"),
        ("newStatus", "newStatus"),
        ("SNS", "sNS"),
        ("ARN", "aRN"),
        ("", ""),
    ],
)
def test_the_first_letter_is_lowered_in_capitals_too(name: str, expected: str) -> None:
    assert expected == lower_first(name)


PATTERN: dict[str, Any] = {
    "requestParameters": {"$or": [{"Sidewalk": {"Role": ["x"]}}, {"JOB": {"Enabled": [False]}}]},
    "facts": {"Omitted": [True]},
}


def matches(pattern: dict[str, Any], record: dict[str, Any]) -> bool:
    return compile_nodes(read_pattern(pattern), lower_path)(lower_parameters(record))


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
def test_parameters_match_in_either_case(parameters: dict[str, Any], expected: bool) -> None:
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
def test_what_is_absent_is_absent_in_both_cases(name: str) -> None:
    pattern = {"requestParameters": {"Name": [{"exists": False}]}}
    assert not matches(pattern, {"requestParameters": {name: "x", "other": 1}})
    assert matches(pattern, {"requestParameters": {"other": 1}})


def test_only_parameters_have_two_cases() -> None:
    event = {"requestParameters": {"Sidewalk": {"Role": "x"}}, "facts": {"omitted": True}}
    assert not matches(PATTERN, event)


def test_a_record_with_lowered_names_stays_as_it_is_and_no_record_is_changed() -> None:
    small = {"requestParameters": {"newStatus": "ACTIVE", "tags": [{"key": 1}]}, "responseElements": None}
    assert lower_parameters(small) is small
    capital = {"requestParameters": {"Tags": [{"Key": "a"}]}}
    assert {"requestParameters": {"tags": [{"key": "a"}]}} == lower_parameters(capital)
    assert {"requestParameters": {"Tags": [{"Key": "a"}]}} == capital


def test_a_record_may_be_nested_as_deep_as_json_goes() -> None:
    nested: Any = {"Last": 1}
    for _ in range(900):
        nested = [nested]
    assert lower_parameters({"requestParameters": {"Name": nested}})["requestParameters"]["name"]


@pytest.mark.parametrize("name", ["com.example.Pump", "Site.Name", "aws.greengrass.Nucleus", "a.B.c", "X"])
def test_a_name_with_dots_and_capitals_matches_itself(name: str) -> None:
    record = {"requestParameters": {"components": {name: {"componentVersion": "2.13.0"}}, "Other": 1}}
    assert matches({"requestParameters": {"components": {name: {"componentVersion": ["2.13.0"]}}}}, record)
    assert not matches(
        {"requestParameters": {"components": {name: {"componentVersion": [{"exists": False}]}}}}, record
    )


def test_two_names_that_differ_by_their_first_letter_are_both_looked_at() -> None:
    record = {"requestParameters": {"attributes": {"Env": "prod", "env": ["dev", "test"]}}}
    found = [
        matches({"requestParameters": {"attributes": {"Env": [each]}}}, record)
        for each in ("prod", "test", "x")
    ]
    assert [True, True, False] == found


NAMES = st.text("aAbB.", min_size=1, max_size=4)
VALUES = st.recursive(
    st.integers(0, 2), lambda inner: st.dictionaries(NAMES, inner, max_size=3), max_leaves=6
)


def _meet_when_lowered(value: Any) -> bool:
    """Whether two names of one object differ by their first letters alone: these are not told apart."""
    if not isinstance(value, dict):
        return False
    lowered = {tuple(map(lower_first, name.split("."))) for name in value}
    return len(lowered) < len(value) or any(map(_meet_when_lowered, value.values()))


@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=3), st.dictionaries(NAMES, VALUES, max_size=3))
def test_what_matches_as_it_is_written_matches_in_lowered_names_too(
    asked: dict[str, Any], more: dict[str, Any]
) -> None:
    def as_pattern(value: Any) -> Any:
        return (
            {name: as_pattern(inner) for name, inner in value.items()} if isinstance(value, dict) else [value]
        )

    assume(not _meet_when_lowered(asked))
    # Names that meet become an array, and its elements are matched one by one: what stands beside it under
    # a dotted spelling ({"b": 1, "B": {"x": 2}, "B.y": 3}) lies in none of them.
    parameters = {**more, **asked}
    assume(not _meet_when_lowered(parameters) or "." not in str(parameters))
    record = {"requestParameters": parameters}
    pattern = {"requestParameters": as_pattern(asked)}
    try:
        plain = compile_pattern(pattern)(record)
    except PatternError:
        return
    if plain:
        assert matches(pattern, record)
