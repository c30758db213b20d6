"""Why a finding or a windowed alert is as bad as it is, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from handlers.core.automation import Automation
from handlers.core.entries import Entry
from handlers.core.judgement import Finding, Verdict
from handlers.core.ruleset import Escalation
from handlers.core.text import say_duration
from handlers.core.windowed_rules import WindowedRule


def explain_finding(finding: Finding, *, failed: bool) -> tuple[str, ...]:
    """Each reason once, in order: what decided the severity; that the call failed; the rules, the worst
    first; the circumstances; automation; expired suppressions.

    What the catalog says that a call does, a failed call did not do.
    """
    return tuple(dict.fromkeys(_reasons(finding, failed=failed)))


def explain_entry(entry: Entry) -> tuple[str, ...]:
    """The rule's reason, that of each circumstance that raised its severity, and automation."""
    reasons = [entry.rule.why, *(each.why for each in entry.circumstances)]
    if entry.automation is not None and entry.severity <= entry.automation.at_most:
        reasons.append(_lowered_by(entry.automation))
    return tuple(dict.fromkeys(reasons))


def describe_window(rule: WindowedRule, steps: Sequence[str] = ()) -> str:
    """What a rule over time finds: `at least 10 calls within 5 minutes`; of a sequence `steps`, or all.

    The number is the rule's own, for a window remembers no more calls than it needs.
    """
    threshold = rule.threshold
    if threshold is None:
        return "seen for the first time"
    if threshold.kind == "temporal":
        found = ", ".join(steps or rule.steps)
    elif threshold.kind == "value_count":
        *above, last = (threshold.of or "").split(".")
        values = last if "touches" in above else f"{last} values"
        found = f"at least {threshold.at_least:,} different {values}"
    else:
        found = f"at least {threshold.at_least:,} calls"
    return f"{found} within {say_duration(timedelta(seconds=threshold.within))}"


def document_risks(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """What a policy or a template in the call allows or fails to deny, statement by statement."""
    return tuple([why for fact in ("policy", "template") if fact in facts for why in facts[fact]["why"]])


def _reasons(finding: Finding, *, failed: bool) -> Iterator[str]:
    yield from _deciding(finding, failed=failed)
    for circumstance in finding.circumstances:
        if circumstance.at_most is not None:
            yield circumstance.why
    for verdict in finding.verdicts:
        yield _say(verdict.rule.why, verdict, failed=failed)
        for escalation in _worst_first(verdict.escalations):
            yield _say(escalation.why, verdict, failed=failed)
    for circumstance in finding.circumstances:
        yield circumstance.why
    automation = finding.verdicts[0].automation
    # Not where a circumstance raised the severity again.
    if automation is not None and finding.severity <= automation.at_most:
        yield _lowered_by(automation)
    for suppression in finding.expired:
        yield f"the suppression {suppression.name} ended on {suppression.until}, so this is told again"


def deciding_escalation(verdict: Verdict) -> Escalation | None:
    """The escalation that made the verdict's severity; None where something else did."""
    fired = (each for each in verdict.escalations if each.to is verdict.severity)
    return next(fired, None)


def _say(why: str, verdict: Verdict, *, failed: bool) -> str:
    # A rule of the operator's, whose name has no colon, says what it says, also of calls that failed.
    return f"it would have meant: {why}" if failed and ":" in verdict.rule.name else why


def _deciding(finding: Finding, *, failed: bool) -> Iterator[str]:
    """What made the severity that people are told."""
    verdict, severity = finding.verdicts[0], finding.severity
    escalation = deciding_escalation(verdict)
    for circumstance in finding.circumstances:
        if circumstance.at_most is severity:
            yield circumstance.why
    if escalation is not None:
        yield _say(escalation.why, verdict, failed=failed)
    elif verdict.rule.severity is not severity:
        for circumstance in finding.circumstances:
            if circumstance.at_least is severity:
                yield circumstance.why


def _worst_first(escalations: Sequence[Escalation]) -> Sequence[Escalation]:
    return sorted(escalations, key=_rank, reverse=True) if len(escalations) > 1 else escalations


def _rank(escalation: Escalation) -> int:
    return escalation.to.rank


def _lowered_by(automation: Automation) -> str:
    return f"it is routine work of {automation.name}, so it is lowered: {automation.reason}"
