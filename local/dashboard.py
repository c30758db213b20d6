"""The dashboard as a picture: the widgets that the deployed stack defines, over the metrics of a demo run.

CloudWatch draws it in its own way. The embedded AWS has no metrics of SQS and EventBridge, so what they would
fill stays empty.
"""

from __future__ import annotations

import html
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from local.aws import REGION, EmbeddedAws
from local.browser import find_browser, open_browser, take_picture
from local.demo import CONFIG, DEADLINE, play, set_up
from local.slack import LocalSlack
from rulebook.gallery_page import PAGE

PICTURE = PAGE.with_name("dashboard.png")
_WIDTH = 1080
_CELL, _ROW = _WIDTH / 24, 44
_COLOURS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd")
_LEFT = 34
"""Pixels before the graph, for its scale."""
_STEP_SECONDS = 1

_STYLE = """\
body { margin: 0; background: #f2f3f3; font: 12px/1.4 "Helvetica Neue", Arial, sans-serif; color: #16191f }
main { position: relative; width: 1080px }
section { position: absolute; box-sizing: border-box; padding: 4px }
section > div { height: 100%; background: #fff; border: 1px solid #d5dbdb; border-radius: 3px;
  padding: 6px 10px; box-sizing: border-box; overflow: hidden }
h2 { font-size: 17px; margin: 0 } h3 { font-size: 13px; margin: 0 0 4px }
ul { list-style: none; margin: 0; padding: 0; columns: 3 } li { margin: 0 0 3px; white-space: nowrap }
i { display: inline-block; width: 9px; height: 9px; border-radius: 2px; margin-right: 5px }
.legend span { margin-right: 12px } .none { color: #687078; padding: 60px 0; text-align: center }
"""
_STATES = {"OK": "#1d8102", "ALARM": "#d13212", "INSUFFICIENT_DATA": "#aab7b8"}


class Line(NamedTuple):
    """One metric of a graph: its label, and its points by seconds since the beginning."""

    label: str
    is_sum: bool
    points: Sequence[tuple[float, float]]


def draw_dashboard(aws: EmbeddedAws, *, began: datetime) -> str:
    """The dashboard of the stack as a page."""
    cloudwatch: Any = aws.client("cloudwatch")
    body = json.loads(cloudwatch.get_dashboard(DashboardName=f"Thingwatch-{REGION}")["DashboardBody"])
    ended = datetime.now(UTC)
    height = max(each["y"] + each["height"] for each in body["widgets"]) * _ROW
    drawn = "".join(_draw_widget(each, cloudwatch, began, ended) for each in body["widgets"])
    return (
        '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Thingwatch</title>'
        f"<style>{_STYLE}</style>"
        f'<main style="height: {height}px">{drawn}</main></html>'
    )


def _draw_widget(widget: Mapping[str, Any], cloudwatch: Any, began: datetime, ended: datetime) -> str:
    place = (
        f"left: {widget['x'] * _CELL}px; top: {widget['y'] * _ROW}px;"
        f" width: {widget['width'] * _CELL}px; height: {widget['height'] * _ROW}px"
    )
    properties = widget["properties"]
    if widget["type"] == "text":
        return (
            f'<section style="{place}"><h2>{html.escape(properties["markdown"].lstrip("# "))}</h2></section>'
        )
    inner = (
        _draw_alarms(properties["alarms"], cloudwatch)
        if widget["type"] == "alarm"
        else _draw_graph(
            [_measure(each, cloudwatch, began, ended) for each in properties["metrics"]],
            (ended - began).total_seconds(),
            is_stacked=bool(properties.get("stacked")),
            size=(int(widget["width"] * _CELL) - 30, widget["height"] * _ROW - 66),
        )
    )
    return f'<section style="{place}"><div><h3>{html.escape(properties["title"])}</h3>{inner}</div></section>'


def _draw_alarms(arns: Sequence[str], cloudwatch: Any) -> str:
    found = cloudwatch.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"], MaxRecords=100)
    states = {each["AlarmArn"]: each for each in (*found["MetricAlarms"], *found["CompositeAlarms"])}
    items = [
        f'<li><i style="background: {_STATES[alarm["StateValue"]]}"></i>'
        f"{html.escape(alarm['AlarmName'].partition('-')[2])}</li>"
        for alarm in (states[arn] for arn in arns)
    ]
    return f"<ul>{''.join(items)}</ul>"


def _measure(metric: Sequence[Any], cloudwatch: Any, began: datetime, ended: datetime) -> Line:
    namespace, name, *dimensions, options = metric
    statistic = options.get("stat", "Average")
    kind = {"ExtendedStatistics": [statistic]} if statistic.startswith("p") else {"Statistics": [statistic]}
    points = cloudwatch.get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[
            {"Name": each, "Value": value}
            for each, value in zip(dimensions[::2], dimensions[1::2], strict=True)
        ],
        StartTime=began,
        EndTime=ended + timedelta(seconds=1),
        Period=_STEP_SECONDS,
        **kind,
    )["Datapoints"]
    found = sorted(
        (
            (each["Timestamp"] - began).total_seconds(),
            each["ExtendedStatistics"][statistic] if "ExtendedStatistics" in each else each[statistic],
        )
        for each in points
    )
    return Line(str(options.get("label", name)), statistic in ("Sum", "SampleCount"), found)


def _draw_graph(lines: Sequence[Line], seconds: float, *, is_stacked: bool, size: tuple[int, int]) -> str:
    if is_stacked:
        lines = list(_stack(lines))
    top = max((value for line in lines for _, value in line.points), default=0.0)
    if not top:
        return '<div class="none">no data here</div>'
    width, height = size
    coloured = [(line, _COLOURS[number % len(_COLOURS)]) for number, line in enumerate(lines)]
    grid = "".join(
        f'<line x1="{_LEFT}" x2="{width}" y1="{y}" y2="{y}" stroke="#eaeded"/>'
        f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end" font-size="10" fill="#687078">{label:g}</text>'
        for y, label in ((8, round(top, 1)), (height // 2, round(top / 2, 1)), (height - 8, 0))
    )
    # The highest of a stack lies behind.
    drawn = "".join(
        _draw_line(_scale(line, seconds, top, size), colour, height) for line, colour in reversed(coloured)
    )
    legend = "".join(
        f'<span><i style="background: {colour}"></i>{html.escape(line.label)}</span>'
        for line, colour in coloured
    )
    return f'<svg width="{width}" height="{height}">{grid}{drawn}</svg><div class="legend">{legend}</div>'


def _stack(lines: Sequence[Line]) -> Iterator[Line]:
    """Each line on top of those before it."""
    below: dict[int, float] = {}
    for line in lines:
        points = []
        for at, value in line.points:
            below[round(at)] = below.get(round(at), 0) + value
            points.append((at, below[round(at)]))
        yield line._replace(points=points)


def _scale(line: Line, seconds: float, top: float, size: tuple[int, int]) -> Line:
    """The line in pixels."""
    width, height = size
    points = [
        (_LEFT + (width - _LEFT - 8) * at / seconds, height - 8 - (height - 16) * value / top)
        for at, value in line.points
    ]
    return line._replace(points=points)


def _draw_line(line: Line, colour: str, height: int) -> str:
    if line.is_sum:
        return "".join(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="6" height="{height - 8 - y:.1f}" fill="{colour}"/>'
            for x, y in line.points
        )
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in line.points)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in line.points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}"/>{dots}'


def main() -> None:
    """Play the demo and take the picture."""
    browser = find_browser()
    if browser is None:
        sys.exit("The picture needs Chromium or Chrome with its driver; none is on the PATH.")
    with LocalSlack() as slack, set_up(Console(quiet=True), slack, CONFIG, DEADLINE) as stage:
        began = datetime.now(UTC)
        play(stage)
        page = draw_dashboard(stage.aws, began=began)
    with tempfile.TemporaryDirectory() as scratch, open_browser(browser, width=_WIDTH) as chrome:
        file = Path(scratch) / "dashboard.html"
        file.write_text(page, encoding="utf-8")
        chrome.get(file.as_uri())
        PICTURE.write_bytes(take_picture(chrome, "main"))


if __name__ == "__main__":
    main()
