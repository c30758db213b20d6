"""How Thingwatch judges one event, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cli.conditions import Condition, check_conditions
from cli.text import wrap
from handlers.core.alerts import build_alert, clean
from handlers.core.facts import derive_facts
from handlers.core.judgement import Finding, judge
from handlers.core.record import Record
from handlers.core.renderings.text import render_title
from handlers.core.ruleset import Circumstance, Escalation, Ruleset
from handlers.core.severity import say_bounds

_NAME_WIDTH = 25
_NOT_TOGETHER = "each condition holds, but not in one element of the list"


@dataclass(frozen=True)
class Explanation:
    """One event judged. `finding` is the worst; None where Thingwatch says nothing, and `silence` why."""

    record: Record
    operation: str
    facts: Mapping[str, Any]
    finding: Finding | None
    silence: str
    ruleset: Ruleset

    @property
    def view(self) -> Mapping[str, Any]:
        """What patterns are matched against."""
        return {**self.record.raw, "facts": self.facts}


def explain_event(record: Record, ruleset: Ruleset) -> Explanation:
    """Judge one record as `detect` would."""
    facts = derive_facts(record)
    findings = judge(record, facts, ruleset)
    return Explanation(
        record=record,
        operation=ruleset.operation(record.event_source, record.event_name),
        facts=facts,
        finding=max(findings, key=lambda found: found.severity, default=None),
        silence="" if findings else _silence(record, ruleset),
        ruleset=ruleset,
    )


def _silence(record: Record, ruleset: Ruleset) -> str:
    if record.event_source not in ruleset.event_sources:
        return f"{clean(record.event_source)} is not a service that Thingwatch judges"
    if (record.event_source, record.event_name) in ruleset.rules:
        return "the config switches this operation off"
    return "the operation only reads"


def event_data(explained: Explanation) -> dict[str, Any]:
    """A judged event as JSON types; `severity` and `rule` are null where there is no finding."""
    finding = explained.finding
    data: dict[str, Any] = {
        "operation": explained.operation,
        "severity": finding.severity.value if finding else None,
        "rule": finding.rule.name if finding else None,
        "reasons": list(finding.reasons) if finding else [explained.silence],
        "facts": explained.facts,
        "escalations": [],
        "circumstances": [],
        "destinations": [],
    }
    if finding:
        data["escalations"] = [
            {
                "when": each.pattern,
                "to": each.to.value,
                "why": each.why,
                "fired": each in finding.escalations,
                "conditions": _conditions(explained, each),
            }
            for each in finding.rule.escalations
        ]
        data["circumstances"] = [
            {"name": each.name, "why": each.why, "holds": each in finding.circumstances}
            for each in explained.ruleset.circumstances
        ]
        data["destinations"] = list(explained.ruleset.destinations_for(finding.severity))
    return data


def _conditions(explained: Explanation, judged: Escalation | Circumstance) -> list[dict[str, Any]]:
    return [
        {"path": each.path, "wanted": each.wanted, "found": list(each.found), "holds": each.holds}
        for each in check_conditions(judged.pattern, explained.view)
    ]


def render_event(explained: Explanation) -> str:
    """A judged event for people, step by step."""
    return "\n".join(_event_lines(explained)) + "\n"


def _event_lines(explained: Explanation) -> Iterator[str]:
    record, finding = explained.record, explained.finding
    if finding is None:
        yield f"No finding: {clean(explained.operation)}"
        yield from wrap(explained.silence, "  ")
    else:
        yield render_title(build_alert(record, explained.facts, finding))
    place = f"account {clean(record.account)}, {clean(record.region)}"
    yield f"{place}, {record.event_time:%Y-%m-%d %H:%M:%S} UTC"
    yield ""
    yield "Facts"
    for name, value in _leaves(explained.facts):
        yield from wrap(_fact(value), f"  {name:<{_NAME_WIDTH}} ")
    if finding is not None:
        yield from _finding_lines(explained, finding)


def _finding_lines(explained: Explanation, finding: Finding) -> Iterator[str]:
    yield ""
    yield f"Rule {finding.rule.name}"
    yield from wrap(finding.rule.why, f"  {finding.rule.severity.value:<14} ")
    for each in finding.rule.escalations:
        yield from _step(explained, each, fired=each in finding.escalations)
    if finding.details:
        yield ""
        yield "What the document allows"
        for detail in finding.details:
            yield from wrap(detail, "  - ")
    yield ""
    yield "Circumstances of any operation"
    for found in explained.ruleset.circumstances:
        if found in finding.circumstances:
            bounds = say_bounds(found.at_least, found.at_most)
            yield from wrap(f"{bounds}: {found.why}", f"  + {found.name:<{_NAME_WIDTH}} ")
        else:
            failed = _failed(explained, found)
            reason = failed[0].describe() if failed else _NOT_TOGETHER
            yield from wrap(reason, f"  - {found.name:<{_NAME_WIDTH}} ")
    yield ""
    yield f"Severity {finding.severity.value}"
    names = explained.ruleset.destinations_for(finding.severity)
    yield f"Told to  {', '.join(names) if names else 'nobody: it is below minimum_severity'}"


def _step(explained: Explanation, escalation: Escalation, *, fired: bool) -> Iterator[str]:
    yield from wrap(escalation.why, f"  {'+' if fired else '-'} to {escalation.to.value:<9} ")
    conditions = check_conditions(escalation.pattern, explained.view)
    shown = conditions if fired else _failed(explained, escalation)[:1]
    for condition in shown:
        yield from wrap(condition.describe(), " " * 17)
    if not shown:
        yield from wrap(_NOT_TOGETHER, " " * 17)


def _failed(explained: Explanation, judged: Escalation | Circumstance) -> tuple[Condition, ...]:
    conditions = check_conditions(judged.pattern, explained.view)
    return tuple(condition for condition in conditions if not condition.holds)


def _leaves(facts: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in facts.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _fact(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(map(_fact, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return clean(str(value))
