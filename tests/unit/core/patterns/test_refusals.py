from typing import Any

import pytest

from handlers.core.patterns import PatternError, compile_pattern

OPERATORS = "anything-but, cidr, equals-ignore-case, exactly, exists, numeric, prefix, suffix, wildcard"
NOT_A_PATTERN = "a pattern is an object of keys; put the value in a list under its key"
NO_KEYS = "an empty pattern is not allowed; name at least one key"
NOT_A_VALUE = "a value is a string, a number, true, false, null or an operator"
ONE_KEY = "an operator is an object with exactly one key"
TWO_BRANCHES = "$or is a list of two or more patterns: [{…}, {…}]"
REFUSABLE = (
    "give a string, a number, a list of strings, a list of numbers,"
    " or an object with one of equals-ignore-case, prefix, suffix, wildcard"
)
RANGE = 'write ["=", 5], ["<", 5], [">=", 0] or a range, [">", 0, "<=", 5]'
NUMBERS = "AWS compares numbers from -5e9 to 5e9 with up to six decimals"
BLOCK = (
    'write an address, a slash and fewer bits than the address has: "10.0.0.0/8", "2001:db8::/32";'
    " for one address write it without the slash, as a plain value"
)
WILDCARDS = "two wildcards side by side are refused by AWS; write one *"
ESCAPES = "after a backslash only * or another backslash may stand"
IGNORE_CASE = 'give a string, or {"equals-ignore-case": a string}'
RESERVED = "inside $or AWS keeps this name for an operator; write the operator as a value of a field"

STRUCTURE: list[tuple[Any, str, str]] = [
    ([], "", NOT_A_PATTERN),
    ({}, "", NO_KEYS),
    ({1: ["x"]}, "1", "keys are strings"),
    ({"a": "x"}, "a", 'write the allowed values as a list: ["x"]'),
    ({"a": None}, "a", "write the allowed values as a list: [null]"),
    ({"a": "x" * 100}, "a", f'write the allowed values as a list: ["{"x" * 77}…'),
    ({"a": []}, "a", "an empty list matches nothing; name at least one value"),
    ({"a": {"b": {}}}, "a.b", NO_KEYS),
    ({"a": [["x"]]}, "a.0", NOT_A_VALUE),
    (
        {"a": ["x", {"prefx": "y"}]},
        "a.1.prefx",
        f'unknown operator; known are {OPERATORS}; did you mean "prefix"?',
    ),
    ({"a": [{"zzz": "y"}]}, "a.0.zzz", f"unknown operator; known are {OPERATORS}"),
    ({"a": [{}]}, "a.0", ONE_KEY),
    ({"a": [{"prefix": "x", "suffix": "y"}]}, "a.0", ONE_KEY),
    ({"a": [float("nan")]}, "a.0", "NaN and Infinity are not JSON; write a number"),
    (
        {".".join("a" * 101): ["x"]},
        ".".join("a" * 101),
        "lies more than 100 keys deep; name a field nearer the top",
    ),
    ({"$or": {"a": ["x"]}}, "$or", TWO_BRANCHES),
    ({"$or": [{"a": ["x"]}]}, "$or", TWO_BRANCHES),
    ({"a": {"$or": ["x"]}}, "a.$or", TWO_BRANCHES),
    ({"$or": [{"a": ["x"]}, "y"]}, "$or.1", NOT_A_PATTERN),
    ({"$or": [{"a": ["x"]}, {}]}, "$or.1", NO_KEYS),
    ({"$or": [{"a": ["x"]}, {"b": {"c": "x"}}]}, "$or.1.b.c", 'write the allowed values as a list: ["x"]'),
    ({"$or": [{"numeric": [123]}, {"a": ["x"]}]}, "$or.0.numeric", RESERVED),
    ({"$or": [{"a": {"prefix": ["x"]}}, {"a": ["x"]}]}, "$or.0.a.prefix", RESERVED),
    (
        {f"k{i}": {"$or": [{"a": [1]}, {"b": [1]}]} for i in range(10)},
        "",
        "the $or lists make more than 1,000 combinations",
    ),
]
OPERANDS: list[tuple[str, Any, str, str]] = [
    ("prefix", 1, "", "give a string"),
    ("prefix", ["x"], "", "give a string"),
    ("prefix", {"suffix": "x"}, "", IGNORE_CASE),
    ("prefix", {"equals-ignore-case": 5}, ".equals-ignore-case", "give a string"),
    ("suffix", None, "", "give a string"),
    ("suffix", {"equals-ignore-case": "x", "a": "y"}, "", IGNORE_CASE),
    ("suffix", {"equals-ignore-case": ["x"]}, ".equals-ignore-case", "give a string"),
    ("equals-ignore-case", ["x"], "", "give a string"),
    ("exactly", 33, "", "give a string"),
    ("wildcard", ["x"], "", "give a string"),
    ("wildcard", "a**", "", WILDCARDS),
    ("wildcard", "a\\b", "", ESCAPES),
    ("wildcard", "a\\", "", ESCAPES),
    ("exists", "true", "", "write true or false"),
    ("exists", 0, "", "write true or false"),
    ("anything-but", [], "", REFUSABLE),
    ("anything-but", None, "", REFUSABLE),
    ("anything-but", True, "", REFUSABLE),
    ("anything-but", ["x", 1], "", REFUSABLE),
    ("anything-but", [["x"]], "", REFUSABLE),
    ("anything-but", 5e9 + 1, "", NUMBERS),
    ("anything-but", [1, 0.0000001], ".1", NUMBERS),
    ("anything-but", {}, "", ONE_KEY),
    ("anything-but", {"prefix": "x", "suffix": "y"}, "", ONE_KEY),
    (
        *("anything-but", {"cidr": "10.0.0.0/8"}, ".cidr"),
        "can not stand below anything-but; known are equals-ignore-case, prefix, suffix, wildcard",
    ),
    (
        *("anything-but", {"sufix": "x"}, ".sufix"),
        "can not stand below anything-but; known are equals-ignore-case, prefix, suffix, wildcard;"
        ' did you mean "suffix"?',
    ),
    ("anything-but", {"prefix": 27}, ".prefix", "give a string or a list of strings"),
    ("anything-but", {"prefix": []}, ".prefix", "give a string or a list of strings"),
    (
        "anything-but",
        {"prefix": {"equals-ignore-case": "x"}},
        ".prefix",
        "give a string or a list of strings",
    ),
    ("anything-but", {"suffix": ["x", 1]}, ".suffix", "give a string or a list of strings"),
    (
        *("anything-but", {"prefix": ["x", ""]}, ".prefix"),
        "an empty prefix would refuse every string; write one that is not empty",
    ),
    ("anything-but", {"wildcard": ["x", "a**b"]}, ".wildcard", WILDCARDS),
    ("numeric", 5, "", RANGE),
    ("numeric", [], "", RANGE),
    ("numeric", ["="], "", RANGE),
    ("numeric", ["==", 1], "", RANGE),
    ("numeric", ["<", 1, ">", 0], "", RANGE),
    ("numeric", [">", 1, "<", 30, False], "", RANGE),
    ("numeric", ["=", 1, "<", 30], "", RANGE),
    ("numeric", ["=", True], "", "compares numbers; write numbers, without quotes"),
    ("numeric", [">", 0, "<", "5"], "", "compares numbers; write numbers, without quotes"),
    ("numeric", [">", 1, "<", 1], "", "nothing is between 1 and 1; the first must be the smaller"),
    ("numeric", [">", 30, "<=", 1], "", "nothing is between 30 and 1; the first must be the smaller"),
    ("numeric", ["=", 2.0e300], "", NUMBERS),
    ("numeric", ["<", 1e-7], "", NUMBERS),
    ("cidr", 5, "", "give a string"),
    ("cidr", "foo", "", BLOCK),
    ("cidr", "10.0.0.1", "", BLOCK),
    ("cidr", "10.0.0.1/32", "", BLOCK),
    ("cidr", "10.0.0.1/-1", "", BLOCK),
    ("cidr", "10.0.0.1/8/8", "", BLOCK),
    ("cidr", "10.10.10.10.10/3", "", BLOCK),
    ("cidr", "2400:6500:FF00::36FB:1F80/128", "", BLOCK),
    ("cidr", "2400:6500:3:3:3:3:3:3:3:3FF00::36FB:1F80/122", "", BLOCK),
    ("cidr", "10.0.0.0/" + "9" * 5_000, "", BLOCK),
]


def _refusal(pattern: Any) -> tuple[str, str]:
    with pytest.raises(PatternError) as caught:
        compile_pattern(pattern)
    return ".".join(str(part) for part in caught.value.place), caught.value.message


@pytest.mark.parametrize(("pattern", "path", "message"), STRUCTURE)
def test_a_bad_pattern_is_refused_with_the_place_and_what_to_write(
    pattern: Any, path: str, message: str
) -> None:
    assert (path, message) == _refusal(pattern)


@pytest.mark.parametrize(("operator", "operand", "below", "message"), OPERANDS)
def test_a_bad_operand_is_refused_with_the_place_and_what_to_write(
    operator: str, operand: Any, below: str, message: str
) -> None:
    assert (f"a.1.{operator}{below}", message) == _refusal({"a": ["x", {operator: operand}]})


def test_a_refusal_reads_as_place_and_message() -> None:
    assert "(the pattern itself): no" == str(PatternError((), "no"))
    assert "a.0.prefix: no" == str(PatternError(("a", 0, "prefix"), "no"))


def test_a_thousand_combinations_are_taken() -> None:
    tenfold = [{"b": [number]} for number in range(10)]
    matches = compile_pattern({key: {"$or": tenfold} for key in "xyz"})
    assert matches({key: {"b": 9} for key in "xyz"})
    assert not matches({key: {"b": 9} for key in "xy"})
