"""The semantics are those of https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.core.patterns import PatternError, compile_pattern

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)

CASES: list[tuple[str, dict[str, Any], dict[str, Any], bool]] = [
    ("an exact text matches", {"a": ["x"]}, {"a": "x"}, True),
    ("case counts", {"a": ["x"]}, {"a": "X"}, False),
    ("one of several values is enough", {"a": ["x", "y"]}, {"a": "y"}, True),
    ("all keys must match", {"a": ["x"], "b": ["y"]}, {"a": "x", "b": "z"}, False),
    ("keys the pattern does not name are ignored", {"a": ["x"]}, {"a": "x", "b": 1}, True),
    ("an absent key does not match", {"a": ["x"]}, {}, False),
    ("objects nest", {"a": {"b": ["x"]}}, {"a": {"b": "x"}}, True),
    ("a text is not an object", {"a": {"b": ["x"]}}, {"a": "x"}, False),
    ("any element of an array may match", {"a": ["x"]}, {"a": ["w", "x"]}, True),
    ("any object of an array may match", {"a": {"b": ["x"]}}, {"a": [{"b": "w"}, {"b": "x"}]}, True),
    ("a number is matched by value", {"a": [1]}, {"a": 1.0}, True),
    ("a number is not its text", {"a": [1]}, {"a": "1"}, False),
    ("true is not 1", {"a": [1]}, {"a": True}, False),
    ("true is true", {"a": [True]}, {"a": True}, True),
    ("null matches null", {"a": [None]}, {"a": None}, True),
    ("null does not match an absent key", {"a": [None]}, {}, False),
    ("the empty text matches itself", {"a": [""]}, {"a": ""}, True),
    ("prefix", {"a": [{"prefix": "arn:"}]}, {"a": "arn:aws"}, True),
    ("prefix, other beginning", {"a": [{"prefix": "arn:"}]}, {"a": "aws"}, False),
    ("prefix of a number", {"a": [{"prefix": "1"}]}, {"a": 12}, False),
    ("suffix", {"a": [{"suffix": ".png"}]}, {"a": "a.png"}, True),
    ("suffix, other ending", {"a": [{"suffix": ".png"}]}, {"a": "a.gif"}, False),
    (
        "wildcard",
        {"a": [{"wildcard": "arn:*:iot:*:thinggroup/*"}]},
        {"a": "arn:aws:iot:x:thinggroup/g"},
        True,
    ),
    ("wildcard, other text", {"a": [{"wildcard": "arn:*/x"}]}, {"a": "arn:aws/xy"}, False),
    ("wildcard spans lines", {"a": [{"wildcard": "a*b"}]}, {"a": "a\nb"}, True),
    ("an escaped asterisk is one", {"a": [{"wildcard": "a\\*b"}]}, {"a": "axb"}, False),
    ("an escaped asterisk may stand beside a wildcard", {"a": [{"wildcard": "\\**"}]}, {"a": "*b"}, True),
    ("what stands around a wildcard may not overlap", {"a": [{"wildcard": "a*a"}]}, {"a": "a"}, False),
    ("each text between wildcards counts once", {"a": [{"wildcard": "*ab*ab*"}]}, {"a": "ab"}, False),
    ("texts between wildcards stand in order", {"a": [{"wildcard": "*ab*cd*"}]}, {"a": "cdab"}, False),
    ("an escaped backslash is one", {"a": [{"wildcard": "a\\\\*"}]}, {"a": "a\\b"}, True),
    ("equals-ignore-case", {"a": [{"equals-ignore-case": "Alice"}]}, {"a": "aLICE"}, True),
    ("equals-ignore-case, other text", {"a": [{"equals-ignore-case": "Alice"}]}, {"a": "bob"}, False),
    ("anything-but a value", {"a": [{"anything-but": "x"}]}, {"a": "y"}, True),
    ("anything-but refuses its value", {"a": [{"anything-but": "x"}]}, {"a": "x"}, False),
    ("anything-but refuses each of a list", {"a": [{"anything-but": ["x", "y"]}]}, {"a": "y"}, False),
    ("anything-but needs something", {"a": [{"anything-but": "x"}]}, {}, False),
    ("exists finds a leaf", {"a": [{"exists": True}]}, {"a": 0}, True),
    ("exists finds null", {"a": [{"exists": True}]}, {"a": None}, True),
    ("exists does not find an object", {"a": [{"exists": True}]}, {"a": {"b": 1}}, False),
    ("exists false holds for an absent key", {"a": [{"exists": False}]}, {}, True),
    ("exists false holds below an absent object", {"a": {"b": [{"exists": False}]}}, {}, True),
    ("exists false fails for a leaf", {"a": [{"exists": False}]}, {"a": 1}, False),
]


@pytest.mark.parametrize(
    ("pattern", "event", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_pattern_matches_as_on_aws(pattern: dict[str, Any], event: dict[str, Any], expected: bool) -> None:
    assert expected == compile_pattern(pattern)(event)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ({}, "(the pattern itself): an empty pattern is not allowed; name at least one key"),
        ({"a": "x"}, "a: write the allowed values as a list: ['x']"),
        ({"a": []}, "a: an empty list matches nothing; name at least one value"),
        ({"a": {"b": {}}}, "a.b: an empty pattern is not allowed; name at least one key"),
        ({"a": [["x"]]}, "a.0: a value is a string, a number, true, false, null or an operator"),
        (
            {"a": ["x", {"prefx": "y"}]},
            "a.1.prefx: unknown operator;"
            " known are anything-but, equals-ignore-case, exists, prefix, suffix, wildcard",
        ),
        ({"a": [{"prefix": "x", "suffix": "y"}]}, "a.0: an operator is an object with exactly one key"),
        ({"a": [{"prefix": 1}]}, "a.0.prefix: give a string that is not empty"),
        (
            {"a": [{"wildcard": "a**"}]},
            "a.0.wildcard: two wildcards side by side are refused by AWS; write one *",
        ),
        (
            {"a": [{"wildcard": "a\\b"}]},
            "a.0.wildcard: after a backslash only * or another backslash may stand",
        ),
        ({"a": [{"exists": "yes"}]}, "a.0.exists: write true or false"),
        ({"a": [{"anything-but": []}]}, "a.0.anything-but: give a string, a number, or a list of them"),
    ],
)
def test_a_bad_pattern_is_refused_with_the_place_and_what_to_write(
    pattern: dict[str, Any], message: str
) -> None:
    with pytest.raises(PatternError) as caught:
        compile_pattern(pattern)
    assert message == str(caught.value)


@given(JSON, JSON)
def test_a_pattern_either_compiles_or_is_refused_and_then_never_raises(pattern: Any, event: Any) -> None:
    try:
        matches = compile_pattern(pattern)
    except PatternError:
        return
    assert matches(event if isinstance(event, dict) else {"a": event}) in (True, False)


def test_a_wildcard_on_a_long_hostile_value_is_answered_at_once() -> None:
    matches = compile_pattern({"a": [{"wildcard": "arn:*:iot:*:thing/*x"}]})
    assert not matches({"a": "arn:" + ":iot:" * 20_000 + ":thing/" * 20_000})


@given(st.text("ab*", max_size=6).filter(lambda text: "**" not in text), st.text("ab", max_size=8))
def test_a_wildcard_means_what_the_same_regular_expression_means(pattern: str, text: str) -> None:
    expression = re.escape(pattern).replace(r"\*", ".*")
    expected = re.fullmatch(expression, text) is not None
    assert not pattern or expected == compile_pattern({"a": [{"wildcard": pattern}]})({"a": text})


@given(st.lists(st.text(max_size=4), min_size=1, max_size=4), st.text(max_size=4))
def test_on_one_text_anything_but_is_the_complement_of_its_values(values: list[str], text: str) -> None:
    event = {"a": text}
    assert compile_pattern({"a": values})(event) != compile_pattern({"a": [{"anything-but": values}]})(event)
