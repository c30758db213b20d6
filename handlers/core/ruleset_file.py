"""Reads the compiled ruleset: JSON that `rulebook` wrote at synth, its patterns compiled once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from handlers.core.ownership import Own
from handlers.core.patterns import compile_pattern
from handlers.core.ruleset import (
    Automation,
    Circumstance,
    Condition,
    Destination,
    Escalation,
    Operation,
    Route,
    Rule,
    Ruleset,
    Suppression,
)
from handlers.core.severity import Severity
from handlers.core.spelling import small_pattern


def load_ruleset(data: Mapping[str, Any]) -> Ruleset:
    """Build the ruleset from its JSON form.

    Raises `PatternError`, `KeyError` or `ValueError` on a file that our own compiler did not write.
    """
    own_rules: dict[Operation, list[Rule]] = {}
    of_any: list[Rule] = []
    for entry in data["own_rules"]:
        rule = _rule(entry)
        if entry["operations"] is None:
            of_any.append(rule)
        for operation in _operations(entry["operations"] or ()):
            own_rules.setdefault(operation, []).append(rule)
    return Ruleset(
        rules={
            operation: rule
            for entry in data["rules"]
            for rule in [_rule(entry)]
            for operation in _operations([entry])
        },
        own_rules={operation: tuple(rules) for operation, rules in own_rules.items()},
        own_rules_of_any=tuple(of_any),
        event_sources=data["event_sources"],
        circumstances=tuple(map(_circumstance, data["circumstances"])),
        automation=tuple(map(_automation, data["automation"])),
        suppressions=tuple(map(_suppression, data["suppressions"])),
        uncatalogued=_rule(data["uncatalogued"]),
        reads=_rule(data["reads"]),
        own=Own(
            accounts=frozenset(data["own"]["accounts"]),
            buckets=frozenset(data["own"]["buckets"]),
            domains=tuple(data["own"]["domains"]),
        ),
        minimum_severity=Severity(data["minimum_severity"]),
        dedup_windows={
            Severity(word): timedelta(seconds=seconds) for word, seconds in data["dedup_windows"].items()
        },
        destinations={name: _destination(name, entry) for name, entry in data["destinations"].items()},
        routes=tuple(map(_route, data["routes"])),
        account_names=data["account_names"],
        region_names=data["region_names"],
        slack_test_host=data["slack_test_host"],
    )


def _operations(entries: Iterable[Mapping[str, Any]]) -> list[Operation]:
    return [(source, entry["event_name"]) for entry in entries for source in entry["event_sources"]]


def _condition(pattern: Mapping[str, Any]) -> Condition:
    return Condition(pattern=pattern, matches=compile_pattern(small_pattern(pattern)))


def _rule(entry: Mapping[str, Any]) -> Rule:
    match = entry.get("match")
    return Rule(
        name=entry["name"],
        category=entry["category"],
        severity=Severity(entry["severity"]),
        subject=entry["subject"],
        shown=tuple(entry["shown"]),
        why=entry["why"],
        escalations=tuple(
            Escalation(when=_condition(each["when"]), to=Severity(each["to"]), why=each["why"])
            for each in entry["escalate"]
        ),
        runbook=tuple(entry["runbook"]),
        attack=tuple(entry["attack"]),
        match=None if match is None else _condition(match),
        off=entry.get("off", False),
    )


def _circumstance(entry: Mapping[str, Any]) -> Circumstance:
    at_least, at_most = entry["at_least"], entry["at_most"]
    return Circumstance(
        name=entry["name"],
        when=_condition(entry["when"]),
        at_least=None if at_least is None else Severity(at_least),
        at_most=None if at_most is None else Severity(at_most),
        why=entry["why"],
        attack=tuple(entry["attack"]),
    )


def _automation(entry: Mapping[str, Any]) -> Automation:
    operations = entry["operations"]
    return Automation(
        name=entry["name"],
        when=_condition(entry["when"]),
        operations=None if operations is None else frozenset(_operations(operations)),
        at_most=Severity(entry["at_most"]),
        reason=entry["reason"],
    )


def _suppression(entry: Mapping[str, Any]) -> Suppression:
    return Suppression(
        name=entry["name"],
        match=_condition(entry["match"]),
        reason=entry["reason"],
        until=date.fromisoformat(entry["until"]),
    )


def _destination(name: str, entry: Mapping[str, Any]) -> Destination:
    return Destination(name=name, kind=entry["kind"], secret=entry.get("secret"), topic=entry.get("topic"))


def _route(entry: Mapping[str, Any]) -> Route:
    match = entry["match"]
    return Route(
        severities=frozenset(map(Severity, entry["severity"])),
        match=None if match is None else _condition(match),
        to=tuple(entry["to"]),
    )
