"""What it costs to judge an event, beside what it costs to parse its JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import count, islice
from pathlib import Path
from time import process_time
from typing import Any

from bench.events import make_events
from handlers.core.alert_building import build_alert
from handlers.core.entries import find_entries
from handlers.core.judgement import judge_event
from handlers.core.operations import split_operation
from handlers.core.record import parse_event
from handlers.core.renderings.slack import render_slack
from handlers.core.ruleset import Rule, Ruleset
from rulebook.catalog import load_catalog
from rulebook.compile import compile_file

EVENTS = 10_000
ROUNDS = 7
FLOOR = "json.loads of the same events"
AIMS = {"judge": 0.4, "judge, and a Slack message for every finding": 0.18}
"""Ratios to reach; docs/adr/0012 says what they cost."""

_CONFIG = Path(__file__).parent.parent / "config" / "alerts.yaml"


def measure_judging() -> dict[str, dict[str, Any]]:
    """By name: {ratio, floor, aim, figures}; `ratio` is how many times as fast as `floor`.

    All are measured in turns, and of each the fastest turn counts: what else the machine does
    only ever slows a turn down.
    """
    texts = make_events(EVENTS)
    events = [json.loads(text) for text in texts]
    ruleset = compile_file(_CONFIG, load_catalog())
    few, many = (
        replace(ruleset, catalog_rules=_some_rules(ruleset.catalog_rules, total)) for total in (200, 2000)
    )
    work: dict[str, Callable[[], object]] = {
        "floor": lambda: _parse(texts),
        "judge": lambda: _judge(events, ruleset),
        "judge, and find the built-in windows it enters": lambda: _enter(events, ruleset),
        "judge, and a Slack message where one is sent": lambda: _message(events, ruleset, everything=False),
        "judge, and a Slack message for every finding": lambda: _message(events, ruleset, everything=True),
        "judge with 200 rules": lambda: _judge(events, few),
        "judge with 2,000 rules": lambda: _judge(events, many),
    }
    seconds = {name: min(turns) for name, turns in _take_turns(work).items()}
    size = sum(map(len, texts)) / len(texts)
    return {
        name: {
            "ratio": round(seconds["floor"] / taken, 2),
            "floor": FLOOR,
            "aim": AIMS.get(name),
            "figures": {
                "events": EVENTS,
                "bytes_per_event": round(size),
                "rules": len(ruleset.catalog_rules),
                "microseconds_per_event": round(taken / EVENTS * 1e6, 2),
                "floor_microseconds_per_event": round(seconds["floor"] / EVENTS * 1e6, 2),
            },
        }
        for name, taken in seconds.items()
        if name != "floor"
    }


def _take_turns(work: Mapping[str, Callable[[], object]]) -> dict[str, list[float]]:
    turns: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(ROUNDS):
        for name, do in work.items():
            started = process_time()
            do()
            turns[name].append(process_time() - started)
    return turns


def _parse(texts: list[str]) -> None:
    for text in texts:
        json.loads(text)


def _judge(events: list[Any], ruleset: Ruleset) -> None:
    for event in events:
        judge_event(parse_event(event), ruleset)


def _enter(events: list[Any], ruleset: Ruleset) -> None:
    for event in events:
        find_entries(judge_event(parse_event(event), ruleset), ruleset)


def _message(events: list[Any], ruleset: Ruleset, *, everything: bool) -> None:
    for event in events:
        judged = judge_event(parse_event(event), ruleset)
        finding = judged.finding
        if finding is not None and (everything or "secops" in finding.destinations):
            json.dumps(render_slack(build_alert(judged, finding, ruleset)))


def _some_rules(rules: Mapping[str, Rule], total: int) -> dict[str, Rule]:
    """The catalog's rules of the events' operations, filled up to `total` with rules on other operations."""
    used = {json.loads(text)["detail"]["eventName"] for text in make_events(500)}
    kept = {name: rule for name, rule in rules.items() if split_operation(name)[1] in used}
    return kept | dict(islice(_copies(rules), total - len(kept)))


def _copies(rules: Mapping[str, Rule]) -> Iterator[tuple[str, Rule]]:
    for number in count():
        yield from (
            (f"{name}{number}", replace(rule, name=f"{name}{number}")) for name, rule in rules.items()
        )
