"""How Thingwatch judges one event, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from cli.conditions import check_conditions, first_failure
from handlers.core.automation import Automation
from handlers.core.circumstances import Circumstance
from handlers.core.entries import Entry, StaysOut, look_at_windows
from handlers.core.facts import derive_facts
from handlers.core.judgement import Finding, Judged, Verdict, judge_event, with_finding
from handlers.core.operations import service_of
from handlers.core.reasons import document_risks, explain_finding
from handlers.core.record import Record
from handlers.core.ruleset import Escalation, Ruleset
from handlers.core.text import clean
from handlers.core.windowed_rules import CALLS, WindowedRule
from rulebook.services import SERVICES


@dataclass(frozen=True)
class NearMiss:
    """A custom rule that did not match, a suppression that did not suppress, or a rule over time that the
    record does not enter, and why.
    """

    kind: Literal["rule", "suppression", "window"]
    name: str
    why: str


@dataclass(frozen=True)
class Explanation:
    """One event judged, with all its facts. `why_no_finding` is empty where there is one."""

    judged: Judged
    why_no_finding: str
    near_misses: tuple[NearMiss, ...]
    entries: tuple[Entry, ...]
    """The windows that the record enters."""
    ruleset: Ruleset

    @property
    def view(self) -> Mapping[str, Any]:
        """What patterns are matched against."""
        return _view(self.judged)


def explain_event(record: Record, ruleset: Ruleset) -> Explanation:
    """Judge one record as `detect` would."""
    judged = judge_event(record, ruleset)._replace(facts=derive_facts(record, ruleset.allow_lists))
    looked = tuple(look_at_windows(judged, ruleset))
    return Explanation(
        judged=judged,
        why_no_finding=_why_no_finding(judged, ruleset) if judged.finding is None else "",
        near_misses=(*_near_misses(judged, ruleset), *_windows_missed(judged, looked, ruleset)),
        entries=tuple(each for each in looked if isinstance(each, Entry)),
        ruleset=ruleset,
    )


def _view(judged: Judged) -> Mapping[str, Any]:
    """The record as `judge_event` matched it, with all its facts."""
    return {**judged.view, "facts": judged.facts}


def _why_no_finding(judged: Judged, ruleset: Ruleset) -> str:
    source = judged.record.event_source
    service = service_of(source)
    if service not in ruleset.services:
        if service in SERVICES:
            return f"watch.services in the config leaves {service} out"
        return f"{clean(source)} is not a service that Thingwatch judges"
    if not judged.record.is_management:
        return f"only calls of the control plane are judged, not {clean(judged.record.category)} events"
    rule = ruleset.base_rule(judged.operation)
    if rule is ruleset.reads:
        return "the operation only reads"
    if rule is ruleset.uncatalogued:
        return "the catalog does not know the operation, and the config switches such operations off"
    return "the config switches this operation off"


def _is_judged(judged: Judged, ruleset: Ruleset) -> bool:
    return service_of(judged.record.event_source) in ruleset.services and judged.record.is_management


def _near_misses(judged: Judged, ruleset: Ruleset) -> Iterator[NearMiss]:
    finding, view = judged.finding, _view(judged)
    if _is_judged(judged, ruleset):
        for match, rule in ruleset.rules_for(judged.operation).custom_rules:
            if not match.matches(view):
                yield NearMiss("rule", rule.name, first_failure(match, view))
    if finding is not None:
        # Each verdict is held against the suppressions alone; the worst is the one that people ask about.
        seen = with_finding(view, finding.verdicts[:1])
        hits = {each.name for each in finding.expired} | {
            each.suppression.name for each in finding.suppressed
        }
        for suppression in ruleset.suppressions:
            if suppression.name not in hits:
                yield NearMiss("suppression", suppression.name, first_failure(suppression.match, seen))


def _windows_missed(
    judged: Judged, looked: Sequence[Entry | StaysOut], ruleset: Ruleset
) -> Iterator[NearMiss]:
    """The rules over time that name the operation, and whose windows the record does not enter."""
    if not _is_judged(judged, ruleset):
        return
    view = _view(judged)
    entered = {each.rule.name for each in looked if isinstance(each, Entry)}
    kept_out = {each.rule.name: each.why for each in looked if isinstance(each, StaysOut)}
    for rule, _ in ruleset.rules_for(judged.operation).windowed_rules:
        if rule.name not in entered:
            yield NearMiss(
                "window", rule.name, kept_out.get(rule.name) or _first_failing_step(rule, judged, view)
            )


def _first_failing_step(rule: WindowedRule, judged: Judged, view: Mapping[str, Any]) -> str:
    """Why the first step that the record could be does not match."""
    name, pattern = next(
        (name, pattern) for name, pattern in rule.steps.items() if pattern.may_match(judged.record.event_name)
    )
    why = first_failure(pattern, view)
    return why if name == CALLS else f"step {name}: {why}"


def event_data(explained: Explanation) -> dict[str, Any]:
    """A judged event as JSON types; `severity` and `rule` are null where there is no finding."""
    judged, finding = explained.judged, explained.judged.finding
    data: dict[str, Any] = {
        "operation": judged.operation,
        "severity": None,
        "rule": None,
        "rules": [],
        "reasons": [explained.why_no_finding],
        "statements": [],
        "facts": judged.facts,
        "escalations": [],
        "circumstances": [],
        "automation": None,
        "suppressed": [],
        "expired": [],
        "near_misses": [asdict(each) for each in explained.near_misses],
        "windows": [_window_data(each) for each in explained.entries],
        "destinations": [],
    }
    return data if finding is None else data | _finding_data(explained, finding)


def _window_data(entry: Entry) -> dict[str, Any]:
    return {
        "rule": entry.rule.name,
        "group": dict(zip(entry.rule.group_by, entry.group, strict=True)),
        "steps": list(entry.arrival.steps),
        "severity": entry.severity.value,
    }


def _finding_data(explained: Explanation, finding: Finding) -> dict[str, Any]:
    automation = automation_of(finding)
    return {
        "severity": finding.severity.value,
        "rule": finding.rule.name,
        "rules": [each.rule.name for each in finding.verdicts],
        "reasons": list(explain_finding(finding, failed=explained.judged.facts["failed"])),
        "statements": list(document_risks(explained.judged.facts)),
        "escalations": [
            _escalation_data(explained, verdict, each)
            for verdict in finding.verdicts
            for each in verdict.rule.escalations
        ],
        "circumstances": [
            {"name": each.name, "why": each.why, "holds": each in finding.circumstances}
            for each in applied_circumstances(explained)
        ],
        "automation": automation.name if automation is not None else None,
        "suppressed": [
            {
                "rule": each.verdict.rule.name,
                "suppression": each.suppression.name,
                "until": each.suppression.until.isoformat(),
            }
            for each in finding.suppressed
        ],
        "expired": [each.name for each in finding.expired],
        "destinations": list(finding.destinations),
    }


def _escalation_data(explained: Explanation, verdict: Verdict, escalation: Escalation) -> dict[str, Any]:
    return {
        "rule": verdict.rule.name,
        "when": escalation.when.source,
        "to": escalation.to.value,
        "why": escalation.why,
        "fired": escalation in verdict.escalations,
        # Not asdict, which copies values and so can not take what is nested deeply.
        "conditions": [
            {"path": each.path, "wanted": each.wanted, "found": list(each.found), "holds": each.holds}
            for each in check_conditions(escalation.when, explained.view)
        ],
    }


def applied_circumstances(explained: Explanation) -> tuple[Circumstance, ...]:
    """The circumstances that were looked at: none where the operation is off, so that custom rules judge."""
    off = explained.ruleset.base_rule(explained.judged.operation).off
    return () if off else explained.ruleset.circumstances


def automation_of(finding: Finding) -> Automation | None:
    """The known automation that lowered the catalog's verdict, suppressed or not."""
    verdicts = (*finding.verdicts, *(each.verdict for each in finding.suppressed))
    return next((each.automation for each in verdicts if each.automation is not None), None)
