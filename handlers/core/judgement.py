"""Judge a record: verdicts of the rules, suppressions, routes, in this order (docs/adr/0013)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from handlers.core.automation import Automation, find_automation
from handlers.core.circumstances import Circumstance, move_severity
from handlers.core.facts import derive_facts
from handlers.core.operations import name_operation, service_of
from handlers.core.parameter_case import lower_parameters
from handlers.core.record import Record
from handlers.core.routes import add_finding
from handlers.core.ruleset import (
    Escalation,
    OperationRules,
    Rule,
    Ruleset,
    Suppression,
)
from handlers.core.severity import Severity


class Verdict(NamedTuple):
    """What one rule says of a record: the rule's severity, raised by the `escalations` that fired.

    The catalog's is then lowered by known automation and moved by circumstances; a custom rule's is what the
    operator wrote.
    """

    rule: Rule
    severity: Severity
    escalations: tuple[Escalation, ...]
    automation: Automation | None = None
    """The known automation that lowered it."""


class SuppressedVerdict(NamedTuple):
    """A verdict that nobody is told, and the suppression that matches it: of several the last to end."""

    verdict: Verdict
    suppression: Suppression


class Finding(NamedTuple):
    """The single result for a record, however many rules match, so that one call makes one alert."""

    verdicts: tuple[Verdict, ...]
    """Those that are not suppressed; the worst first, of equals custom rules first."""
    circumstances: tuple[Circumstance, ...]
    destinations: tuple[str, ...]
    suppressed: tuple[SuppressedVerdict, ...] = ()
    expired: tuple[Suppression, ...] = ()
    """Expired suppressions that would have matched."""
    is_suppressed: bool = False
    """True when every verdict is suppressed: then nobody is told, and `verdicts` has them all."""

    @property
    def rule(self) -> Rule:
        """The rule that decides."""
        return self.verdicts[0].rule

    @property
    def severity(self) -> Severity:
        """The severity of the worst verdict."""
        return self.verdicts[0].severity

    @property
    def attack(self) -> tuple[str, ...]:
        """MITRE ATT&CK ids of the rules and of the circumstances, each once."""
        judged: list[Rule | Circumstance] = [each.rule for each in self.verdicts]
        judged.extend(self.circumstances)
        return tuple(dict.fromkeys(technique for each in judged for technique in each.attack))


class Judged(NamedTuple):
    """A record with what the ruleset makes of it."""

    record: Record
    operation: str
    """Its name, such as `iot:UpdateCertificate`."""
    facts: Mapping[str, Any]
    """The facts that the ruleset looks at for this operation; `derive_facts` tells all."""
    finding: Finding | None
    """None if the service is not watched, the record is none of the control plane (data, network activity and
    insight events), or the operation is off or a read and no custom rule matches.
    """
    view: Mapping[str, Any] = {}
    """What patterns look at: the record with these facts. Empty where nothing looks at it."""


def judge_event(record: Record, ruleset: Ruleset) -> Judged:
    """Derive the facts of a record and judge it."""
    operation = name_operation(record.event_source, record.event_name)
    if service_of(record.event_source) not in ruleset.services or not record.is_management:
        return Judged(record, operation, {}, None)
    rules = ruleset.rules_for(operation)
    if rules.base_rule.off and not rules.custom_rules and not rules.windowed_rules:
        return Judged(record, operation, {}, None)
    facts = derive_facts(record, ruleset.allow_lists, needed=rules.facts)
    view = {**(lower_parameters(record.raw) if rules.two_cases else record.raw), "facts": facts}
    finding = _find(record, operation, view, rules, ruleset)
    return Judged(record, operation, facts, finding, view)


def _find(
    record: Record, operation: str, view: Mapping[str, Any], rules: OperationRules, ruleset: Ruleset
) -> Finding | None:
    circumstances = () if rules.base_rule.off else ruleset.circumstance_index.find(view)
    verdicts = _give_verdicts(operation, view, rules, ruleset, circumstances)
    if not verdicts:
        return None
    if len(verdicts) > 1:
        verdicts.sort(key=_rank, reverse=True)
    if not ruleset.suppressions:
        return Finding(tuple(verdicts), circumstances, _route(verdicts, view, ruleset))
    left, suppressed, expired = _suppress(verdicts, view, record.event_time.date(), ruleset.suppressions)
    return Finding(
        verdicts=tuple(left or verdicts),
        circumstances=circumstances,
        destinations=_route(left, view, ruleset) if left else (),
        suppressed=suppressed,
        expired=expired if left else (),
        is_suppressed=not left,
    )


def _rank(verdict: Verdict) -> int:
    return verdict.severity.rank


def with_finding(view: Mapping[str, Any], verdicts: Sequence[Verdict]) -> Mapping[str, Any]:
    """What suppressions and routes match on: the record with its facts, and the finding.

    The worst verdict comes first.
    """
    worst = verdicts[0]
    return add_finding(
        view,
        rules=[each.rule.name for each in verdicts],
        category=worst.rule.category,
        severity=worst.severity,
    )


def _give_verdicts(
    operation: str,
    view: Mapping[str, Any],
    rules: OperationRules,
    ruleset: Ruleset,
    circumstances: tuple[Circumstance, ...],
) -> list[Verdict]:
    """The verdict of each rule that matches, in config's order, the catalog's last."""
    verdicts = [
        Verdict(rule, *_escalate(rule, view)) for match, rule in rules.custom_rules if match.matches(view)
    ]
    rule = rules.base_rule
    if not rule.off:
        severity, escalations = _escalate(rule, view)
        automation = None
        if ruleset.automation:
            automation = find_automation(severity, operation, view, ruleset.automation)
        if automation is not None:
            severity = automation.at_most
        if circumstances:
            severity = move_severity(severity, circumstances)
        verdicts.append(Verdict(rule, severity, escalations, automation))
    return verdicts


def _escalate(rule: Rule, view: Mapping[str, Any]) -> tuple[Severity, tuple[Escalation, ...]]:
    """The rule's severity, raised by the escalations that fire, and these."""
    severity = rule.severity
    if not rule.escalations:
        return severity, ()
    fired = tuple([each for each in rule.escalations if each.when.matches(view)])
    for escalation in fired:
        if escalation.to.rank > severity.rank:
            severity = escalation.to
    return severity, fired


def _suppress(
    verdicts: Sequence[Verdict], view: Mapping[str, Any], day: date, suppressions: tuple[Suppression, ...]
) -> tuple[list[Verdict], tuple[SuppressedVerdict, ...], tuple[Suppression, ...]]:
    """The verdicts that are left on the day of the record, those that are suppressed, and the expired
    suppressions that match.

    The record's own time decides, so that a late or repeated event is judged as it would have been.
    """
    left: list[Verdict] = []
    suppressed: list[SuppressedVerdict] = []
    expired: dict[str, Suppression] = {}
    for verdict in verdicts:
        seen = with_finding(view, [verdict])
        matching = [each for each in suppressions if each.match.matches(seen)]
        active = [each for each in matching if day <= each.until]
        if active:
            suppressed.append(SuppressedVerdict(verdict, max(active, key=lambda each: each.until)))
        else:
            left.append(verdict)
            expired.update({each.name: each for each in matching})
    return left, tuple(suppressed), tuple(expired.values())


def _route(verdicts: Sequence[Verdict], view: Mapping[str, Any], ruleset: Ruleset) -> tuple[str, ...]:
    """Who is told."""
    audience = ruleset.audience_of(verdicts[0].severity)
    return audience.destinations_for(with_finding(view, verdicts)) if audience.matched else audience.always
