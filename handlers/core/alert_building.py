"""From a finding to the alert that people read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from handlers.core.alerts import Actor, Alert, Call, Step, Story
from handlers.core.digest import digest
from handlers.core.entries import Entry
from handlers.core.judgement import Finding, Judged
from handlers.core.names import describe
from handlers.core.questions import find_question
from handlers.core.reasons import (
    deciding_escalation,
    describe_window,
    document_risks,
    explain_entry,
    explain_finding,
)
from handlers.core.record import Record, value_at
from handlers.core.resources import find_resource
from handlers.core.ruleset import Ruleset
from handlers.core.subjects import find_subject, find_value, readable
from handlers.core.templates import (
    can_be_pasted,
    fill_title,
    names_in_runbook,
    without_changes,
    without_names,
)
from handlers.core.text import clean, say_duration
from handlers.core.windowed_rules import CALLS, WindowedRule
from handlers.core.windows import Held, Sighting


def build_alert(judged: Judged, finding: Finding, ruleset: Ruleset) -> Alert:
    """Turn the finding of a record into what people are told. Only values that the rule allows are shown."""
    record, facts, rule = judged.record, judged.facts, finding.rule
    subject = find_subject(record, rule.subject)
    resource = facts.get("resource") or find_resource(record) or {}
    title = _choose_title(finding, failed=facts["failed"])
    runbook = without_changes(rule.runbook) if facts["failed"] else rule.runbook
    values = _Values(record, judged.operation, subject, resource)
    outcome = "denied" if facts["denied"] else "failed" if facts["failed"] else "done"
    place = (record.account, record.region)
    error = ": ".join(filter(None, (record.error_code, record.error_message))) or None
    return Alert(
        alert_id=digest(record.account, record.region, record.event_id),
        dedup_key=digest(
            rule.name, judged.operation, outcome, facts["actor"]["id"], *place, finding.severity.value
        ),
        severity=finding.severity,
        rule=rule.name,
        operation=clean(judged.operation),
        category=rule.category,
        title=fill_title(title, values.describe),
        title_of_many=fill_title(without_names(title), values.describe),
        reasons=explain_finding(finding, failed=facts["failed"]),
        statements=document_risks(facts),
        subject=subject,
        shown=_shown(record, rule.shown),
        error=clean(error) if error else None,
        runbook=runbook,
        values=values.of(names_in_runbook(runbook)),
        attack=finding.attack,
        question=find_question(record, resource) if ruleset.enrich else None,
        docs=rule.docs,
        link=resource.get("url"),
        **_about_the_call(judged, ruleset),
    )


def _choose_title(finding: Finding, *, failed: bool) -> str:
    """The template of the title: the escalation's that decided, if it has one."""
    verdict = finding.verdicts[0]
    if failed:
        return verdict.rule.tried
    escalation = deciding_escalation(verdict)
    return (escalation and escalation.title) or verdict.rule.title


class _Values:
    """What a call tells under the names that titles and runbooks use."""

    def __init__(
        self, record: Record, operation: str, subject: str | None, resource: Mapping[str, Any]
    ) -> None:
        self._record = record
        self._special = {
            "operation": operation,
            "subject": subject,
            "account": record.account,
        }
        self._resource = resource

    def tell(self, name: str) -> str | None:
        """The value as the call has it."""
        if name in self._special:
            return self._special[name]
        found = find_value(self._record, name)
        return self._resource.get("arn") if found is None and name == "arn" else found

    def of(self, names: Iterable[str]) -> dict[str, str]:
        """Those of these values that the call tells and that can be pasted."""
        told = ((name, self.tell(name)) for name in names)
        return {name: value for name, value in told if value is not None and can_be_pasted(value)}

    def describe(self, name: str) -> str | None:
        """The value in a headline."""
        value = self.tell(name)
        return None if value is None else describe(clean(value))


def build_windowed_alert(
    judged: Judged, entry: Entry, *, alert_id: str, held: Held, ruleset: Ruleset
) -> Alert:
    """Turn a window that holds into what people are told; `judged` is the call that completed it.

    Of the records of a window only operation, subject, actor and time are shown, and the values that the
    rule groups by.
    """
    rule = entry.rule
    group = _group_of(entry)
    shown = {_short(path): value for path, value in group.items() if path not in _SHOWN_ANYWAY}
    steps = [Step(step, tuple(map(_call, held.steps[step]))) for step in rule.steps if step in held.steps]
    if not steps:
        steps = [Step(CALLS, (_call(entry.arrival.sighting),))]
    steps.sort(key=lambda step: step.calls[0].time)
    what = describe_window(rule, [step.name for step in steps])
    subject = next(iter(shown.values()), None)
    values = {"count": f"{held.taken:,}", "within": _within(rule), "subject": subject and describe(subject)}
    attack = dict.fromkeys([*rule.attack, *(id_ for each in entry.circumstances for id_ in each.attack)])
    return Alert(
        alert_id=alert_id,
        dedup_key=digest("windowed", entry.key, entry.severity.value),
        severity=entry.severity,
        rule=rule.name,
        operation=None,
        category=rule.category,
        reasons=explain_entry(entry),
        subject=subject,
        shown=shown,
        error=None,
        title=fill_title(rule.title or f"{rule.name}: {what} [on {{subject}}]", values.get),
        title_of_many=without_names(rule.title or rule.name),
        runbook=rule.runbook,
        attack=tuple(attack),
        kind="windowed",
        story=Story(
            what=what,
            count=held.taken,
            group=group,
            first_seen=min(step.calls[0].time for step in steps),
            last_seen=_moment(held.end),
            steps=tuple(steps),
            completed_by=_call(entry.arrival.sighting),
        ),
        **_about_the_call(judged, ruleset),
    )


def _within(rule: WindowedRule) -> str | None:
    return None if rule.threshold is None else say_duration(timedelta(seconds=rule.threshold.within))


_SHOWN_ANYWAY = frozenset({"facts.actor.id", "facts.actor.name", "recipientAccountId", "awsRegion"})


def _group_of(entry: Entry) -> dict[str, str]:
    """What the calls have in common, by path: the values that are there."""
    rule = entry.rule
    values = dict(zip(rule.group_by, entry.group, strict=True))
    if rule.new_terms is not None:
        values |= dict(zip(rule.new_terms.of, entry.terms, strict=True))
    found = {path: readable(value) for path, value in values.items()}
    return {path: text for path, text in found.items() if text is not None}


def _short(path: str) -> str:
    """What people call a path: without the part that every path of its kind begins with."""
    for beginning in ("facts.touches.", "facts.", "requestParameters."):
        path = path.removeprefix(beginning)
    return path


def _about_the_call(judged: Judged, ruleset: Ruleset) -> dict[str, Any]:
    """Who, where and when."""
    record, actor = judged.record, judged.facts["actor"]
    return {
        "actor": Actor(
            kind=actor["kind"],
            id=clean(actor["id"]),
            name=clean(actor["name"]),
            session=clean(actor["session"]) if "session" in actor else None,
        ),
        "account": clean(record.account),
        "region": clean(record.region),
        "time": record.event_time,
        "source_ip": clean(record.source_ip),
        "event_id": clean(record.event_id),
        "account_name": ruleset.account_names.get(record.account),
        "region_name": ruleset.region_names.get(record.region),
    }


def _call(sighting: Sighting) -> Call:
    return Call(
        _moment(sighting.time), sighting.event_id, sighting.operation, sighting.subject, sighting.actor
    )


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _shown(record: Record, paths: tuple[str, ...]) -> dict[str, str]:
    values = ((label, readable(value_at(record.raw, path))) for path, label in _labels_of(paths))
    return {label: text for label, text in values if text is not None}


@lru_cache(maxsize=1024)
def _labels_of(paths: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Each path with what people call it; two of one name by their whole paths."""
    labels = [_label(path) for path in paths]
    return tuple(
        (path, label if labels.count(label) == 1 else path.partition(".")[2])
        for path, label in zip(paths, labels, strict=True)
    )


def _label(path: str) -> str:
    """What people call the value at a path: its last part, and the one before where that says nothing."""
    *_, above, last = path.split(".")
    return f"{above}.{last}" if last in ("id", "arn") and above != "requestParameters" else last
