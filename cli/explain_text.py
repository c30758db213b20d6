"""An explained event, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from cli.conditions import check_conditions, first_failure
from cli.explain import Explanation, NearMiss, applied_circumstances, automation_of
from cli.text import wrap
from handlers.core.alert_building import build_alert
from handlers.core.entries import Entry
from handlers.core.judgement import Finding
from handlers.core.reasons import describe_window, document_risks
from handlers.core.renderings.text import render_title
from handlers.core.ruleset import Escalation, Ruleset
from handlers.core.severity import say_bounds
from handlers.core.subjects import readable
from handlers.core.text import clean, say_duration

_NAME_WIDTH = 25
_MOST_LISTED = 10


def render_event(explained: Explanation) -> str:
    """A judged event for people, step by step."""
    return "\n".join(_event_lines(explained)) + "\n"


def _event_lines(explained: Explanation) -> Iterator[str]:
    judged, finding = explained.judged, explained.judged.finding
    record = judged.record
    if finding is None:
        yield f"No finding: {clean(judged.operation)}"
        yield from wrap(explained.why_no_finding, "  ")
    else:
        yield render_title(build_alert(judged, finding, explained.ruleset))
        yield clean(judged.operation)
    place = f"account {clean(record.account)}, {clean(record.region)}"
    yield f"{place}, {record.event_time:%Y-%m-%d %H:%M:%S} UTC"
    yield ""
    yield "Facts"
    for name, value in _leaves(judged.facts):
        yield from wrap(_fact(value), f"  {name:<{_NAME_WIDTH}} ")
    if finding is None:
        yield from _windows_and_misses(explained)
    else:
        yield from _finding_lines(explained, finding)


def _finding_lines(explained: Explanation, finding: Finding) -> Iterator[str]:
    for verdict in finding.verdicts:
        yield ""
        yield f"Rule {verdict.rule.name}"
        yield from wrap(verdict.rule.why, f"  {verdict.rule.severity.value:<14} ")
        for each in verdict.rule.escalations:
            yield from _step(explained, each, fired=each in verdict.escalations)
    lowered = automation_of(finding)
    if lowered is not None:
        yield from wrap(lowered.reason, f"  at most {lowered.at_most.value:<6} routine of {lowered.name}: ")
    risks = document_risks(explained.judged.facts)
    if risks:
        yield ""
        yield "What the document allows"
        for detail in risks:
            yield from wrap(detail, "  - ")
    if applied_circumstances(explained):
        yield ""
        yield "Circumstances of any operation"
        yield from _circumstance_lines(explained, finding)
    yield from _windows_and_misses(explained)
    yield ""
    yield f"Severity {finding.severity.value}"
    yield from wrap(_audience(finding, explained.ruleset), "Told to  ")
    yield from _dedup_line(finding, explained.ruleset)
    for suppressed in finding.suppressed:
        name, suppression = suppressed.verdict.rule.name, suppressed.suppression
        why = f"{suppression.name} ({suppression.reason}) suppresses {name} through {suppression.until}"
        yield from wrap(why, " " * 9)
    for expired in finding.expired:
        yield f"         the suppression {expired.name} expired on {expired.until}"


def _windows_and_misses(explained: Explanation) -> Iterator[str]:
    """What was entered, and what did not match."""
    entries = explained.entries
    if entries:
        yield ""
        yield "Windows that it enters"
    for entry in entries[:_MOST_LISTED]:
        yield from _window_lines(entry)
    yield from _more(len(entries))
    for kind, heading in (
        ("window", "Windows that it does not enter"),
        ("rule", "Custom rules that do not match"),
        ("suppression", "Suppressions that do not match"),
    ):
        missed = [each for each in explained.near_misses if each.kind == kind]
        yield from _miss_lines(heading, missed) if missed else ()


def _miss_lines(heading: str, missed: Sequence[NearMiss]) -> Iterator[str]:
    yield ""
    yield heading
    for each in missed[:_MOST_LISTED]:
        yield from wrap(each.why, f"  - {each.name:<{_NAME_WIDTH}} ")
    yield from _more(len(missed))


def _more(number: int) -> Iterator[str]:
    if number > _MOST_LISTED:
        yield f"  … and {number - _MOST_LISTED} more"


def _window_lines(entry: Entry) -> Iterator[str]:
    """The rule, how bad it is if this record completes it, and what the record is in its window."""
    rule, (sighting, slots, steps) = entry.rule, entry.arrival
    threshold = rule.threshold
    condition = f"{'is' if threshold is None else 'completes'} {describe_window(rule)}"
    if threshold is not None and threshold.kind == "temporal":
        place = f"step {', '.join(steps)}"
    elif threshold is not None and threshold.kind == "event_count":
        place = f"call {sighting.event_id}"
    else:
        place = f"value {', '.join(map(clean, slots))}"
    lines = [f"{entry.severity.value}, if it {condition}", place]
    lines += [
        f"{path} {readable(value) or 'absent'}"
        for path, value in zip(rule.group_by, entry.group, strict=True)
    ]
    for number, line in enumerate(lines):
        yield from wrap(line, f"  + {rule.name:<{_NAME_WIDTH}} " if number == 0 else " " * (_NAME_WIDTH + 5))


def _circumstance_lines(explained: Explanation, finding: Finding) -> Iterator[str]:
    for found in explained.ruleset.circumstances:
        if found in finding.circumstances:
            bounds = say_bounds(found.at_least, found.at_most)
            yield from wrap(f"{bounds}: {found.why}", f"  + {found.name:<{_NAME_WIDTH}} ")
        else:
            yield from wrap(first_failure(found.when, explained.view), f"  - {found.name:<{_NAME_WIDTH}} ")


def _audience(finding: Finding, ruleset: Ruleset) -> str:
    if finding.is_suppressed:
        return "nobody: it is suppressed"
    if finding.severity < ruleset.minimum_severity:
        return "nobody: it is below minimum_severity"
    return ", ".join(finding.destinations) or "nobody: no route takes it"


def _dedup_line(finding: Finding, ruleset: Ruleset) -> Iterator[str]:
    dedup = ruleset.dedup_of(finding.rule, finding.severity)
    if not dedup.is_off and any(ruleset.destinations[name].dedup for name in finding.destinations):
        first = "the first" if dedup.first == 1 else f"the first {dedup.first}"
        window = say_duration(timedelta(seconds=dedup.window))
        yield f"         {first} of its kind in {window} at once, the others in a rollup"


def _step(explained: Explanation, escalation: Escalation, *, fired: bool) -> Iterator[str]:
    yield from wrap(escalation.why, f"  {'+' if fired else '-'} to {escalation.to.value:<9} ")
    if fired:
        for condition in check_conditions(escalation.when, explained.view):
            yield from wrap(condition.describe(), " " * 17)
    else:
        yield from wrap(first_failure(escalation.when, explained.view), " " * 17)


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
