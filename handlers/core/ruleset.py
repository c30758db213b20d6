"""The ruleset: every rule, destination and route that catalog and config decide, as plain data.

`rulebook` builds it at synth, `ruleset_file` writes and reads it, `judgement` applies it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from handlers.core.allow_lists import EMPTY, AllowLists
from handlers.core.automation import Automation
from handlers.core.circumstances import Circumstance, CircumstanceIndex
from handlers.core.dedup import OFF, Dedup
from handlers.core.destinations import Destination
from handlers.core.facts import ON_DEMAND
from handlers.core.operations import is_read, split_operation
from handlers.core.parameter_case import SECTIONS, lower_path
from handlers.core.patterns import Path, fields_of
from handlers.core.record_pattern import RecordPattern
from handlers.core.routes import Audience, Route, find_audience
from handlers.core.severity import Severity
from handlers.core.windowed_rules import WindowedRule


@dataclass(frozen=True, slots=True)
class Escalation:
    """Raises a rule's severity to `to` when the record and its facts match."""

    when: RecordPattern
    to: Severity
    why: str
    title: str | None = None
    """A better one than the rule's, where this decides."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A named judgement on one operation."""

    name: str
    category: str
    """The kind of resource or work that the operation is about."""
    severity: Severity
    subject: str | None
    """Dotted path to the name of the touched resource; None when the call names none."""
    why: str
    title: str = "{operation} called [on {subject}]"
    """What the call did, for a headline; see `templates`."""
    tried: str = "Tried to call {operation} [on {subject}]"
    """The title of a call that failed."""
    shown: tuple[str, ...] = ()
    """Dotted paths of the values that people may see. Nothing else of a record is shown."""
    escalations: tuple[Escalation, ...] = ()
    runbook: tuple[str, ...] = ()
    attack: tuple[str, ...] = ()
    """MITRE ATT&CK technique ids."""
    dedup: Dedup | None = None
    """None where the severity decides."""
    off: bool = False
    """The operator does not want to hear of this operation."""
    capitals: frozenset[str] | None = None
    """The parameters below which a name may begin with a capital, their own first letters lowered. None where
    that is not known.
    """
    docs: str | None = None
    """The page of AWS on the operation."""


@dataclass(frozen=True, slots=True)
class CustomRule:
    """A rule of the operator's, on every operation that `match` matches.

    What it leaves open (None or empty) is as the catalog's rule of the operation has it.
    """

    name: str
    match: RecordPattern
    severity: Severity
    why: str
    title: str | None = None
    escalations: tuple[Escalation, ...] = ()
    category: str | None = None
    subject: str | None = None
    shown: tuple[str, ...] = ()
    runbook: tuple[str, ...] = ()
    attack: tuple[str, ...] = ()
    dedup: Dedup | None = None

    def completed_by(self, base_rule: Rule) -> Rule:
        """This rule on the operation of `base_rule`, with nothing left open."""
        return Rule(
            name=self.name,
            category=self.category or base_rule.category,
            severity=self.severity,
            subject=self.subject or base_rule.subject,
            why=self.why,
            title=self.title or base_rule.title,
            tried=base_rule.tried,
            shown=self.shown or base_rule.shown,
            escalations=self.escalations,
            runbook=self.runbook or base_rule.runbook,
            attack=self.attack,
            dedup=self.dedup or base_rule.dedup,
            docs=base_rule.docs,
        )


@dataclass(frozen=True, slots=True)
class Suppression:
    """A standing exception: through the day `until` (UTC), nobody is told of findings that match."""

    name: str
    match: RecordPattern
    reason: str
    until: date


_IN_EVERY_ALERT = frozenset({"policy", "template"})
"""Facts that alerts tell whatever the rules look at: what a document in the call allows."""


@dataclass(frozen=True, slots=True)
class OperationRules:
    """The rules that may apply to one operation, all of them complete."""

    base_rule: Rule
    custom_rules: tuple[tuple[RecordPattern, Rule], ...]
    windowed_rules: tuple[tuple[WindowedRule, tuple[tuple[str, RecordPattern], ...]], ...]
    """Those that calls of the operation may enter, each with the steps that such a call may be."""
    facts: frozenset[str]
    """The facts of `ON_DEMAND` that a pattern looks at when this operation is judged, or that alerts tell."""
    windowed_facts: frozenset[str]
    """Those that the windowed rules look at beyond these."""
    two_cases: bool
    """Some pattern looks at parameters whose names may come in two cases."""


@dataclass(frozen=True)
class Ruleset:
    """Everything that config and catalog decide."""

    services: frozenset[str]
    """The prefixes of the services that are judged, such as `iot`."""
    catalog_rules: Mapping[str, Rule]
    """By operation, such as `iot:UpdateCertificate`; with the operator's overrides."""
    uncatalogued: Rule
    """For an operation that may write and that the catalog does not know."""
    reads: Rule
    """For an operation that only reads; off unless the config watches reads."""
    circumstances: tuple[Circumstance, ...]
    destinations: Mapping[str, Destination]
    routes: tuple[Route, ...]
    custom_rules: tuple[CustomRule, ...] = ()
    windowed_rules: tuple[WindowedRule, ...] = ()
    watches_reads: bool = False
    """Whether calls that only read enter windows."""
    automation: tuple[Automation, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    allow_lists: AllowLists = EMPTY
    minimum_severity: Severity = Severity.LOW
    dedup: Mapping[Severity, Dedup] = field(default_factory=dict)
    """By severity, where the rule says nothing; off for those that are not here."""
    account_names: Mapping[str, str] = field(default_factory=dict)
    region_names: Mapping[str, str] = field(default_factory=dict)
    operators: tuple[str, ...] = ()
    """The destinations that hear of our own alarms, beside the operators' topic."""
    enrich: bool = True
    """Whether `deliver` asks AWS IoT for what a call does not tell."""

    def rules_for(self, operation: str) -> OperationRules:
        """The rules that may apply to an operation of a service that is judged."""
        found = self._rules_of_catalogued.get(operation)
        if found is None:
            found = self._collect_rules(operation)
            if operation in self.catalog_rules:
                self._rules_of_catalogued[operation] = found
        return found

    def base_rule(self, operation: str) -> Rule:
        """The catalog's rule of an operation, or the one of operations that have none."""
        rule = self.catalog_rules.get(operation)
        if rule is not None:
            return rule
        return self.reads if is_read(split_operation(operation)[1]) else self.uncatalogued

    @cached_property
    def circumstance_index(self) -> CircumstanceIndex:
        """Finds the circumstances that hold."""
        return CircumstanceIndex(self.circumstances)

    def dedup_of(self, rule: Rule | WindowedRule, severity: Severity) -> Dedup:
        """How alerts of a rule are held back at a severity."""
        return rule.dedup or self.dedup.get(severity, OFF)

    def audience_of(self, severity: Severity) -> Audience:
        """Who hears of a severity."""
        return self._audiences[severity.rank]

    @cached_property
    def _audiences(self) -> tuple[Audience, ...]:
        # By rank, for the hash of an Enum is slow.
        return tuple(
            find_audience(
                severity, self.routes, minimum=self.minimum_severity, destinations=self.destinations
            )
            for severity in Severity
        )

    @cached_property
    def _rules_of_catalogued(self) -> dict[str, OperationRules]:
        return {}

    def _collect_rules(self, operation: str) -> OperationRules:
        base_rule, event_name = self.base_rule(operation), split_operation(operation)[1]
        custom_rules = tuple(
            (each.match, each.completed_by(base_rule))
            for each in self.custom_rules
            if each.match.may_match(event_name)
        )
        windowed_rules = self._windowed_rules_of(event_name)
        rules = [base_rule, *(rule for _, rule in custom_rules)]
        patterns = [
            *(match for match, _ in custom_rules),
            *(each.when for rule in rules for each in rule.escalations),
            *(each.when for each in self.circumstances),
            *(each.when for each in self.automation),
            *(each.match for each in self.suppressions),
            *(each.match for each in self.routes if each.match is not None),
        ]
        paths = _paths_of(patterns)
        windowed_paths = _paths_of(pattern for _, steps in windowed_rules for _, pattern in steps)
        windowed_paths |= {tuple(path.split(".")) for rule, _ in windowed_rules for path in rule.paths}
        facts = ON_DEMAND & (_IN_EVERY_ALERT | _facts_in(paths))
        return OperationRules(
            base_rule=base_rule,
            custom_rules=custom_rules,
            windowed_rules=windowed_rules,
            facts=facts,
            windowed_facts=(ON_DEMAND & _facts_in(windowed_paths)) - facts,
            two_cases=any(
                _has_two_cases(path, base_rule) for path in paths | windowed_paths if path[0] in SECTIONS
            ),
        )

    def _windowed_rules_of(
        self, event_name: str
    ) -> tuple[tuple[WindowedRule, tuple[tuple[str, RecordPattern], ...]], ...]:
        if is_read(event_name) and not self.watches_reads:
            return ()
        found = (
            (rule, tuple(step for step in rule.steps.items() if step[1].may_match(event_name)))
            for rule in self.windowed_rules
        )
        return tuple((rule, steps) for rule, steps in found if steps)


def _paths_of(patterns: Iterable[RecordPattern]) -> set[Path]:
    return {field.path for pattern in patterns for field in fields_of(pattern.nodes)}


def _facts_in(paths: Iterable[Path]) -> set[str]:
    return {path[1] for path in paths if path[0] == "facts" and len(path) > 1}


def _has_two_cases(path: Path, rule: Rule) -> bool:
    return rule.capitals is None or not rule.capitals.isdisjoint(lower_path(path)[1:2])
