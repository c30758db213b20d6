"""Warnings: places of a sound config that work today and may surprise tomorrow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from handlers.core.patterns import compile_pattern
from handlers.core.severity import Severity
from rulebook.config.conditions import conditions_in
from rulebook.config.model import Config, OwnRule, Route, Suppression
from rulebook.config.surroundings import Surroundings
from rulebook.faults import Path
from rulebook.secret_names import secret_name_warning
from rulebook.services import SERVICES

SOON = timedelta(days=14)
LONG = timedelta(days=366)


@dataclass(frozen=True)
class Doubt:
    """Something that is worth a look, at its place in the file (at the key itself, if `at_key`)."""

    path: Path
    message: str
    at_key: bool = False


def find_doubts(config: Config, around: Surroundings, today: date | None) -> Iterator[Doubt]:
    """Every warning of a config that has no faults; without `today`, suppressions are taken to hold."""
    yield from _watch(config, around)
    if today is not None:
        yield from _suppressions(config, today)
    yield from _shadowed(config, today or date.min)
    yield from _destinations(config)
    yield from _severities(config)
    yield from _unheard(config)
    yield from _of_no_operation(config, around)


def _watch(config: Config, around: Surroundings) -> Iterator[Doubt]:
    for position, name in enumerate(config.watch.services or ()):
        if SERVICES[name].retired:
            yield Doubt(
                ("watch", "services", position), "AWS retired this service; it sends nothing any more"
            )
    if config.defaults.dedup_window:
        message = "nothing is held back in this release: every finding is told at once, repeats too"
        yield Doubt(("defaults", "dedup_window"), message, at_key=True)
    if config.watch.read_only and config.defaults.reads != "off":
        severity = Severity(config.defaults.reads)
        slack = [name for name in _told(config, severity) if config.destinations[name].slack is not None]
        if slack:
            message = f"{', '.join(slack)} in Slack will hear of every call that reads: thousands a day"
            yield Doubt(("watch", "read_only"), message)
    yield from _without_effect(config, around)


def _without_effect(config: Config, around: Surroundings) -> Iterator[Doubt]:
    """What concerns services or calls that are not watched."""
    prefixes = {service.prefix for service in around.watched}
    for operation in config.operations:
        if operation.partition(":")[0] not in prefixes:
            message = f"{_why_silent(operation)}, so this changes nothing"
            yield Doubt(("operations", operation), message, at_key=True)
    for position, each in enumerate(config.known_automation):
        for number, operation in enumerate(each.operations or ()):
            if operation.partition(":")[0] not in prefixes:
                place: Path = ("known_automation", position, "operations", number)
                yield Doubt(place, f"{_why_silent(operation)}, so this changes nothing")
    if "reads" in config.defaults.model_fields_set and not config.watch.read_only:
        yield Doubt(("defaults", "reads"), "watch.read_only is false, so this changes nothing", at_key=True)


def _why_silent(operation: str) -> str:
    service = SERVICES[operation.partition(":")[0]]
    return "AWS retired this service" if service.retired else "watch.services leaves this service out"


def _told(config: Config, severity: Severity) -> list[str]:
    """The destinations that hear of every finding of a severity."""
    if severity < config.defaults.minimum_severity:
        return []
    if config.routes is None:
        return list(config.destinations)
    taking = [
        each for each in config.routes if each.match is None and severity in (each.severity or Severity)
    ]
    return [name for name in config.destinations if any(name in route.to for route in taking)]


def _suppressions(config: Config, today: date) -> Iterator[Doubt]:
    for position, each in enumerate(config.suppressions):
        place: Path = ("suppressions", position, "until")
        if each.until < today:
            yield Doubt(
                place, f"{each.name} ended on {each.until}, so it holds nothing back; delete or renew it"
            )
        elif each.until - today <= SOON:
            days = (each.until - today).days
            left = {0: "today", 1: "tomorrow"}.get(days, f"in {days} days, on {each.until}")
            yield Doubt(place, f"{each.name} ends {left}; then its findings are told again")
        elif each.until - today > LONG:
            yield Doubt(place, f"{each.name} holds for more than a year; end it sooner and look at it again")


def _unheard(config: Config) -> Iterator[Doubt]:
    """Own rules that are never bad enough to be told, and routes that ask for what can not be."""
    minimum = config.defaults.minimum_severity
    for position, rule in enumerate(config.rules):
        if max([rule.severity, *(each.to for each in rule.escalate)]) < minimum:
            message = f"is below defaults.minimum_severity, {minimum.value}, so {rule.name} is told to nobody"
            yield Doubt(("rules", position, "severity"), message)
    for position, route in enumerate(config.routes or ()):
        asked = dict(conditions_in(route.match or {})).get("finding.severity")
        if route.severity is None or not isinstance(asked, list):
            continue
        matches = compile_pattern({"value": asked})
        if not any(matches({"value": severity.value}) for severity in route.severity):
            message = "asks for other severities than the route takes, so this route hears of none"
            yield Doubt(("routes", position, "match"), message)


def _of_no_operation(config: Config, around: Surroundings) -> Iterator[Doubt]:
    """Conditions on the name of an operation that none of those that we know meets."""
    sections: tuple[tuple[str, Sequence[OwnRule | Suppression | Route]], ...] = (
        ("rules", config.rules),
        ("suppressions", config.suppressions),
        ("routes", config.routes or ()),
    )
    known = frozenset[str]().union(*(around.operations[service.prefix] for service in around.watched))
    for section, items in sections:
        for position, item in enumerate(items):
            names = (item.match or {}).get("eventName")
            if isinstance(names, list):
                matches = compile_pattern({"eventName": names})
                if not any(matches({"eventName": name}) for name in known):
                    message = "matches no operation that this release knows; is it spelled as AWS does?"
                    yield Doubt((section, position, "match", "eventName"), message)


def _shadowed(config: Config, today: date) -> Iterator[Doubt]:
    for position, rule in enumerate(config.rules):
        for suppression in config.suppressions:
            if suppression.until >= today and _holds_back(suppression.match, rule):
                message = f"the suppression {suppression.name} holds back all that this rule finds"
                yield Doubt(("rules", position), message)


def _holds_back(match: Mapping[str, Any], rule: OwnRule) -> bool:
    """Whether a suppression surely matches whatever the rule does: each of its conditions is met by the
    values that the rule itself asks for. What can not be told is taken not to be so.
    """
    asked = dict(conditions_in(rule.match))
    if any("$or" in path.split(".") for path in asked):
        return False
    asked["finding.rule"] = [rule.name]
    if rule.category is not None:
        asked["finding.category"] = [rule.category]
    return all(_met(path, wanted, asked.get(path)) for path, wanted in conditions_in(match))


def _met(path: str, wanted: object, asked: object) -> bool:
    if path.endswith("$or") or not isinstance(asked, list):
        return False
    matches = compile_pattern({"value": wanted})
    return all(not isinstance(value, Mapping) and matches({"value": value}) for value in asked)


def _destinations(config: Config) -> Iterator[Doubt]:
    routed = {name for route in config.routes or () for name in route.to}
    for name, destination in config.destinations.items():
        if destination.slack is not None and (warning := secret_name_warning(destination.slack)) is not None:
            yield Doubt(("destinations", name, "slack"), warning)
        if config.routes is not None and name not in routed:
            message = "no route names this destination, so it hears of nothing"
            yield Doubt(("destinations", name), message, at_key=True)


def _severities(config: Config) -> Iterator[Doubt]:
    """Severities that are told to nobody, and routes for those that are never told."""
    minimum = config.defaults.minimum_severity
    lost = [each.value for each in Severity if each >= minimum and not _told(config, each)]
    if lost:
        advice = "add it to a route, or raise defaults.minimum_severity above it"
        message = (
            f"no route without a match takes {', '.join(lost)}, so such findings may reach nobody; {advice}"
        )
        yield Doubt(("routes",), message, at_key=True)
    for position, route in enumerate(config.routes or ()):
        for number, severity in enumerate(route.severity or ()):
            if severity < minimum:
                message = f"{severity.value} is below defaults.minimum_severity, so this route hears of none"
                yield Doubt(("routes", position, "severity", number), message)
