"""The compiled ruleset: every rule, destination and route, as the Lambda functions know it.

`rulebook` compiles it from catalog and config; `ruleset_file` reads it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

from handlers.core.operations import is_read
from handlers.core.ownership import Own
from handlers.core.patterns import Predicate
from handlers.core.severity import Severity

Operation = tuple[str, str]
"""eventSource and eventName; never the name alone, for CreatePolicy is also an operation of IAM."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A pattern, and the predicate that it was compiled to, over a record as `small_record` makes it."""

    pattern: Mapping[str, Any]
    matches: Predicate = field(compare=False)


@dataclass(frozen=True, slots=True)
class Escalation:
    """Raise a rule's severity to `to` when the record and its facts match."""

    when: Condition
    to: Severity
    why: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A named judgement: the catalog's on one operation, or the operator's own on what `match` says.

    What an own rule leaves open (`category`, `subject`, `shown`, `runbook`) is as the catalog has it.
    """

    name: str
    category: str | None
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
    match: Condition | None = None
    """Set in the operator's own rules alone."""
    off: bool = False
    """The operator does not want to hear of this operation."""


@dataclass(frozen=True, slots=True)
class Circumstance:
    """A judgement on any operation: where it matches, severity is at least and at most these."""

    name: str
    when: Condition
    at_least: Severity | None
    at_most: Severity | None
    why: str
    attack: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Automation:
    """Known automation: what the catalog finds of its routine work is at most this, unless it is critical.

    `operations` is None where everything that it does is routine.
    """

    name: str
    when: Condition
    operations: frozenset[Operation] | None
    at_most: Severity
    reason: str


@dataclass(frozen=True, slots=True)
class Suppression:
    """A standing exception: until the end of that day (UTC), findings that match are told to nobody."""

    name: str
    match: Condition
    reason: str
    until: date


@dataclass(frozen=True, slots=True)
class Destination:
    """A configured place that alerts go to. `secret` names a Slack webhook, never holds it; `topic` is
    the ARN of a topic that was there before, None where the stack makes one.
    """

    name: str
    kind: Literal["slack", "sns"]
    secret: str | None = None
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """Findings of these severities that match, if there is something to match, go to these destinations."""

    severities: frozenset[Severity]
    match: Condition | None
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Everything that config and catalog decide. Rules are found by operation, so that a record costs
    the same whatever the number of rules.
    """

    rules: Mapping[Operation, Rule]
    """The catalog's, with the operator's overrides."""
    own_rules: Mapping[Operation, tuple[Rule, ...]]
    """The operator's own that name their operations."""
    own_rules_of_any: tuple[Rule, ...]
    """The operator's own that do not."""
    event_sources: Mapping[str, str]
    """The services that are judged: their eventSource, and the prefix of `prefix:Operation`."""
    circumstances: tuple[Circumstance, ...]
    automation: tuple[Automation, ...]
    suppressions: tuple[Suppression, ...]
    uncatalogued: Rule
    """What is said of an operation that writes and has no rule."""
    reads: Rule
    """What is said of an operation that only reads and has no rule; off unless the config watches reads."""
    own: Own
    minimum_severity: Severity
    dedup_windows: Mapping[Severity, timedelta]
    destinations: Mapping[str, Destination]
    routes: tuple[Route, ...]
    account_names: Mapping[str, str]
    region_names: Mapping[str, str]
    slack_test_host: str | None = None

    def built_in_rule(self, operation: Operation) -> Rule:
        """The catalog's rule for the operation, or the one for what has none."""
        rule = self.rules.get(operation)
        if rule is not None:
            return rule
        return self.reads if is_read(operation[1]) else self.uncatalogued

    def own_rules_for(self, operation: Operation) -> tuple[Rule, ...]:
        """The operator's own rules that may match a record of this operation."""
        named = self.own_rules.get(operation)
        return self.own_rules_of_any if named is None else named + self.own_rules_of_any

    def name_of(self, operation: Operation) -> str:
        """The operation as people write it, `iot:UpdateCertificate`."""
        event_source, event_name = operation
        prefix = self.event_sources.get(event_source, event_source.partition(".")[0])
        return f"{prefix}:{event_name}"

    def destinations_for(self, severity: Severity, view: Mapping[str, Any]) -> tuple[str, ...]:
        """Names of the destinations that hear of such a finding, each once, in config's order.

        `view` is the record with its facts and the finding, which routes may match on.
        """
        if severity < self.minimum_severity:
            return ()
        wanted = {
            name
            for route in self.routes
            if severity in route.severities and (route.match is None or route.match.matches(view))
            for name in route.to
        }
        return tuple(name for name in self.destinations if name in wanted)
