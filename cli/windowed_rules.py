"""A rule over time, for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from cli.text import attack_lines, runbook_lines, wrap, write_duration
from handlers.core.reasons import describe_window
from handlers.core.text import say_duration
from handlers.core.windowed_rules import CALLS, NewTerms, WindowedRule

_NAME_WIDTH = 30
_STEP_WIDTH = 13


def windowed_rule_data(rule: WindowedRule) -> dict[str, Any]:
    """A rule over time as JSON types: the keys of an operation, and those that a config has."""
    threshold, terms = rule.threshold, rule.new_terms
    steps = {step: pattern.source for step, pattern in rule.steps.items()}
    kind = "new_terms" if threshold is None else threshold.kind
    data: dict[str, Any] = {
        "operation": None,
        "rule": rule.name,
        "kind": kind,
        "category": rule.category,
        "severity": rule.severity.value,
        "match": steps.get(CALLS) if kind != "temporal" else None,
        "steps": steps if kind == "temporal" else None,
        "at_least": None,
        "of": None,
        "within": None,
        "forget_after": None,
        "learn": None,
        "group_by": list(rule.group_by),
        "notify": rule.notify,
        "escalations": [],
        "subject": None,
        "shown": [],
        "why": rule.why,
        "runbook": list(rule.runbook),
        "attack": list(rule.attack),
    }
    if threshold is not None:
        at_least = None if kind == "temporal" else threshold.at_least
        within = write_duration(timedelta(seconds=threshold.within))
        data |= {"at_least": at_least, "of": threshold.of, "within": within}
    if terms is not None:
        forget_after, learn = write_duration(terms.forget_after), write_duration(terms.learn)
        data |= {"of": list(terms.of), "forget_after": forget_after, "learn": learn}
    return data


def render_windowed_rule(rule: WindowedRule) -> str:
    """A rule over time for people."""
    return "\n".join(_rule_lines(rule)) + "\n"


def _rule_lines(rule: WindowedRule) -> Iterator[str]:
    is_sequence = rule.threshold is not None and rule.threshold.kind == "temporal"
    yield f"{rule.name}: {rule.severity.value}"
    yield from wrap(rule.why, "  ")
    yield ""
    yield f"Category  {rule.category}"
    yield from wrap(_say_when(rule), "Holds     ")
    if not is_sequence:
        yield from wrap(json.dumps(rule.steps[CALLS].source), "Match     ")
    yield from wrap(", ".join(rule.group_by) or "not grouped: all calls count together", "Group by  ")
    if not rule.notify:
        yield "Told to   nobody: notify is false"
    yield from attack_lines(rule.attack)
    if is_sequence:
        yield ""
        yield "Steps"
        for step, pattern in rule.steps.items():
            yield from wrap(json.dumps(pattern.source), f"  {step:<{_STEP_WIDTH}} ")
    yield from runbook_lines(rule.runbook)


def _say_when(rule: WindowedRule) -> str:
    threshold = rule.threshold
    if threshold is None:
        return _say_terms(rule.new_terms) if rule.new_terms is not None else ""
    within = say_duration(timedelta(seconds=threshold.within))
    if threshold.kind == "temporal":
        return f"a call of each step within {within}, in any order"
    if threshold.of is not None:
        return f"{threshold.at_least} different values of {threshold.of} within {within}"
    return describe_window(rule)


def _say_terms(terms: NewTerms) -> str:
    what = f"a new {', '.join(terms.of)}; new again after {say_duration(terms.forget_after)}"
    learn = f"; for the first {say_duration(terms.learn)} of a group nobody is told" if terms.learn else ""
    return what + learn


def render_windowed_rules(rules: Mapping[str, WindowedRule]) -> str:
    """A line for each rule over time, by name."""
    lines = ["rules over time"]
    for name, rule in sorted(rules.items()):
        lines += wrap(_say_when(rule), f"  {name:<{_NAME_WIDTH}} {rule.severity.value:<9} ")
    return "\n".join(lines) + "\n"
