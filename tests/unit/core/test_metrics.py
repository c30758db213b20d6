"""Lines of a log that CloudWatch makes metrics of, as its specification wants them:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html.
"""

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from handlers.core.metrics import DESTINATION, METRICS, NAMESPACE, STACK, embed

NOW = datetime(2026, 11, 22, 9, 31, 0, 250000, tzinfo=UTC)
DIMENSIONS = {STACK: "Thingwatch", DESTINATION: "secops"}
VALUES = st.lists(st.floats(0, 1e9) | st.integers(0, 1000), min_size=1, max_size=150)


def test_a_line_has_the_metrics_with_their_units_and_dimensions() -> None:
    line = embed({"Sent": [3], "SecondsToSend": [0.5, 2.25]}, dimensions=DIMENSIONS, now=NOW)
    assert {
        "_aws": {
            "Timestamp": 1795339860250,
            "CloudWatchMetrics": [
                {
                    "Namespace": "Thingwatch",
                    "Dimensions": [["Stack", "Destination"]],
                    "Metrics": [
                        {"Name": "Sent", "Unit": "Count"},
                        {"Name": "SecondsToSend", "Unit": "Seconds"},
                    ],
                }
            ],
        },
        "Stack": "Thingwatch",
        "Destination": "secops",
        "Sent": [3],
        "SecondsToSend": [0.5, 2.25],
    } == json.loads(line)


@given(st.dictionaries(st.sampled_from(sorted(METRICS)), VALUES, min_size=1))
def test_whatever_is_measured_keeps_to_the_limits_of_the_format(values: dict[str, list[float]]) -> None:
    line = embed(values, dimensions=DIMENSIONS, now=NOW)
    assert "\n" not in line
    data = json.loads(line)
    (directive,) = data["_aws"]["CloudWatchMetrics"]
    assert (NAMESPACE, set(values)) == (
        directive["Namespace"],
        {each["Name"] for each in directive["Metrics"]},
    )
    for each in directive["Metrics"]:
        assert values[each["Name"]][:100] == data[each["Name"]]
    for names in directive["Dimensions"]:
        assert all(isinstance(data[name], str) for name in names)


def test_no_metric_has_a_dimension_that_grows_with_what_is_watched() -> None:
    assert {(STACK,), (STACK, DESTINATION)} == {each.dimensions for each in METRICS.values()}
