"""A pattern of ours, and the operations that it leaves to be matched."""

from typing import Any

import pytest

from handlers.core.record_pattern import RecordPattern


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"eventName": ["CreatePolicy", "AttachPolicy"]}, True),
        ({"eventName": ["AttachPolicy"]}, False),
        ({"eventName": [{"prefix": "Create"}]}, True),
        ({"eventName": [{"anything-but": ["CreatePolicy"]}]}, False),
        ({"awsRegion": ["eu-west-1"]}, True),
        ({"$or": [{"eventName": ["AttachPolicy"]}, {"awsRegion": ["eu-west-1"]}]}, True),
        ({"$or": [{"eventName": ["AttachPolicy"]}, {"eventName": ["CreatePolicy"]}]}, True),
        ({"$or": [{"eventName": ["AttachPolicy"]}, {"eventName": [{"prefix": "Delete"}]}]}, False),
        ({"eventName": ["AttachPolicy"], "$or": [{"readOnly": [True]}, {"readOnly": [False]}]}, False),
    ],
)
def test_an_operation_is_left_out_only_where_the_pattern_excludes_its_name(
    pattern: dict[str, Any], expected: bool
) -> None:
    assert expected == RecordPattern(pattern).may_match("CreatePolicy")
