"""Text in a terminal's width, and parts that several texts have."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.text import WIDTH, wrap, write_duration


@pytest.mark.parametrize(
    ("text", "start", "expected"),
    [
        ("short", "- ", ["- short"]),
        ("word " * 20 + "last", "  1. ", ["  1. " + " ".join(["word"] * 19), "     word last"]),
        ("a " + "x" * 200 + " b", "  - ", ["  - a", "    " + "x" * 200, "    b"]),
        ("a " + "x-" * 60, "", ["a", "x-" * 60]),
        ("a " + "x" * 94, "  - ", ["  - a " + "x" * 94]),
        ("a " + "x" * 95, "  - ", ["  - a", "    " + "x" * 95]),
        ("", "Shown     ", ["Shown"]),
    ],
    ids=["one line", "two lines", "a long word", "hyphens", "the whole width", "one more", "nothing"],
)
def test_lines_after_the_first_are_indented_like_it_and_no_word_is_broken(
    text: str, start: str, expected: list[str]
) -> None:
    assert expected == wrap(text, start)


@given(
    st.lists(st.text("ab-", min_size=1, max_size=130), max_size=30), st.sampled_from(["", "  - ", "a b  "])
)
def test_no_word_is_lost_and_only_a_word_alone_is_wider_than_the_terminal(
    words: list[str], start: str
) -> None:
    lines = wrap(" ".join(words), start)
    assert [*start.split(), *words] == " ".join(lines).split()
    first, *others = lines
    assert [] == [each for each in others if not each.startswith(" " * len(start))]
    behind = [first[len(start) :], *(each[len(start) :] for each in others)]
    assert [] == [each for each in behind if len(start) + len(each) > WIDTH and " " in each]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0s"),
        (10, "10s"),
        (90, "90s"),
        (300, "5m"),
        (5400, "90m"),
        (7200, "2h"),
        (86_400, "1d"),
        (90_000, "25h"),
    ],
)
def test_a_duration_is_written_in_its_largest_whole_unit(seconds: int, expected: str) -> None:
    assert expected == write_duration(timedelta(seconds=seconds))
