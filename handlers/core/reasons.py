"""Why a finding or a windowed alert is as bad as it is, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from handlers.core.automation import Automation
from handlers.core.entries import Entry
from handlers.core.judgement import Finding
from handlers.core.text import say_duration
from handlers.core.windowed_rules import WindowedRule


def explain_finding(finding: Finding, facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Each reason once, in order: the rules, the worst first; what the document allows; the circumstances,
    those that hold the severity down last; automation; expired suppressions.
    """
    return tuple(dict.fromkeys(_reasons(finding, facts)))


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
        yield _lowered_by(automation)
    for suppression in finding.expired:
        yield f"the suppression {suppression.name} ended on {suppression.until}, so this is told again"


def _lowered_by(automation: Automation) -> str:
    return f"it is routine work of {automation.name}, so it is lowered: {automation.reason}"
