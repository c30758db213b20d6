"""From config and catalog to the rules over time of the ruleset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from handlers.core.record_pattern import RecordPattern
from handlers.core.windowed_rules import CALLS, NewTerms, Threshold, WindowedRule
from rulebook.config import Config
from rulebook.config.context import THRESHOLD
from rulebook.config.rules import CustomRule, Tuning
from rulebook.vocabulary import is_list
from rulebook.windowed_rules import (
    BuiltIn,
    EventCount,
    Kind,
    Temporal,
    ValueCount,
    kind_of,
    load_windowed_rules,
)


def compile_windowed_rules(config: Config) -> tuple[WindowedRule, ...]:
    """The config's rules over time, then the built-in ones as the config tunes them.

    A rule of the config stands in the place of the built-in one of its name.
    """
    own = tuple(_custom(rule, kind) for rule in config.rules if (kind := kind_of(rule)) is not None)
    return (*own, *_built_in(config.thresholds, without={rule.name for rule in own}))


def compile_built_in(name: str, rule: BuiltIn, tuning: Tuning | None = None) -> WindowedRule:
    """A built-in rule, tuned or as it is."""
    changes = {} if tuning is None else tuning.model_dump(exclude_unset=True)
    severity = changes.pop("severity", rule.severity)
    notify = changes.pop("notify", True)
    changes.pop("dedup", None)
    kind = rule.kind.model_copy(update=changes)
    return WindowedRule(
        name=name,
        category=rule.category,
        severity=severity,
        why=rule.why,
        title=rule.title,
        runbook=rule.runbook,
        attack=rule.attack,
        built_in=True,
        notify=notify,
        dedup=None if tuning is None or tuning.dedup is None else tuning.dedup.compiled,
        **_window(kind, rule.match),
    )


def _built_in(thresholds: Mapping[str, Tuning | None], *, without: set[str]) -> Iterator[WindowedRule]:
    for name, rule in load_windowed_rules().items():
        is_off = name in thresholds and thresholds[name] is None
        if name not in without and not is_off:
            yield compile_built_in(name, rule, thresholds.get(name))


def _custom(rule: CustomRule, kind: Kind) -> WindowedRule:
    return WindowedRule(
        name=rule.name,
        category=rule.category or THRESHOLD,
        severity=rule.severity,
        why=rule.why,
        title=rule.title,
        runbook=rule.runbook,
        attack=rule.attack,
        notify=rule.notify,
        dedup=None if rule.dedup is None else rule.dedup.compiled,
        **_window(kind, rule.match),
    )


def _window(kind: Kind, match: Mapping[str, object] | None) -> dict[str, Any]:
    """What enters, how it is grouped, and when it holds."""
    patterns = kind.steps if isinstance(kind, Temporal) else {CALLS: match or {}}
    return {
        "steps": {step: RecordPattern(pattern) for step, pattern in patterns.items()},
        "group_by": kind.group_by,
        "list_path": _list_of(kind.group_by),
        **_condition(kind),
    }


def _condition(kind: Kind) -> dict[str, Any]:
    if isinstance(kind, EventCount):
        return {"threshold": Threshold("event_count", kind.at_least, _seconds(kind.within))}
    if isinstance(kind, ValueCount):
        return {"threshold": Threshold("value_count", kind.at_least, _seconds(kind.within), kind.of)}
    if isinstance(kind, Temporal):
        return {"threshold": Threshold("temporal", len(kind.steps), _seconds(kind.within))}
    return {"new_terms": NewTerms(kind.of, kind.forget_after, kind.learn)}


def _list_of(paths: Sequence[str]) -> str | None:
    return next((path for path in paths if is_list(path)), None)


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
