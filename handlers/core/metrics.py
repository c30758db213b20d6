"""Metrics of our own work, as CloudWatch takes them from the log (docs/adr/0021).

Format: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

NAMESPACE = "Thingwatch"
STACK, DESTINATION = "Stack", "Destination"
"""Dimensions: the name of the stack, and of a destination."""
_MOST_VALUES = 100
"""Of a metric in one line."""


class Metric(NamedTuple):
    """A metric: its unit, its dimensions, and what it says."""

    unit: Literal["Count", "Seconds"]
    dimensions: tuple[str, ...]
    says: str


_OF_STACK, _OF_DESTINATION = (STACK,), (STACK, DESTINATION)

METRICS: Mapping[str, Metric] = {
    "Judged": Metric("Count", _OF_STACK, "records that `detect` judged"),
    "Told": Metric("Count", _OF_STACK, "alerts that were sent on at once"),
    "Held": Metric("Count", _OF_STACK, "alerts that were held back, to be counted in a rollup"),
    "Muted": Metric("Count", _OF_STACK, "alerts that a mute holds"),
    "Suppressed": Metric("Count", _OF_STACK, "findings that nobody hears of because of a suppression"),
    "SecondsToJudge": Metric("Seconds", _OF_STACK, "from the call until `detect` judged it"),
    "SecondsToCanary": Metric(
        "Seconds", _OF_STACK, "from the canary's call until `detect` saw it; the sample count is how many"
    ),
    "Rollups": Metric("Count", _OF_STACK, "rollups that were sent on"),
    "Sent": Metric("Count", _OF_DESTINATION, "alerts and rollups that the destination took"),
    "Refused": Metric("Count", _OF_DESTINATION, "alerts that it refused for good"),
    "SecondsToSend": Metric("Seconds", _OF_DESTINATION, "from the call until the destination took its alert"),
    "SecondsOfRetries": Metric(
        "Seconds",
        _OF_DESTINATION,
        "how long each delivery that is tried again has waited by then; the sample count is how many",
    ),
}
"""By name."""


def embed(values: Mapping[str, Sequence[float]], *, dimensions: Mapping[str, str], now: datetime) -> str:
    """One line of a log that CloudWatch makes metrics of; `values` by the metric's name."""
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [list(dimensions)],
        "Metrics": [{"Name": name, "Unit": METRICS[name].unit} for name in values],
    }
    return json.dumps(
        {
            "_aws": {"Timestamp": int(now.timestamp() * 1000), "CloudWatchMetrics": [directive]},
            **dimensions,
            **{name: list(each[:_MOST_VALUES]) for name, each in values.items()},
        }
    )
