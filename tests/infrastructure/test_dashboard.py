"""The dashboard shows every metric of ours, and reads like an answer."""

import json
from typing import Any

import pytest

from handlers.core.metrics import METRICS
from tests.support.templates import resources


@pytest.fixture(scope="module")
def widgets(template: dict[str, Any]) -> list[dict[str, Any]]:
    (board,) = resources(template, "AWS::CloudWatch::Dashboard").values()
    parts = board["DashboardBody"]["Fn::Join"][1]
    body = "".join(
        each if isinstance(each, str) else json.dumps(each)[1:-1].replace('"', "'") for each in parts
    )
    return list(json.loads(body)["widgets"])


def test_it_asks_four_questions_and_answers_each_below(widgets: list[dict[str, Any]]) -> None:
    kinds = [each["properties"].get("markdown", each["type"]) for each in widgets]
    assert [
        *("## Is it alive?", "alarm", "metric"),
        *("## How loud is it?", "metric", "metric"),
        *("## How late is it?", "metric", "metric"),
        *("## What is stuck?", "metric", "metric", "metric"),
    ] == kinds


def test_no_widget_lies_on_another_and_each_row_is_full(widgets: list[dict[str, Any]]) -> None:
    cells = [
        (x, y)
        for each in widgets
        for x in range(each["x"], each["x"] + each["width"])
        for y in range(each["y"], each["y"] + each["height"])
    ]
    assert len(cells) == len(set(cells))
    assert {24} == {sum(y == row for _, y in cells) for row in {y for _, y in cells}}


def test_every_metric_of_ours_is_shown_but_refusals_which_are_alarms(widgets: list[dict[str, Any]]) -> None:
    shown = [each["properties"].get("metrics", []) for each in widgets]
    ours = {metric[1] for metrics in shown for metric in metrics if metric[0] == "Thingwatch"}
    assert set(METRICS) - {"Refused"} == ours


def test_its_name_has_the_region_for_dashboards_of_all_regions_share_their_names(
    template: dict[str, Any],
) -> None:
    (board,) = resources(template, "AWS::CloudWatch::Dashboard").values()
    assert {"Fn::Join": ["", ["Thingwatch-", {"Ref": "AWS::Region"}]]} == board["DashboardName"]
