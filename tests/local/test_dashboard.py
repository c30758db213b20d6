"""The dashboard is drawn from its definition and the metrics that are there."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from local.aws import REGION, EmbeddedAws
from local.dashboard import draw_dashboard


def graph(name: str, *labels: str, stacked: bool = False) -> dict[str, Any]:
    metrics = [["N", "M", "Of", label, {"label": label, "stat": "Sum"}] for label in labels]
    properties = {"title": name, "metrics": metrics, "stacked": stacked}
    return {"type": "metric", "x": 0, "y": 1, "width": 12, "height": 6, "properties": properties}


def draw(aws: EmbeddedAws, *widgets: dict[str, Any]) -> str:
    cloudwatch = aws.client("cloudwatch")
    began = datetime.now(UTC) - timedelta(seconds=5)
    heading = {
        "type": "text",
        "x": 0,
        "y": 0,
        "width": 24,
        "height": 1,
        "properties": {"markdown": "## Alive?"},
    }
    cloudwatch.put_dashboard(
        DashboardName=f"Thingwatch-{REGION}", DashboardBody=json.dumps({"widgets": [heading, *widgets]})
    )
    return draw_dashboard(aws, began=began)


def put(aws: EmbeddedAws, of: str, value: float) -> None:
    aws.client("cloudwatch").put_metric_data(
        Namespace="N",
        MetricData=[{"MetricName": "M", "Dimensions": [{"Name": "Of", "Value": of}], "Value": value}],
    )


def test_what_was_measured_is_a_bar_and_what_was_not_is_said_so(aws: EmbeddedAws) -> None:
    put(aws, "a", 3)
    page = draw(aws, graph("Some", "a"), graph("None", "b"))
    assert (1, 1) == (page.count("<rect "), page.count("no data here"))
    assert "<h2>Alive?</h2>" in page


def test_a_stack_is_as_high_as_all_its_parts(aws: EmbeddedAws) -> None:
    for of, value in (("a", 3), ("b", 4)):
        put(aws, of, value)
    assert ">4</text>" in draw(aws, graph("Beside", "a", "b"))
    assert ">7</text>" in draw(aws, graph("Stacked", "a", "b", stacked=True))


def test_a_label_is_text(aws: EmbeddedAws) -> None:
    put(aws, "<script>", 1)
    page = draw(aws, graph("<b>", "<script>"))
    assert (False, True) == ("<script>" in page, "&lt;script&gt;" in page)
    assert "<b>" not in page


def test_an_alarm_has_the_colour_of_its_state(aws: EmbeddedAws) -> None:
    cloudwatch = aws.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="Thingwatch-x",
        Namespace="N",
        MetricName="M",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    (alarm,) = cloudwatch.describe_alarms()["MetricAlarms"]
    widget = {"type": "alarm", "x": 0, "y": 1, "width": 12, "height": 6}
    properties = {"title": "Alarms", "alarms": [alarm["AlarmArn"]]}
    for state, colour in (("ALARM", "#d13212"), ("OK", "#1d8102")):
        cloudwatch.set_alarm_state(AlarmName="Thingwatch-x", StateValue=state, StateReason="a test")
        assert colour in draw(aws, {**widget, "properties": properties})
