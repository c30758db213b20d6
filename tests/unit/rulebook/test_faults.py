"""How faults read, and what of a file they may repeat."""

from __future__ import annotations

import pytest

from rulebook.faults import Fault, RulebookError, did_you_mean, dotted, quoted


def test_an_error_tells_its_faults_once_each_in_file_order() -> None:
    first = Fault("a.yaml", 2, 9, "x", "one")
    second = Fault("a.yaml", 10, 1, "", "two")
    error = RulebookError([second, first, first])
    assert (first, second) == error.faults
    assert str(error) == "a.yaml:2:9: x: one\na.yaml:10:1: two"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("hihg", '"hihg"'),
        ("iot:DeletePolicy", '"iot:DeletePolicy"'),
        (False, '"false"'),
        (7, '"7"'),
        ("https://hooks.slack.com/services/T0/B0/xyz", "this value"),
        ("services/T0/B0/xyz", "this value"),
        ("two words", "this value"),
        ("x" * 61, "this value"),
        (["a"], "this value"),
        (None, "this value"),
    ],
)
def test_only_plain_names_and_numbers_are_repeated(value: object, expected: str) -> None:
    assert expected == quoted(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("AUDIT", '; did you mean "audit"?'),
        ("secop", '; did you mean "secops"?'),
        ("zzz", ""),
        ("secops/", ""),
        (None, ""),
    ],
)
def test_the_nearest_name_is_offered_when_one_is_near(value: object, expected: str) -> None:
    assert expected == did_you_mean(value, ["secops", "audit"])


def test_a_path_shows_positions_as_numbers_and_hides_keys_that_are_no_names() -> None:
    assert dotted(("routes", 0, "https://hooks.slack.com/x", "to")) == "routes.0.?.to"
