import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.core.policy.wildcards import are_apart, as_pattern, covers, split_variables

PATTERNS = st.text("ab*?", max_size=6)
SHORT_TEXTS = ["".join(letters) for length in range(6) for letters in product("abc", repeat=length)]


def matches(pattern: str, text: str) -> bool:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text) is not None


@given(PATTERNS, st.text("ab", max_size=8))
def test_a_pattern_covers_a_text_when_the_same_regular_expression_matches_it(pattern: str, text: str) -> None:
    assert matches(pattern, text) == covers(pattern, text)


@given(PATTERNS, PATTERNS)
def test_what_a_covered_pattern_matches_the_covering_one_matches_too(wide: str, narrow: str) -> None:
    if covers(as_pattern(wide, substitutes_variables=True), as_pattern(narrow, substitutes_variables=True)):
        assert [] == [text for text in SHORT_TEXTS if matches(narrow, text) and not matches(wide, text)]


@given(PATTERNS, PATTERNS)
def test_no_text_is_matched_by_two_patterns_that_are_apart(one: str, other: str) -> None:
    if are_apart(as_pattern(one, substitutes_variables=True), as_pattern(other, substitutes_variables=True)):
        assert [] == [text for text in SHORT_TEXTS if matches(one, text) and matches(other, text)]


@given(st.text("a*?${}:", max_size=12), st.booleans())
def test_a_pattern_covers_itself_and_is_covered_by_everything(text: str, substitutes: bool) -> None:
    pattern = as_pattern(text, substitutes_variables=substitutes)
    assert covers(pattern, pattern)
    assert covers("*", pattern)
    assert not are_apart(pattern, pattern)


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
    [
        ("topic/*", "topic/${iot:ClientId}", True),
        ("topic/*", "topic/a*b?", True),
        ("topic/${iot:ClientId}/*", "topic/${iot:ClientId}/a", True),
        ("topic/${iot:ClientId}", "topic/*", False),
        ("topic/$*", "topic/${iot:ClientId}", False),
        ("topic/?", "topic/${iot:ClientId}", False),
        ("topic/${iot:ClientId}", "topic/${aws:SourceIp}", False),
        ("topic/${*}", "topic/a", False),
        ("a?", "a*", False),
        ("*?", "?*", True),
        ("?**?", "*??", True),
        ("a*b*c", "a*c", False),
        ("a*c", "a*b*c", True),
    ],
)
def test_one_pattern_covers_another_whatever_its_variables_are(
    wide: str, narrow: str, expected: bool
) -> None:
    assert expected == covers(
        as_pattern(wide, substitutes_variables=True), as_pattern(narrow, substitutes_variables=True)
    )


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("topic/a/*", "topic/b/*", True),
        ("*/a", "*/b", True),
        ("topic/a", "topic/a/b", True),
        ("a", "aa", True),
        ("topic/a/*", "topic/*/a", False),
        ("topic/${iot:ClientId}", "topic/a", False),
        ("client/${iot:ClientId}", "topic/${iot:ClientId}", True),
    ],
)
def test_patterns_are_apart_when_their_ends_differ(one: str, other: str, expected: bool) -> None:
    assert expected == are_apart(
        as_pattern(one, substitutes_variables=True), as_pattern(other, substitutes_variables=True)
    )


def test_without_substitution_a_variable_is_its_characters() -> None:
    assert covers("client/$*", as_pattern("client/${iot:ClientId}", substitutes_variables=False))


@given(st.text("a${}", max_size=12))
def test_the_pieces_of_a_text_are_the_text(text: str) -> None:
    assert text == "".join(piece for piece, _ in split_variables(text))


def test_patterns_that_would_keep_a_regular_expression_busy_are_answered_at_once() -> None:
    assert not covers("?*" * 1_000 + "z", "a" * 1_000)
    assert not covers("*a" * 1_000 + "b", "*a" * 1_000)


def test_a_variable_that_does_not_end_is_text() -> None:
    assert [("${a}", True), ("${" * 100_000, False)] == list(split_variables("${a}" + "${" * 100_000))
