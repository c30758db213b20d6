"""Warnings: places of a sound config that work today and may surprise tomorrow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from handlers.core.operations import split_operation
from handlers.core.patterns import Field, compile_pattern, read_pattern
from handlers.core.severity import Severity
from rulebook.config.conditions import values_at
from rulebook.config.context import Context
from rulebook.config.delivery import Route
from rulebook.config.model import Config, Suppression
from rulebook.config.rules import CustomRule
from rulebook.faults import Place
from rulebook.secret_names import secret_name_warning
from rulebook.services import SERVICES
from rulebook.windowed_rules import kind_of

SOON = timedelta(days=14)
LONG = timedelta(days=366)


@dataclass(frozen=True)
class LintWarning:
    """Something that is worth a look, at its place in the file (at the key itself, if `at_key`)."""

    path: Place
    message: str
    at_key: bool = False


def lint_config(config: Config, context: Context, today: date | None) -> Iterator[LintWarning]:
    """Every warning of a config that has no faults; without `today`, suppressions are taken to hold."""
    yield from _watch(config, context)
    if today is not None:
        yield from _suppressions(config, today)
    yield from _shadowed(config, today or date.min)
    yield from _destinations(config)
    yield from _severities(config)
    yield from _unheard(config)
    yield from _of_no_operation(config, context)
    yield from _tuned_in_vain(config)
    yield from _deduped_in_vain(config)


def _deduped_in_vain(config: Config) -> Iterator[LintWarning]:
    """Archives hear of every alert at once, so where there are no others, dedup holds nothing back."""
    named = {name for route in config.routes for name in route.to}
    if config.defaults.dedup.model_fields_set and not any(config.destinations[name].dedup for name in named):
        message = "changes nothing: every destination that a route names is an archive"
        yield LintWarning(("defaults", "dedup"), message, at_key=True)


def _watch(config: Config, context: Context) -> Iterator[LintWarning]:
    for position, name in enumerate(config.watch.services or ()):
        if SERVICES[name].retired:
            yield LintWarning(
                ("watch", "services", position), "AWS retired this service; it sends nothing any more"
            )
    if config.watch.reads and config.defaults.reads != "off":
        severity = Severity(config.defaults.reads)
        always = config.audience_of(severity).always
        slack = [name for name in always if config.destinations[name].slack is not None]
        if slack:
            message = f"{', '.join(slack)} in Slack will hear of every call that reads: thousands a day"
            yield LintWarning(("watch", "reads"), message)
    yield from _without_effect(config, context)


def _without_effect(config: Config, context: Context) -> Iterator[LintWarning]:
    """What concerns services or calls that are not watched."""
    prefixes = {service.prefix for service in context.watched}
    for operation in config.operations:
        if split_operation(operation)[0] not in prefixes:
            message = f"{_why_silent(operation)}, so this changes nothing"
            yield LintWarning(("operations", operation), message, at_key=True)
    for position, each in enumerate(config.known_automation):
        for number, operation in enumerate(each.operations or ()):
            if split_operation(operation)[0] not in prefixes:
                place: Place = ("known_automation", position, "operations", number)
                yield LintWarning(place, f"{_why_silent(operation)}, so this changes nothing")
    if "reads" in config.defaults.model_fields_set and not config.watch.reads:
        yield LintWarning(("defaults", "reads"), "watch.reads is false, so this changes nothing", at_key=True)


def _why_silent(operation: str) -> str:
    service = SERVICES[split_operation(operation)[0]]
    return "AWS retired this service" if service.retired else "watch.services leaves this service out"


def _suppressions(config: Config, today: date) -> Iterator[LintWarning]:
    for position, each in enumerate(config.suppressions):
        place: Place = ("suppressions", position, "until")
        if each.until < today:
            yield LintWarning(
                place, f"{each.name} ended on {each.until}, so it suppresses nothing; delete or renew it"
            )
        elif each.until - today <= SOON:
            days = (each.until - today).days
            left = {0: "today", 1: "tomorrow"}.get(days, f"in {days} days, on {each.until}")
            yield LintWarning(place, f"{each.name} ends {left}; then its findings are told again")
        elif each.until - today > LONG:
            yield LintWarning(
                place, f"{each.name} holds for more than a year; end it sooner and look at it again"
            )


def _unheard(config: Config) -> Iterator[LintWarning]:
    """Custom rules that are never bad enough to be told, and routes whose match excludes their severities."""
    minimum = config.defaults.minimum_severity
    for position, rule in enumerate(config.rules):
        if max([rule.severity, *(each.to for each in rule.escalate)]) < minimum:
            message = f"is below defaults.minimum_severity, {minimum.value}, so {rule.name} is told to nobody"
            yield LintWarning(("rules", position, "severity"), message)
    for position, route in enumerate(config.routes):
        fields = {each.path: each.values for each in _plain_fields(route.match) or ()}
        asked = fields.get(("finding", "severity"))
        if asked is None:
            continue
        matches = compile_pattern({"value": asked})
        if not any(matches({"value": severity.value}) for severity in route.severity):
            message = "asks for other severities than the route takes, so this route hears of none"
            yield LintWarning(("routes", position, "match"), message)


def _of_no_operation(config: Config, context: Context) -> Iterator[LintWarning]:
    """Conditions on the name of an operation that none of those that we know meets."""
    sections: tuple[tuple[str, Sequence[CustomRule | Suppression | Route]], ...] = (
        ("rules", config.rules),
        ("suppressions", config.suppressions),
        ("routes", config.routes),
    )
    known = frozenset[str]().union(*(context.operations[service.prefix] for service in context.watched))
    for section, items in sections:
        for position, item in enumerate(items):
            for place, pattern in item.patterns:
                names = values_at(read_pattern(pattern), "eventName")
                matches = compile_pattern({"eventName": names}) if names is not None else None
                if matches is not None and not any(matches({"eventName": name}) for name in known):
                    message = "matches no operation that this release knows; is it spelled as AWS does?"
                    yield LintWarning((section, position, *place, "eventName"), message)


def _shadowed(config: Config, today: date) -> Iterator[LintWarning]:
    for position, rule in enumerate(config.rules):
        for suppression in config.suppressions:
            if suppression.until >= today and _covers(suppression.match, rule):
                message = f"the suppression {suppression.name} suppresses all that this rule finds"
                yield LintWarning(("rules", position), message)


def _covers(match: Mapping[str, Any], rule: CustomRule) -> bool:
    """Whether a suppression matches all that a rule on single calls finds: each condition of the suppression
    is met by the values that the rule asks for. When unsure, False.
    """
    if rule.match is None or kind_of(rule) is not None:
        return False
    asked, wanted = _plain_fields(rule.match), _plain_fields(match)
    if asked is None or wanted is None:
        return False
    values = {each.path: each.values for each in asked}
    values[("finding", "rule")] = [rule.name]
    if rule.category is not None:
        values[("finding", "category")] = [rule.category]
    return all(_met(each.values, values.get(each.path)) for each in wanted)


def _plain_fields(pattern: Mapping[str, Any] | None) -> list[Field] | None:
    """The fields of a pattern without `$or`; None where it has one."""
    nodes = read_pattern(pattern) if pattern is not None else ()
    fields = [node for node in nodes if isinstance(node, Field)]
    return fields if len(fields) == len(nodes) else None


def _met(wanted: object, asked: object) -> bool:
    if not isinstance(asked, list):
        return False
    matches = compile_pattern({"value": wanted})
    return all(not isinstance(value, Mapping) and matches({"value": value}) for value in asked)


def _tuned_in_vain(config: Config) -> Iterator[LintWarning]:
    """Tuning of built-in rules that a rule of the config replaces."""
    replacing = {rule.name for rule in config.rules if kind_of(rule) is not None}
    for name in config.thresholds:
        if name in replacing:
            message = f"a rule of this config takes the place of {name}, so this changes nothing"
            yield LintWarning(("thresholds", name), message, at_key=True)


def _destinations(config: Config) -> Iterator[LintWarning]:
    routed = {*config.operators.to, *(name for route in config.routes for name in route.to)}
    for name, destination in config.destinations.items():
        if destination.slack is not None and (warning := secret_name_warning(destination.slack)) is not None:
            yield LintWarning(("destinations", name, "slack"), warning)
        if name not in routed:
            message = "no route names this destination, so it hears of nothing"
            yield LintWarning(("destinations", name), message, at_key=True)


def _severities(config: Config) -> Iterator[LintWarning]:
    """Severities that are told to nobody, and routes for those that are never told."""
    minimum = config.defaults.minimum_severity
    lost = [each.value for each in Severity if each >= minimum and not config.audience_of(each).always]
    if lost:
        advice = "add it to a route, or raise defaults.minimum_severity above it"
        message = (
            f"no route without a match takes {', '.join(lost)}, so such findings may reach nobody; {advice}"
        )
        yield LintWarning(("routes",), message, at_key=True)
    for position, route in enumerate(config.routes):
        written = route.severity if "severity" in route.model_fields_set else ()
        for number, severity in enumerate(written):
            if severity < minimum:
                message = f"{severity.value} is below defaults.minimum_severity, so this route hears of none"
                yield LintWarning(("routes", position, "severity", number), message)
