"""Metrics, by way of the function's log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from handlers.core.metrics import embed


def put_metrics(
    values: Mapping[str, Sequence[float]], *, dimensions: Mapping[str, str], now: datetime
) -> None:
    """Write a line to the log that CloudWatch makes metrics of; see `embed`."""
    # Lambda wraps in JSON of its own what goes through `logging`; what is printed stays as it is:
    # https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html#python-logging-output
    print(embed(values, dimensions=dimensions, now=now))  # noqa: T201
