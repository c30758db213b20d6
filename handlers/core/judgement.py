"""Judge a record: which rules speak, how bad each finds it, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from handlers.core.record import Record
from handlers.core.ruleset import Circumstance, Escalation, Rule, Ruleset
from handlers.core.severity import Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says about one record.

    `severity` is the rule's own, raised by the `escalations` that fired, then moved by the
    `circumstances` that hold: each `at_least` raises it, and `at_most` has the last word.
    """

    rule: Rule
    severity: Severity
    escalations: tuple[Escalation, ...]
    circumstances: tuple[Circumstance, ...]
    details: tuple[str, ...]
    """What the facts say about a document that the call carried, statement by statement."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """In order: what the operation means; why this call is worse, the worst first; what holds it down."""
        return tuple(dict.fromkeys(self._reasons()))

    @property
    def attack(self) -> tuple[str, ...]:
        """MITRE ATT&CK ids of the rule and of the circumstances, each once."""
        techniques = [*self.rule.attack]
        for circumstance in self.circumstances:
            techniques.extend(circumstance.attack)
        return tuple(dict.fromkeys(techniques))

    def _reasons(self) -> Iterator[str]:
        yield self.rule.why
        for escalation in sorted(self.escalations, key=lambda each: each.to, reverse=True):
            yield escalation.why
        yield from self.details
        for held_down in (False, True):
            for circumstance in self.circumstances:
                if (circumstance.at_most is not None) == held_down:
                    yield circumstance.why


def judge(record: Record, facts: Mapping[str, Any], ruleset: Ruleset) -> tuple[Finding, ...]:
    """One finding for each rule of the record's operation, or the one of uncatalogued operations.

    Empty for operations that only read or are switched off, and for services that are not watched.
    """
    # By source and name, never by name alone: CreatePolicy is also an operation of IAM.
    rules = ruleset.rules_for(record.event_source, record.event_name)
    if not rules:
        return ()
    view = {**record.raw, "facts": facts}
    circumstances = tuple([each for each in ruleset.circumstances if each.matches(view)])
    return tuple([_find(rule, view, circumstances) for rule in rules])


def _find(rule: Rule, view: Mapping[str, Any], circumstances: tuple[Circumstance, ...]) -> Finding:
    severity = rule.severity
    escalations = tuple([each for each in rule.escalations if each.matches(view)])
    for escalation in escalations:
        if escalation.to.rank > severity.rank:
            severity = escalation.to
    return Finding(rule, _moved(severity, circumstances), escalations, circumstances, _details(view["facts"]))


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
