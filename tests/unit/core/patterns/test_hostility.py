"""What an attacker may write into an event, and that the work grows no faster than the event."""

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import pytest

from handlers.core.patterns import PatternError, compile_pattern

LONG = 100_000


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([{"wildcard": "arn:*:iot:*:thing/*x"}], "arn:" + ":iot:" * 20_000 + ":thing/" * 20_000),
        ([{"wildcard": "*a*a*a*a*a*a*a*a*a*a*a*a*b*c"}], "a" * LONG),
        ([{"anything-but": {"wildcard": "*"}}], "a" * LONG),
        ([{"equals-ignore-case": "ß" * 1_000}], "S" * LONG),
        ([{"prefix": {"equals-ignore-case": "a" * 1_000 + "b"}}], "a" * LONG),
        ([{"suffix": {"equals-ignore-case": "b" + "a" * 1_000}}], "a" * LONG),
        ([{"cidr": "10.0.0.0/8"}, "10.0.0.1"], "1." * LONG),
        ([{"cidr": "::/8"}, "::1"], ":" * LONG),
    ],
)
def test_a_long_text_is_answered_at_once(values: list[Any], text: str) -> None:
    assert not compile_pattern({"a": values})({"a": text})


@pytest.mark.parametrize("name", ["a", "a.b", ".".join("a" * 90)])
@pytest.mark.parametrize("opening", ['{"a":', "[", '[{"a":', '{"a":['])
def test_deep_nesting_is_walked(name: str, opening: str) -> None:
    closing = "".join("}" if bracket == "{" else "]" for bracket in reversed(opening) if bracket in "{[")
    levels = 900 // len(closing)
    event = {"a": json.loads(opening * levels + "1" + closing * levels)}
    present = compile_pattern({name: [{"exists": True}]})(event)
    assert present is not compile_pattern({name: [{"exists": False}]})(event)
    assert present is compile_pattern({name: [1], "b": [{"exists": False}]})(event)


@pytest.mark.parametrize("levels", [101, 900])
def test_a_pattern_nested_too_deep_is_refused(levels: int) -> None:
    pattern: dict[str, Any] = {"a": ["x"]}
    for _ in range(levels):
        pattern = {"a": pattern}
    with pytest.raises(PatternError, match="100 keys deep"):
        compile_pattern(pattern)


class _Counted(Mapping[str, Any]):
    """An object that counts how often its keys are asked for."""

    asked = 0

    def __init__(self, fields: dict[str, Any]) -> None:
        self._fields = fields

    def __getitem__(self, key: str) -> Any:
        _Counted.asked += 1
        return self._fields[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


def _rows(count: int, depth: int) -> list[Any]:
    """An array of objects, inside `depth` arrays of one element."""
    rows: list[Any] = [_Counted({"x": 1, "y": 1}) for _ in range(count)]
    for _ in range(depth):
        rows = [rows]
    return rows


@pytest.mark.parametrize(
    "pattern",
    [
        {"a": {"x": [1], "y": [2]}},
        {"a": {"x": [1]}, "b": {"x": [1]}, "c": {"x": [1]}, "d": ["no"]},
        {"a": {"x": [1], "y": [1]}, "b": {"x": [1], "y": [1]}, "c": {"x": [1], "y": [{"exists": False}]}},
        {"a": {"w": [{"exists": False}], "x": [1], "y": [2]}, "b": {"x": [2]}},
        {"$or": [{"a": {"x": [2]}}, {"b": {"x": [2]}}], "c": {"y": [1]}},
    ],
)
@pytest.mark.parametrize("depth", [0, 50])
def test_the_work_grows_with_the_event_and_not_with_its_square(pattern: dict[str, Any], depth: int) -> None:
    matches = compile_pattern(pattern)
    asked = []
    for count in (100, 400):
        event = {key: _rows(count, depth) for key in "abc"}
        _Counted.asked = 0
        assert not matches(event)
        asked.append(_Counted.asked)
    assert 0 < asked[1] <= 5 * asked[0]


def test_any_mapping_and_any_sequence_may_stand_for_object_and_array() -> None:
    matches = compile_pattern({"facts": {"kind": ["role"], "risks": ["b"]}})
    facts = MappingProxyType({"kind": "role", "risks": ("a", "b")})
    assert matches(MappingProxyType({"facts": facts}))
    assert matches({"facts": facts})
    assert not matches({"facts": MappingProxyType({"kind": "role", "risks": ()})})
