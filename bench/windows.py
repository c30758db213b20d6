"""What windows cost a record: `detect` in memory with three rules over time, beside `detect` with none."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any

from bench.events import make_events
from handlers.adapters.memory_buckets import MemoryBuckets
from handlers.adapters.memory_mutes import MemoryMutes
from handlers.adapters.memory_windows import MemoryWindows
from handlers.core.alerts import Delivery
from handlers.core.record_pattern import RecordPattern
from handlers.core.rollups import Summary
from handlers.core.ruleset import Ruleset
from handlers.core.severity import Severity
from handlers.core.windowed_rules import CALLS, Threshold, WindowedRule
from handlers.pipeline.detection import detect
from handlers.pipeline.outside import Outside, Warm
from rulebook.catalog import load_catalog
from rulebook.compile import compile_file

EVENTS = 2_000
ROUNDS = 7
FLOOR = "detect of the same events without rules over time"
AIM = 2.0
"""Times as long as the floor, at most; so is each depth beside the shallowest."""
DEPTHS = (10, 1_000, 100_000)
"""How many records lie in the window already."""

_CONFIG = Path(__file__).parent.parent / "config" / "alerts.yaml"
_START = datetime(2026, 11, 1, tzinfo=UTC)
_WITHIN = 3600


@dataclass(slots=True)
class _Nowhere:
    """Queues that forget."""

    def send(self, deliveries: Sequence[Delivery]) -> None:
        """Do nothing."""

    def ask(self, summary: Summary, *, delay: timedelta) -> None:
        """Do nothing."""


def measure_windows() -> dict[str, dict[str, Any]]:
    """By name: {ratio, floor, aim, figures}; `ratio` is how many times as long as `floor` it takes.

    All take turns, and of each the fastest turn counts.
    """
    events = [_at(json.loads(text), number) for number, text in enumerate(make_events(EVENTS))]
    plain = replace(compile_file(_CONFIG, load_catalog()), windowed_rules=())
    three = replace(plain, windowed_rules=_three_rules())
    work: dict[str, Callable[[], float]] = {"none": lambda: _time(events, plain, MemoryWindows())}
    for depth in DEPTHS:
        filled = _fill(depth, three)
        work[f"{depth:,}"] = partial(_time_filled, events, three, filled)
    turns: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(ROUNDS):
        for name, do in work.items():
            turns[name].append(do())
    seconds = {name: min(taken) for name, taken in turns.items()}
    return {
        f"detect into three windows of {name} records": {
            "ratio": round(seconds[name] / seconds["none"], 2),
            "floor": FLOOR,
            "aim": AIM,
            "figures": {
                "events": EVENTS,
                "microseconds_per_event": round(seconds[name] / EVENTS * 1e6, 2),
                "floor_microseconds_per_event": round(seconds["none"] / EVENTS * 1e6, 2),
            },
        }
        for name in seconds
        if name != "none"
    }


def _three_rules() -> tuple[WindowedRule, ...]:
    """One that counts, one that counts values, and a sequence of which each record is a step."""
    every, by_actor = RecordPattern({"eventSource": [{"exists": True}]}), ("recipientAccountId",)
    of_writes = RecordPattern({"eventName": [{"anything-but": {"prefix": "Never"}}]})
    never = RecordPattern({"eventName": [{"prefix": "Never"}]})
    thresholds = (
        ({CALLS: every}, Threshold("event_count", 10, _WITHIN)),
        ({CALLS: every}, Threshold("value_count", 20, _WITHIN, "eventName")),
        ({"seen": of_writes, "other": never}, Threshold("temporal", 2, _WITHIN)),
    )
    return tuple(
        WindowedRule(
            name=f"rule-{number}",
            category="threshold",
            severity=Severity.HIGH,
            why="measured",
            steps=steps,
            group_by=by_actor,
            threshold=threshold,
        )
        for number, (steps, threshold) in enumerate(thresholds)
    )


def _at(event: Any, number: int) -> Any:
    """The event at one of the seconds of one window."""
    moment = _START + timedelta(seconds=number * (_WITHIN - 1) / EVENTS)
    event["detail"]["eventTime"] = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    return event


def _fill(depth: int, ruleset: Ruleset) -> MemoryWindows:
    """The windows after `depth` other records of the same hour."""
    windows = MemoryWindows()
    texts = make_events(min(depth, 10_000), seed=2)
    for number in range(depth):
        event = json.loads(texts[number % len(texts)])
        event["detail"]["eventID"] = f"filling-{number}"
        moment = _START + timedelta(seconds=number * (_WITHIN - 1) / depth)
        event["detail"]["eventTime"] = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
        detect(event, ruleset=ruleset, windows=windows, outside=_make_outside())
    return windows


def _time_filled(events: Sequence[Mapping[str, Any]], ruleset: Ruleset, filled: MemoryWindows) -> float:
    return _time(events, ruleset, deepcopy(filled))


def _time(events: Sequence[Mapping[str, Any]], ruleset: Ruleset, windows: MemoryWindows) -> float:
    outside = _make_outside()
    started = process_time()
    for event in events:
        detect(event, ruleset=ruleset, windows=windows, outside=outside)
    return process_time() - started


def _make_outside() -> Outside:
    now = _START + timedelta(hours=2)
    return Outside(
        buckets=MemoryBuckets(),
        mutes=MemoryMutes(),
        deliveries=_Nowhere(),
        summaries=_Nowhere(),
        clock=lambda: now,
        grace=timedelta(minutes=5),
        warm=Warm(),
    )
