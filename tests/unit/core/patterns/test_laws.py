import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from handlers.core.patterns import PatternError, compile_pattern
from tests.unit.core.patterns.event_ruler import ruler_matches
from tests.unit.core.patterns.generated import (
    ANY_JSON,
    LEAVES,
    TEXTS,
    WILDCARDS,
    few_combinations,
    json_of,
    patterns,
    values,
)

EXISTENCE = st.sampled_from([[{"exists": True}], [{"exists": False}]])


@given(patterns(values()), ANY_JSON)
def test_a_compiled_pattern_never_raises_on_any_json(pattern: dict[str, Any], event: Any) -> None:
    matches = compile_pattern(pattern)
    assert matches({"a": event}) in (True, False)
    assert matches(event) in (True, False)


@given(ANY_JSON, ANY_JSON)
def test_any_json_either_compiles_or_is_refused(pattern: Any, event: Any) -> None:
    try:
        matches = compile_pattern(pattern)
    except PatternError:
        return
    assert matches({"a": event}) in (True, False)


@given(patterns(values()), json_of(LEAVES))
def test_the_same_pattern_and_event_have_one_outcome_and_stay_as_they_are(
    pattern: dict[str, Any], event: dict[str, Any]
) -> None:
    as_they_were = copy.deepcopy((pattern, event))
    matches = compile_pattern(pattern)
    assert matches(event) == matches(event) == compile_pattern(pattern)(event)
    assert as_they_were == (pattern, event)


WANTED = EXISTENCE | st.just(["x"]) | st.just(["x", {"exists": False}])
DOTTED_KEYS = st.sampled_from(["a", "b", "b-c", "a.b", "b.c"])


@given(patterns(WANTED, keys=DOTTED_KEYS), json_of(st.sampled_from(["x", "y"]), keys=DOTTED_KEYS))
def test_arrays_and_absence_are_judged_as_by_event_ruler(
    pattern: dict[str, Any], event: dict[str, Any]
) -> None:
    assume(not _spells_a_field_twice(event))
    assert ruler_matches(pattern, event) == compile_pattern(pattern)(event)


ROWS = st.recursive(
    st.sampled_from(["x", "y"]) | st.dictionaries(st.sampled_from(["c", "d"]), st.sampled_from(["x", "y"])),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)


@given(
    st.dictionaries(st.sampled_from(["a", "a.c", "a.d", "b.c", "b.d", "e"]), WANTED, min_size=2, max_size=5),
    st.fixed_dictionaries({}, optional={"a": ROWS, "b": ROWS, "e": st.just("x")}),
)
def test_arrays_beside_each_other_are_judged_as_by_event_ruler(
    pattern: dict[str, Any], event: dict[str, Any]
) -> None:
    assert ruler_matches(pattern, event) == compile_pattern(pattern)(event)


ABSENT = [{"exists": False}]


@pytest.mark.parametrize(
    ("pattern", "event", "expected"),
    [
        # What is absent in an element of `a` says nothing of where `b` is looked for.
        ({"a": {"c": ["x"], "d": ABSENT}, "b": {"c": ["y"]}}, {"a": [{"c": "x"}], "b": {"c": "y"}}, True),
        # Absent in the element that an earlier field chose, present in all of them for a later one.
        ({"a": {"c": ["x"], "d": ABSENT}}, {"a": [{"c": "x"}, {"d": "x"}]}, True),
        ({"a": {"c": ABSENT, "d": ["x"]}}, {"a": [{"c": "x"}, {"d": "x"}]}, False),
        # A field whose name sorts between a field and what lies below it does not part the two.
        ({"a": ["x"], "a-b": ["x"], "a.c": ["x"]}, {"a": [["x"], ["y", {"c": "x"}]], "a-b": "x"}, False),
        ({"a": ["x"], "a-b": ["x"], "a.c": ["x"]}, {"a": [["x", {"c": "x"}], ["y"]], "a-b": "x"}, True),
        ({"a": ["x"], "a.c": ["x"]}, {"a": "x"}, False),
        ({"a": ["x"], "a.c": ["x"]}, {"a": {"c": "x"}}, False),
    ],
)
def test_the_order_of_names_decides_what_is_absent(
    pattern: dict[str, Any], event: dict[str, Any], expected: bool
) -> None:
    assert expected == ruler_matches(pattern, event)
    assert expected == compile_pattern(pattern)(event)


def _spells_a_field_twice(event: Any) -> bool:
    """Whether an object has a key and a dotted key that begins with it: of no pattern and no event that we
    know, and the one place where the search is not Event Ruler's (it stays inside the array it chose).
    """
    if isinstance(event, list):
        return any(map(_spells_a_field_twice, event))
    if not isinstance(event, dict):
        return False
    first_keys = [key.partition(".")[0] for key in event]
    return len(first_keys) != len(set(first_keys)) or any(map(_spells_a_field_twice, event.values()))


@given(st.lists(TEXTS, min_size=1, max_size=3), LEAVES)
def test_anything_but_is_the_complement_of_its_values_on_a_leaf(refused: list[str], leaf: Any) -> None:
    event = {"a": leaf}
    assert compile_pattern({"a": refused})(event) is not compile_pattern({"a": [{"anything-but": refused}]})(
        event
    )


@given(
    st.sampled_from(["prefix", "suffix", "equals-ignore-case"]),
    st.text("aAbß", min_size=1, max_size=3),
    LEAVES,
)
def test_anything_but_an_operator_is_its_complement_on_a_leaf(operator: str, text: str, leaf: Any) -> None:
    event, wanted = {"a": leaf}, {operator: text}
    assert compile_pattern({"a": [wanted]})(event) is not compile_pattern({"a": [{"anything-but": wanted}]})(
        event
    )


@given(TEXTS, st.lists(LEAVES, max_size=4))
def test_anything_but_needs_a_leaf_that_it_does_not_refuse(refused: str, leaves: list[Any]) -> None:
    matches = compile_pattern({"a": [{"anything-but": refused}]})
    assert any(leaf != refused for leaf in leaves) == matches({"a": leaves})
    assert not matches({})
    assert not matches({"a": {"b": leaves}})


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=3), json_of(LEAVES))
def test_a_field_alone_is_either_there_or_absent(path: list[str], event: dict[str, Any]) -> None:
    name = ".".join(path)
    present = compile_pattern({name: [{"exists": True}]})(event)
    assert present is not compile_pattern({name: [{"exists": False}]})(event)


@given(st.lists(patterns(values()), min_size=2, max_size=3).filter(few_combinations), json_of(LEAVES))
def test_or_holds_when_one_of_its_patterns_does(
    branches: list[dict[str, Any]], event: dict[str, Any]
) -> None:
    expected = any(compile_pattern(branch)(event) for branch in branches)
    assert expected == compile_pattern({"$or": branches})(event)


@given(patterns(values()), json_of(LEAVES))
def test_nesting_and_dots_mean_the_same_in_a_pattern(pattern: dict[str, Any], event: dict[str, Any]) -> None:
    dotted = {"$or": [pattern, {"nowhere": ["x"]}]} if "$or" in str(pattern) else dict(_dotted("", pattern))
    assert compile_pattern(pattern)(event) == compile_pattern(dotted)(event)


def _dotted(name: str, pattern: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in pattern.items():
        inner = f"{name}.{key}" if name else key
        if isinstance(value, dict):
            yield from _dotted(inner, value)
        else:
            yield inner, value


@given(WILDCARDS, st.text("ab*\\\n", max_size=8))
def test_a_wildcard_means_what_the_same_regular_expression_means(wildcard: str, text: str) -> None:
    escaped = re.escape(wildcard)
    expression = re.sub(
        r"(\\\\\\\\|\\\\\\\*)|\\\*", lambda found: found[1][2:] if found[1] else ".*", escaped
    )
    expected = re.fullmatch(expression, text, re.DOTALL) is not None
    assert expected == compile_pattern({"a": [{"wildcard": wildcard}]})({"a": text})


def test_outside_an_or_a_field_may_have_the_name_of_an_operator() -> None:
    assert compile_pattern({"prefix": {"numeric": ["x"]}})({"prefix": {"numeric": "x"}})


@pytest.mark.parametrize("code_point", [0xDF, 0x131, 0x17F, 0x212A, 0x1E9E])
def test_a_letter_in_the_other_case_is_what_java_makes_of_it(code_point: int) -> None:
    letter = chr(code_point)
    matches = compile_pattern({"a": [{"equals-ignore-case": letter}]})
    assert matches({"a": letter.upper()})
    assert matches({"a": letter.lower()})
    assert not compile_pattern({"a": [{"equals-ignore-case": "s"}]})({"a": letter})


def test_no_letter_begins_or_ends_like_itself_in_the_other_case() -> None:
    cases = [(chr(code).lower(), chr(code).upper()) for code in range(0x20000)]
    alike = [
        (lower, upper)
        for lower, upper in cases
        if lower != upper and (lower.startswith(upper[:1]) or lower.endswith(upper[-1:]))
    ]
    assert [] == alike


def test_a_field_in_the_or_and_beside_it_keeps_what_was_written_last() -> None:
    before = compile_pattern({"a": ["1"], "$or": [{"a": ["2"]}, {"b": ["3"]}]})
    behind = compile_pattern({"$or": [{"a": ["2"]}, {"b": ["3"]}], "a": ["1"]})
    assert (False, True) == (before({"a": "1"}), before({"a": "2"}))
    assert (False, True) == (behind({"a": "2"}), behind({"a": "1"}))
    assert (True, True) == (before({"a": "1", "b": "3"}), behind({"a": "1", "b": "3"}))


@pytest.mark.parametrize(
    ("pattern", "leaf", "expected"),
    [
        ([1], True, False),
        ([True], 1, False),
        ([0], False, False),
        ([300], 3.0e2, True),
        ([300], "300", False),
        (["300"], 300, False),
        ([None], "null", False),
        ([{"prefix": ""}], "", True),
        ([{"prefix": ""}], 0, False),
        ([{"wildcard": ""}], "a", False),
        ([{"numeric": [">", 0]}], 0.0000001, False),
        ([{"numeric": [">", 0]}], 5_000_000_000, True),
        ([{"numeric": [">", 0]}], 5_000_000_001, False),
        ([{"numeric": [">", 0]}], True, False),
        ([{"numeric": [">", 0]}], float("nan"), False),
        ([{"numeric": ["=", 1]}], 1.0, True),
        ([{"anything-but": 1}], True, True),
        ([{"anything-but": 1}], "1", True),
        ([{"anything-but": {"prefix": "a"}}], None, True),
        (["::1"], "0:0:0:0:0:0:0:1", True),
        (["10.0.0.1"], "::ffff:a00:1", True),
        ([{"cidr": "::/1"}], "10.0.0.1", False),
        ([{"cidr": "10.0.0.0/8"}], "::ffff:10.0.0.1", False),
        ([{"cidr": "fe80::/10"}], "fe80::1%eth0", False),
        ([{"equals-ignore-case": "straße"}], "STRASSE", True),
        ([{"equals-ignore-case": "strasse"}], "straße", False),
        ([{"suffix": {"equals-ignore-case": "aß"}}], "xASS", True),
    ],
)
def test_one_leaf_is_judged_as_by_event_ruler(pattern: list[Any], leaf: Any, expected: bool) -> None:
    assert expected == compile_pattern({"a": pattern})({"a": leaf})
    assert expected == compile_pattern({"a": {"b": pattern}})({"a": [{"b": [leaf]}]})
