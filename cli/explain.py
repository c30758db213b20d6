"""How Thingwatch judges one event, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cli.conditions import check_conditions
from cli.text import wrap
from handlers.core.alerts import build_alert, clean
from handlers.core.facts import derive_facts
from handlers.core.judgement import Finding, judge, with_finding
from handlers.core.record import Record
from handlers.core.renderings.text import render_title
from handlers.core.ruleset import Condition as Pattern
from handlers.core.ruleset import Escalation, Ruleset
from handlers.core.severity import say_bounds
from rulebook.services import SERVICES

_NAME_WIDTH = 25
_MOST_MISSES = 10
_NOT_TOGETHER = "each condition holds, but not in one element of the list"


@dataclass(frozen=True)
class Explanation:
    """One event judged. `finding` is None where Thingwatch says nothing, and `silence` why."""

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
    facts = derive_facts(record, ruleset.own)
    finding = judge(record, facts, ruleset)
    return Explanation(
        record=record,
        operation=ruleset.name_of((record.event_source, record.event_name)),
        facts=facts,
        finding=finding,
        silence=_silence(record, ruleset) if finding is None else "",
        ruleset=ruleset,
    )


def _silence(record: Record, ruleset: Ruleset) -> str:
    if record.event_source not in ruleset.event_sources:
        for service in SERVICES.values():
            if record.event_source in service.event_sources:
                return f"watch.services in the config leaves {service.prefix} out"
        return f"{clean(record.event_source)} is not a service that Thingwatch judges"
    built_in = ruleset.built_in_rule((record.event_source, record.event_name))
    if built_in is ruleset.reads:
        return "the operation only reads"
    if built_in is ruleset.uncatalogued:
        return "the catalog does not know the operation, and the config switches such operations off"
    return "the config switches this operation off"


def event_data(explained: Explanation) -> dict[str, Any]:
    """A judged event as JSON types; `severity` and `rule` are null where there is no finding."""
    finding = explained.finding
    data: dict[str, Any] = {
        "operation": explained.operation,
        "severity": finding.severity.value if finding else None,
        "rule": finding.rule.name if finding else None,
        "rules": [each.rule.name for each in finding.verdicts] if finding else [],
        "reasons": list(finding.reasons) if finding else [explained.silence],
        "facts": explained.facts,
        "escalations": [],
        "circumstances": [],
        "automation": finding.automation.name if finding and finding.automation else None,
        "held_back": [
            {
                "rule": verdict.rule.name,
                "suppression": suppression.name,
                "until": suppression.until.isoformat(),
            }
            for verdict, suppression in (finding.held if finding else ())
        ],
        "destinations": list(finding.destinations) if finding else [],
    }
    if finding:
        data["escalations"] = [
            {
                "rule": verdict.rule.name,
                "when": each.when.pattern,
                "to": each.to.value,
                "why": each.why,
                "fired": each in verdict.escalations,
                "conditions": _conditions(explained, each.when),
            }
            for verdict in finding.verdicts
            for each in verdict.rule.escalations
        ]
        data["circumstances"] = [
            {"name": each.name, "why": each.why, "holds": each in finding.circumstances}
            for each in explained.ruleset.circumstances
        ]
    return data


def _conditions(explained: Explanation, when: Pattern) -> list[dict[str, Any]]:
    return [
        {"path": each.path, "wanted": each.wanted, "found": list(each.found), "holds": each.holds}
        for each in check_conditions(when.pattern, explained.view)
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
        yield render_title(build_alert(record, explained.facts, finding, explained.ruleset))
    place = f"account {clean(record.account)}, {clean(record.region)}"
    yield f"{place}, {record.event_time:%Y-%m-%d %H:%M:%S} UTC"
    yield ""
    yield "Facts"
    for name, value in _leaves(explained.facts):
        yield from wrap(_fact(value), f"  {name:<{_NAME_WIDTH}} ")
    if finding is None:
        yield from _near_misses(explained)
    else:
        yield from _finding_lines(explained, finding)


def _finding_lines(explained: Explanation, finding: Finding) -> Iterator[str]:
    for verdict in finding.verdicts:
        yield ""
        yield f"Rule {verdict.rule.name}"
        yield from wrap(verdict.rule.why, f"  {verdict.rule.severity.value:<14} ")
        for each in verdict.rule.escalations:
            yield from _step(explained, each, fired=each in verdict.escalations)
    if finding.automation is not None:
        lowered = finding.automation
        yield from wrap(lowered.reason, f"  at most {lowered.at_most.value:<6} routine of {lowered.name}: ")
    if finding.details:
        yield ""
        yield "What the document allows"
        for detail in finding.details:
            yield from wrap(detail, "  - ")
    if not finding.built_in.off:
        yield ""
        yield "Circumstances of any operation"
        yield from _circumstance_lines(explained, finding)
    yield from _near_misses(explained)
    yield ""
    yield f"Severity {finding.severity.value}"
    yield from wrap(_audience(finding, explained.ruleset), "Told to  ")
    for verdict, held in finding.held:
        why = f"{held.name} ({held.reason}) holds back {verdict.rule.name} through {held.until}"
        yield from wrap(why, " " * 9)
    for ended in finding.ended:
        yield f"         the suppression {ended.name} ended on {ended.until}"


def _near_misses(explained: Explanation) -> Iterator[str]:
    """The operator's own rules and suppressions that might have spoken and did not, and what failed first."""
    finding, record, view = explained.finding, explained.record, explained.view
    spoken: set[str] = set()
    if finding is not None:
        verdicts = [*finding.verdicts, *(verdict for verdict, _ in finding.held)]
        spoken = {each.rule.name for each in verdicts}
    rules = explained.ruleset.own_rules_for((record.event_source, record.event_name))
    silent = [(each.name, each.match) for each in rules if each.match and each.name not in spoken]
    yield from _miss_lines("Rules of your own that do not speak", silent, view)
    if finding is not None:
        names = [each.rule.name for each in finding.verdicts]
        seen = with_finding(view, names, finding.category, finding.severity)
        holding = {each.name for each in (*finding.ended, *(held for _, held in finding.held))}
        suppressions = explained.ruleset.suppressions
        missed = [(each.name, each.match) for each in suppressions if each.name not in holding]
        yield from _miss_lines("Suppressions that do not hold it back", missed, seen)


def _miss_lines(heading: str, missed: list[tuple[str, Pattern]], view: Mapping[str, Any]) -> Iterator[str]:
    if missed:
        yield ""
        yield heading
    for name, pattern in missed[:_MOST_MISSES]:
        yield from wrap(_why_not(pattern, view), f"  - {name:<{_NAME_WIDTH}} ")
    if len(missed) > _MOST_MISSES:
        yield f"  … and {len(missed) - _MOST_MISSES} more"


def _circumstance_lines(explained: Explanation, finding: Finding) -> Iterator[str]:
    for found in explained.ruleset.circumstances:
        if found in finding.circumstances:
            bounds = say_bounds(found.at_least, found.at_most)
            yield from wrap(f"{bounds}: {found.why}", f"  + {found.name:<{_NAME_WIDTH}} ")
        else:
            yield from wrap(_why_not(found.when, explained.view), f"  - {found.name:<{_NAME_WIDTH}} ")


def _why_not(pattern: Pattern, view: Mapping[str, Any]) -> str:
    """What failed first of a pattern that does not match."""
    failed = (each for each in check_conditions(pattern.pattern, view) if not each.holds)
    first = next(failed, None)
    return _NOT_TOGETHER if first is None else first.describe()


def _audience(finding: Finding, ruleset: Ruleset) -> str:
    if finding.is_held_back:
        return "nobody: suppressions hold it back"
    if finding.severity < ruleset.minimum_severity:
        return "nobody: it is below minimum_severity"
    return ", ".join(finding.destinations) or "nobody: no route takes it"


def _step(explained: Explanation, escalation: Escalation, *, fired: bool) -> Iterator[str]:
    yield from wrap(escalation.why, f"  {'+' if fired else '-'} to {escalation.to.value:<9} ")
    if fired:
        for condition in check_conditions(escalation.when.pattern, explained.view):
            yield from wrap(condition.describe(), " " * 17)
    else:
        yield from wrap(_why_not(escalation.when, explained.view), " " * 17)


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
