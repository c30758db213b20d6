"""The compiled ruleset: every rule, destination and route, as the Lambda functions load it.

`rulebook` writes it as JSON at synth; here it is read back and its patterns are compiled once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from handlers.core.operations import is_read
from handlers.core.patterns import Predicate, compile_pattern
from handlers.core.severity import Severity
from handlers.core.spelling import either_spelling


@dataclass(frozen=True, slots=True)
class Escalation:
    """Raise a rule's severity to `to` when the record and its facts match `pattern`.

    `matches` is the pattern, compiled for parameters in either spelling.
    """

    pattern: Mapping[str, Any]
    matches: Predicate
    to: Severity
    why: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A named judgement on one operation."""

    name: str
    category: str
    severity: Severity
    subject: str | None
    """Dotted path to the name of the touched resource; None when the call names none."""
    shown: tuple[str, ...]
    """Dotted paths of the values that people may see. Nothing else of a record is shown."""
    why: str
    escalations: tuple[Escalation, ...]
    runbook: tuple[str, ...]
    attack: tuple[str, ...]
    """MITRE ATT&CK technique ids."""


@dataclass(frozen=True, slots=True)
class Circumstance:
    """A judgement on any operation: where it matches, severity is at least and at most these."""

    name: str
    pattern: Mapping[str, Any]
    matches: Predicate
    at_least: Severity | None
    at_most: Severity | None
    why: str
    attack: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Destination:
    """A configured place that alerts go to. `secret` names a Slack webhook, never holds it."""

    name: str
    kind: Literal["slack", "sns"]
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """Alerts of these severities go to these destinations."""

    severities: frozenset[Severity]
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Everything that config and catalog decide. Rules are found by (eventSource, eventName),
    so a record costs the same whatever the number of rules.
    """

    rules: Mapping[tuple[str, str], tuple[Rule, ...]]
    """The rules of each operation; none for one that the operator switched off."""
    event_sources: Mapping[str, str]
    """The services that are judged: their eventSource, and the prefix of `prefix:Operation`."""
    circumstances: tuple[Circumstance, ...]
    uncatalogued: Rule
    """What is said of an operation that writes and has no rule."""
    minimum_severity: Severity
    destinations: Mapping[str, Destination]
    routes: tuple[Route, ...]
    slack_test_host: str | None = None

    def rules_for(self, event_source: str, event_name: str) -> tuple[Rule, ...]:
        """The rules that judge this operation; none for reads, what is off, and other services."""
        rules = self.rules.get((event_source, event_name))
        if rules is not None:
            return rules
        if event_source not in self.event_sources or is_read(event_name):
            return ()
        return (self.uncatalogued,)

    def operation(self, event_source: str, event_name: str) -> str:
        """The operation as people write it, `iot:UpdateCertificate`."""
        prefix = self.event_sources.get(event_source, event_source.partition(".")[0])
        return f"{prefix}:{event_name}"

    def destinations_for(self, severity: Severity) -> tuple[str, ...]:
        """Names of the destinations that hear of this severity, each once, in config's order."""
        if severity < self.minimum_severity:
            return ()
        wanted = {name for route in self.routes if severity in route.severities for name in route.to}
        return tuple(name for name in self.destinations if name in wanted)


def load_ruleset(data: Mapping[str, Any]) -> Ruleset:
    """Build the ruleset from its JSON form.

    Raises `PatternError`, `KeyError` or `ValueError` on a file that our own compiler did not write.
    """
    rules: dict[tuple[str, str], list[Rule]] = {}
    for entry in data["off"]:
        for source in entry["event_sources"]:
            rules[source, entry["event_name"]] = []
    for entry in data["rules"]:
        rule = _rule(entry)
        for source in entry["event_sources"]:
            rules.setdefault((source, entry["event_name"]), []).append(rule)
    return Ruleset(
        rules={operation: tuple(found) for operation, found in rules.items()},
        event_sources=data["event_sources"],
        circumstances=tuple(map(_circumstance, data["circumstances"])),
        uncatalogued=_rule(data["uncatalogued"]),
        minimum_severity=Severity(data["minimum_severity"]),
        destinations={
            name: Destination(name=name, kind=entry["kind"], secret=entry.get("secret"))
            for name, entry in data["destinations"].items()
        },
        routes=tuple(
            Route(severities=frozenset(map(Severity, entry["severity"])), to=tuple(entry["to"]))
            for entry in data["routes"]
        ),
        slack_test_host=data.get("slack_test_host"),
    )


def _rule(entry: Mapping[str, Any]) -> Rule:
    return Rule(
        name=entry["name"],
        category=entry["category"],
        severity=Severity(entry["severity"]),
        subject=entry["subject"],
        shown=tuple(entry["shown"]),
        why=entry["why"],
        escalations=tuple(map(_escalation, entry["escalate"])),
        runbook=tuple(entry["runbook"]),
        attack=tuple(entry["attack"]),
    )


def _escalation(entry: Mapping[str, Any]) -> Escalation:
    when = entry["when"]
    return Escalation(
        pattern=when,
        matches=compile_pattern(either_spelling(when)),
        to=Severity(entry["to"]),
        why=entry["why"],
    )


def _circumstance(entry: Mapping[str, Any]) -> Circumstance:
    at_least, at_most = entry["at_least"], entry["at_most"]
    return Circumstance(
        name=entry["name"],
        pattern=entry["when"],
        matches=compile_pattern(either_spelling(entry["when"])),
        at_least=None if at_least is None else Severity(at_least),
        at_most=None if at_most is None else Severity(at_most),
        why=entry["why"],
        attack=tuple(entry["attack"]),
    )
