"""Reading YAML with places: what it takes, what it refuses, and where it says so."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulebook.faults import SourceError
from rulebook.source import MAX_BYTES, MAX_DEPTH, Position, parse_source, read_source


def refusal(text: str) -> str:
    with pytest.raises(SourceError) as caught:
        parse_source(text, "file.yaml")
    return str(caught.value)


def test_plain_words_follow_yaml_1_2() -> None:
    text = "[on, off, yes, no, true, null, ~, 7, -1, 1.5, 2026-12-31, 012345678901, 0x1F, 1_000, .inf, 1e999]"
    expected = ["on", "off", "yes", "no", True, None, None, 7, -1, 1.5]
    expected += ["2026-12-31", "012345678901", "0x1F", "1_000", ".inf", "1e999"]
    assert expected == parse_source(f"values: {text}", "file.yaml").data["values"]


def test_a_quoted_value_is_always_text() -> None:
    assert parse_source("a: ['7', \"true\", '']", "file.yaml").data == {"a": ["7", "true", ""]}


def test_keys_are_text_as_written() -> None:
    assert parse_source("{1: a, no: b, null: c}", "file.yaml").data == {"1": "a", "no": "b", "null": "c"}


def test_every_key_and_value_knows_its_line_and_column() -> None:
    source = parse_source("# comment\na:\n  b: [x, {c: 1}]\n", "file.yaml")
    expected = {
        (): Position(2, 1),
        ("a",): Position(3, 3),
        ("a", "b"): Position(3, 6),
        ("a", "b", 0): Position(3, 7),
        ("a", "b", 1): Position(3, 10),
        ("a", "b", 1, "c"): Position(3, 14),
    }
    assert expected == source.values
    assert {
        ("a",): Position(2, 1),
        ("a", "b"): Position(3, 3),
        ("a", "b", 1, "c"): Position(3, 11),
    } == source.keys


def test_a_value_that_is_left_out_stands_at_its_key() -> None:
    source = parse_source("a:\n\n\nb: 1\n", "file.yaml")
    assert Position(1, 1) == source.values[("a",)]


def test_a_fault_without_a_place_of_its_own_stands_at_the_nearest_place_above() -> None:
    source = parse_source("a:\n  b: 1\n", "file.yaml")
    assert str(source.fault(("a", "c", "d"), "is missing")) == "file.yaml:2:3: a.c.d: is missing"


def test_a_key_that_stands_twice_is_a_fault_and_the_rest_is_still_read() -> None:
    source = parse_source("a: 1\nb: 2\na: 3\n", "file.yaml")
    assert ['file.yaml:3:1: a: the key "a" stands twice, first in line 1; keep one'] == [
        *map(str, source.faults)
    ]
    assert {"a": 3, "b": 2} == source.data


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1:1: the file is empty; write at least one key and its value"),
        ("# nothing\n", "1:1: the file is empty; write at least one key and its value"),
        ("- a\n", "1:1: the file must hold keys and values at its top, such as `version: 1`"),
        ("word\n", "1:1: the file must hold keys and values at its top, such as `version: 1`"),
        ("a: b: c\n", "1:5: a second `:` is not allowed here; put the value in quotes"),
        ("a: 1\nb: 'open\nc: 2\n", "2:4: a quote is opened and not closed; close it on the same line"),
        ("a: [1, 2\nb: 3\n", "2:2: a `{` or `[` is not closed, or a comma is missing"),
        ("a:\n\tb: 1\n", "2:1: a tab can not indent YAML; use spaces"),
        ("a: @x\n", "1:4: a value can not start with this character; put the value in quotes"),
        ("a:\n  b: 1\n c: 2\n", "3:2: the indentation does not line up with the lines above"),
        ("a: 1\nb\nc: 2\n", "3:1: a key is not followed by `: `; add it, or check the indentation"),
        ("a: {", "1:5: a value is missing here, or a bracket is not closed"),
        ("a: 1\n---\nb: 2\n", "2:1: a second document starts here; keep one, without `---` between"),
        ("a: !!python/object:os.system {}\n", "1:4: `!` tags are not supported; delete the tag"),
        ("a: &x 1\nb: *x\n", "2:4: `*` refers to another value, which is not supported; write it out"),
        ("? [a]\n: b\n", "1:3: a key is a word, not a list or a mapping; check the braces"),
        ("a: 1\nb: \x07\n", "2:4: a control character is not allowed; delete it"),
        ('a: "\\ud800"\n', "1:4: half of a surrogate pair is not a character; delete the escape"),
        (
            'a: "\\UFFFFFFFF"\n',
            "1:1: this is not valid YAML; check quotes, brackets and indentation near here",
        ),
        (
            "%YAML 9.9\n---\na: 1\n",
            "1:1: this is not valid YAML; check quotes, brackets and indentation near here",
        ),
    ],
)
def test_what_is_not_one_plain_mapping_is_refused_with_its_place(text: str, expected: str) -> None:
    assert f"file.yaml:{expected}" == refusal(text)


def test_an_alias_bomb_does_no_harm() -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(50))
    assert "file.yaml:2:10: `*` refers to another value, which is not supported; write it out" == refusal(
        bomb
    )


def test_deep_nesting_does_no_harm() -> None:
    place = len("a: ") + MAX_DEPTH
    expected = f"file.yaml:1:{place}: nested deeper than {MAX_DEPTH} levels; make it flatter"
    assert expected == refusal("a: " + "[" * 100_000)


def test_a_file_that_is_missing_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"none\.yaml:1:1: the file does not exist; check the path$"):
        read_source(tmp_path / "none.yaml")


def test_a_folder_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r":1:1: this is a folder; give the file itself$"):
        read_source(tmp_path)


def test_a_path_that_no_system_can_open_is_told_as_such() -> None:
    with pytest.raises(SourceError, match="the file can not be opened; check its path and permissions"):
        read_source("a\0b")


def test_a_file_that_is_not_utf_8_is_told_with_the_place(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"a: 1\nb: \xe9\n")
    with pytest.raises(SourceError, match=r":2:4: the file is not UTF-8 text; save it as UTF-8$"):
        read_source(path)


def test_a_huge_file_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(SourceError, match=r":1:1: the file is larger than 256 KiB; make it shorter$"):
        read_source(path)


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    path = tmp_path / "bom.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert {"a": 1} == read_source(path).data


@given(text=st.text(alphabet="ab:-?[]{}#&*!|>'\"%@\\xuU0 \t\n,~", max_size=60) | st.text(max_size=60))
def test_any_text_gives_a_mapping_or_a_source_error(text: str) -> None:
    with contextlib.suppress(SourceError):
        assert isinstance(parse_source(text, "file.yaml").data, dict)
