"""Why a finding is as bad as it is, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from handlers.core.judgement import Finding


def explain_finding(finding: Finding, facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Each reason once, in order: the rules, the worst first; what the document allows; the circumstances,
    those that hold the severity down last; automation; expired suppressions.
    """
    return tuple(dict.fromkeys(_reasons(finding, facts)))


def document_risks(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """What a policy or a template in the call allows, statement by statement."""
    return tuple([why for fact in ("policy", "template") if fact in facts for why in facts[fact]["why"]])


def _reasons(finding: Finding, facts: Mapping[str, Any]) -> Iterator[str]:
    for verdict in finding.verdicts:
        yield verdict.rule.why
        for escalation in sorted(verdict.escalations, key=lambda each: each.to, reverse=True):
            yield escalation.why
    yield from document_risks(facts)
    for holds_down in (False, True):
        for circumstance in finding.circumstances:
            if (circumstance.at_most is not None) == holds_down:
                yield circumstance.why
    automation = finding.verdicts[0].automation
    # Not where a circumstance raised the severity again.
    if automation is not None and finding.severity <= automation.at_most:
        yield f"it is routine work of {automation.name}, so it is lowered: {automation.reason}"
    for suppression in finding.expired:
        yield f"the suppression {suppression.name} ended on {suppression.until}, so this is told again"
