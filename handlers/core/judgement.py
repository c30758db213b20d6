"""Judge a record: which rules speak, how bad each finds it, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handlers.core.record import Record
from handlers.core.ruleset import Rule, Ruleset
from handlers.core.severity import Severity

FAILED_CALL_CEILING = Severity.MEDIUM
"""A call that failed changed nothing: one of them is never worse than this."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says about one record. The reasons are in order: what the operation
    means, then why this call is worse, the worst first.
    """

    rule: Rule
    severity: Severity
    reasons: tuple[str, ...]


def judge(record: Record, facts: Mapping[str, Any], ruleset: Ruleset) -> tuple[Finding, ...]:
    """One finding for each rule of the record's operation; empty when no rule knows it."""
    view = {**record.raw, "facts": facts}
    return tuple(_find(rule, view, failed=facts["failed"]) for rule in ruleset.rules_for(*_operation(record)))


def _operation(record: Record) -> tuple[str, str]:
    # By source and name, never by name alone: CreatePolicy is also an operation of IAM.
    return record.event_source, record.event_name


def _find(rule: Rule, view: Mapping[str, Any], *, failed: bool) -> Finding:
    raised = sorted(
        (escalation for escalation in rule.escalations if escalation.when(view)),
        key=lambda escalation: escalation.to,
        reverse=True,
    )
    severity = max([rule.severity, *(escalation.to for escalation in raised)])
    reasons = [rule.why, *(escalation.why for escalation in raised)]
    if failed:
        severity = min(severity, FAILED_CALL_CEILING)
        reasons.append("the call failed, so nothing was changed")
    return Finding(rule=rule, severity=severity, reasons=tuple(reasons))
