"""Judge a record: which rules speak, how bad it is and why, and who is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from handlers.core.record import Record
from handlers.core.ruleset import (
    Automation,
    Circumstance,
    Escalation,
    Operation,
    Rule,
    Ruleset,
    Suppression,
)
from handlers.core.severity import Severity
from handlers.core.spelling import small_record


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule says of a record: the rule's severity, raised by the `escalations` that fired.

    A built-in rule's is then lowered by known automation and moved by the circumstances; an own rule's is
    what the operator wrote.
    """

    rule: Rule
    severity: Severity
    escalations: tuple[Escalation, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is found of one record: one, however many rules speak, so that one call makes one alert."""

    verdicts: tuple[Verdict, ...]
    """Those that no suppression holds back, the worst first; of equals, the operator's own."""
    built_in: Rule
    """The catalog's rule, even one that is off: it knows what the operation is about."""
    category: str
    """The kind of resource or work that the call is about."""
    circumstances: tuple[Circumstance, ...]
    automation: Automation | None
    """The known automation whose routine work this is, where that lowered the catalog's verdict."""
    details: tuple[str, ...]
    """What the facts say about a document that the call carried, statement by statement."""
    held: tuple[tuple[Verdict, Suppression], ...]
    """The verdicts that suppressions hold back, each with the suppression."""
    is_held_back: bool
    """That is all of them: then `verdicts` has them too, and nobody is told."""
    ended: tuple[Suppression, ...]
    """Suppressions that would have held it back, had they not ended."""
    destinations: tuple[str, ...]
    """Who is told."""

    @property
    def rule(self) -> Rule:
        """The rule that decides."""
        return self.verdicts[0].rule

    @property
    def severity(self) -> Severity:
        """How bad the worst verdict is."""
        return self.verdicts[0].severity

    @property
    def reasons(self) -> tuple[str, ...]:
        """In order: what the worst rule and the others say; what the document allows; what makes any such
        call worse; what holds it down.
        """
        return tuple(dict.fromkeys(self._reasons()))

    @property
    def attack(self) -> tuple[str, ...]:
        """MITRE ATT&CK ids of the rules and of the circumstances, each once."""
        judged: list[Rule | Circumstance] = [each.rule for each in self.verdicts]
        judged.extend(self.circumstances)
        return tuple(dict.fromkeys(technique for each in judged for technique in each.attack))

    def _reasons(self) -> Iterator[str]:
        for verdict in self.verdicts:
            yield verdict.rule.why
            for escalation in sorted(verdict.escalations, key=lambda each: each.to, reverse=True):
                yield escalation.why
        yield from self.details
        for held_down in (False, True):
            for circumstance in self.circumstances:
                if (circumstance.at_most is not None) == held_down:
                    yield circumstance.why
        # Not where an own rule decides, or a circumstance raised it again.
        lowered = self.automation if self.rule.match is None else None
        if lowered is not None and self.severity <= lowered.at_most:
            yield f"it is routine work of {lowered.name}, so it is lowered: {lowered.reason}"
        for suppression in self.ended:
            yield f"the suppression {suppression.name} ended on {suppression.until}, so this is told again"


def judge(record: Record, facts: Mapping[str, Any], ruleset: Ruleset) -> Finding | None:
    """The finding of a record; None where no rule speaks: what only reads or is off, unless a rule of the
    operator's own matches, and services that are not watched.
    """
    if record.event_source not in ruleset.event_sources:
        return None
    operation = (record.event_source, record.event_name)
    built_in, own_rules = ruleset.built_in_rule(operation), ruleset.own_rules_for(operation)
    if built_in.off and not own_rules:
        return None
    view = {**small_record(record.raw), "facts": facts}
    verdicts = [
        _verdict(rule, view) for rule in own_rules if rule.match is not None and rule.match.matches(view)
    ]
    circumstances: tuple[Circumstance, ...] = ()
    automation = None
    if not built_in.off:
        circumstances = tuple([each for each in ruleset.circumstances if each.when.matches(view)])
        plain = _verdict(built_in, view)
        automation = _automation(plain, operation, view, ruleset)
        severity = plain.severity if automation is None else automation.at_most
        verdicts.append(Verdict(built_in, _moved(severity, circumstances), plain.escalations))
    if not verdicts:
        return None
    held, ended = _hold_back(verdicts, built_in, view, record, ruleset)
    kept_back = [verdict for verdict, _ in held]
    left = [each for each in verdicts if each not in kept_back] if held else verdicts
    told = left or verdicts
    told.sort(key=lambda each: -each.severity.rank)
    category = _category(told[0].rule, built_in)
    seen = with_finding(view, [each.rule.name for each in told], category, told[0].severity)
    return Finding(
        verdicts=tuple(told),
        built_in=built_in,
        category=category,
        circumstances=circumstances,
        automation=automation,
        details=_details(facts),
        held=held,
        is_held_back=not left,
        ended=ended if left else (),
        destinations=() if not left else ruleset.destinations_for(told[0].severity, seen),
    )


def _hold_back(
    verdicts: list[Verdict], built_in: Rule, view: Mapping[str, Any], record: Record, ruleset: Ruleset
) -> tuple[tuple[tuple[Verdict, Suppression], ...], tuple[Suppression, ...]]:
    """The verdicts that suppressions hold back, each with the one that does so longest; and the suppressions
    that would but have ended.
    """
    if not ruleset.suppressions:
        return (), ()
    # The record's own time decides, so that a late or repeated event is judged as it would have been.
    day = record.event_time.date()
    held: list[tuple[Verdict, Suppression]] = []
    ended: dict[str, Suppression] = {}
    for verdict in verdicts:
        name, category = verdict.rule.name, _category(verdict.rule, built_in)
        seen = with_finding(view, [name], category, verdict.severity)
        matching = [each for each in ruleset.suppressions if each.match.matches(seen)]
        active = [each for each in matching if day <= each.until]
        if active:
            held.append((verdict, max(active, key=lambda each: each.until)))
        else:
            ended.update({each.name: each for each in matching})
    return tuple(held), tuple(ended.values())


def _category(rule: Rule, built_in: Rule) -> str:
    return rule.category or str(built_in.category)


def with_finding(
    view: Mapping[str, Any], rules: list[str], category: str, severity: Severity
) -> Mapping[str, Any]:
    """What suppressions and routes see: the record with its facts, and the finding."""
    return {**view, "finding": {"rule": rules, "category": category, "severity": severity.value}}


def _verdict(rule: Rule, view: Mapping[str, Any]) -> Verdict:
    severity = rule.severity
    escalations = tuple([each for each in rule.escalations if each.when.matches(view)])
    for escalation in escalations:
        if escalation.to.rank > severity.rank:
            severity = escalation.to
    return Verdict(rule, severity, escalations)


def _automation(
    plain: Verdict, operation: Operation, view: Mapping[str, Any], ruleset: Ruleset
) -> Automation | None:
    """The known automation that lowers a verdict the most. What is critical is nobody's routine."""
    if plain.severity is Severity.CRITICAL:
        return None
    lowering = [
        each
        for each in ruleset.automation
        if each.at_most.rank < plain.severity.rank
        and (each.operations is None or operation in each.operations)
        and each.when.matches(view)
    ]
    return min(lowering, key=lambda each: each.at_most, default=None)


def _moved(severity: Severity, circumstances: tuple[Circumstance, ...]) -> Severity:
    for each in circumstances:
        if each.at_least is not None and each.at_least.rank > severity.rank:
            severity = each.at_least
    for each in circumstances:
        if each.at_most is not None and each.at_most.rank < severity.rank:
            severity = each.at_most
    return severity


def _details(facts: Mapping[str, Any]) -> tuple[str, ...]:
    if "policy" not in facts and "template" not in facts:
        return ()
    return tuple([why for fact in ("policy", "template") if fact in facts for why in facts[fact]["why"]])
