"""Which windows a record enters, and for which groups (docs/thresholds.md says it for people).

A record enters whatever its own severity, minimum, route or `off`. It stays out

- if the call failed, unless the pattern looks at the outcome (`failed`, `denied`, `errorCode`);
- if a suppression matches it as a finding of the windowed rule;
- of the built-in counts, if it is routine work of known automation;
- if the list that it would be grouped by is missing or empty.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from handlers.core.automation import Automation, find_automation
from handlers.core.circumstances import Circumstance, raise_severity
from handlers.core.digest import digest
from handlers.core.parameter_case import lower_path
from handlers.core.record import Record, value_at
from handlers.core.routes import add_finding
from handlers.core.ruleset import Ruleset
from handlers.core.severity import Severity
from handlers.core.subjects import find_subject
from handlers.core.text import clean
from handlers.core.windowed_rules import WindowedRule
from handlers.core.windows import Arrival, Sighting

MOST_GROUPS = 10
"""Of a list in `group_by`, so many values in order count."""

LONGEST_SHOWN = 80
"""So long is a text of a record in a story: a certificate's id fits, and thirty calls fit a message."""

_LONGEST_SLOT = 64
"""A longer value takes a slot by its digest: an id of AWS fits, a document does not swell the state."""


class Entry(NamedTuple):
    """A record's place in the windows of one rule, in one group."""

    rule: WindowedRule
    group: tuple[Any, ...]
    """The values of the rule's `group_by`, as the record has them; None where it has nothing."""
    arrival: Arrival
    severity: Severity
    """How bad the rule's alert is if this record completes it."""
    circumstances: tuple[Circumstance, ...]
    """Those that raised the severity."""
    automation: Automation | None
    """The known automation that lowered it."""

    @property
    def key(self) -> str:
        """Identifies the group in the state: its rule by what defines it, and its values."""
        return _key_of(self.rule.definition, _text_of(self.group))

    def identify(self, *place: str) -> str:
        """The id of the alert of this rule and group at a pane's start or for a term."""
        return digest("windowed", self.rule.name, _text_of(self.group), *place)


class StaysOut(NamedTuple):
    """Why a record that a windowed rule's pattern matches does not enter."""

    rule: WindowedRule
    why: str


def find_entries(
    record: Record, operation: str, view: Mapping[str, Any], ruleset: Ruleset
) -> tuple[Entry, ...]:
    """The windows that a record enters. `view` is the record with its facts."""
    return tuple(
        each for each in look_at_windows(record, operation, view, ruleset) if isinstance(each, Entry)
    )


def look_at_windows(
    record: Record, operation: str, view: Mapping[str, Any], ruleset: Ruleset
) -> Iterator[Entry | StaysOut]:
    """For each windowed rule that matches a record, the windows that it enters, or why it stays out."""
    sighting = None
    raising: tuple[Circumstance, ...] = ()
    # Most rules group by the same few fields.
    known: dict[str, Any] = {}
    for rule, patterns in ruleset.rules_for(operation).windowed_steps:
        steps = [step for step, pattern in patterns if pattern.matches(view)]
        if not steps:
            continue
        if view["facts"]["failed"]:
            steps = [step for step in steps if step in rule.failure_steps]
            if not steps:
                yield StaysOut(rule, "the call failed, and the pattern does not look at the outcome")
                continue
        if (why := _kept_out_by(rule, record, operation, view, ruleset)) is not None:
            yield StaysOut(rule, why)
            continue
        slots = _slots(rule, steps, record, view)
        if not slots:
            yield StaysOut(rule, "what the rule counts is not in the record")
            continue
        groups = _groups(rule, view, known)
        if not groups:
            yield StaysOut(rule, f"{rule.list_path} is missing or empty")
            continue
        if sighting is None:
            sighting = _see(record, operation, view, ruleset)
            raising = _find_raising(view, ruleset)
        arrival = Arrival(sighting, slots, steps)
        moved = _judge(rule, operation, view, ruleset, raising)
        for group in groups:
            yield Entry(rule, group, arrival, *moved)


def route_entry(entry: Entry, ruleset: Ruleset) -> tuple[str, ...]:
    """Who is told when the record completes the rule. Routes see the finding and the group alone."""
    rule = entry.rule
    if not rule.notify:
        return ()
    group: dict[str, Any] = {}
    for path, value in zip(rule.group_by, entry.group, strict=True):
        *above, last = lower_path(tuple(path.split(".")))
        inner = group
        for name in above:
            inner = inner.setdefault(name, {})
        inner[last] = value
    view = add_finding(group, rules=[rule.name], category=rule.category, severity=entry.severity)
    return ruleset.audience_of(entry.severity).destinations_for(view)


def _kept_out_by(
    rule: WindowedRule, record: Record, operation: str, view: Mapping[str, Any], ruleset: Ruleset
) -> str | None:
    if rule.leaves_automation_out:
        for automation in ruleset.automation:
            if automation.covers(operation, view):
                return f"it is routine work of {automation.name}"
    if ruleset.suppressions:
        day = record.event_time.date()
        seen = add_finding(view, rules=[rule.name], category=rule.category, severity=rule.severity)
        for suppression in ruleset.suppressions:
            if day <= suppression.until and suppression.match.matches(seen):
                return f"the suppression {suppression.name} matches it"
    return None


def _judge(
    rule: WindowedRule,
    operation: str,
    view: Mapping[str, Any],
    ruleset: Ruleset,
    raising: tuple[Circumstance, ...],
) -> tuple[Severity, tuple[Circumstance, ...], Automation | None]:
    """How bad the rule's alert is if this record completes it, and what moved that."""
    if not rule.built_in:
        return rule.severity, (), None
    automation = None
    if ruleset.automation:
        automation = find_automation(rule.severity, operation, view, ruleset.automation)
    lowered = rule.severity if automation is None else automation.at_most
    if raising:
        raising = tuple(each for each in raising if each.at_least is not None and each.at_least > lowered)
    return raise_severity(lowered, raising), raising, automation


def _find_raising(view: Mapping[str, Any], ruleset: Ruleset) -> tuple[Circumstance, ...]:
    """The circumstances that may raise the severity.

    What holds a severity down is said of one call that failed or that a device made, not of a sequence with
    such a call in it.
    """
    found = ruleset.circumstance_index.find(view)
    return tuple([each for each in found if each.at_least is not None]) if found else ()


def _groups(rule: WindowedRule, view: Mapping[str, Any], known: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The groups that a record is of. `known` are values at paths, for the next rule."""
    for path in rule.group_by:
        if path not in known:
            known[path] = value_at(view, path)
    values = [known[path] for path in rule.group_by]
    if rule.list_path is None:
        return [tuple(values)]
    place = rule.group_by.index(rule.list_path)
    each_of = values[place]
    if not isinstance(each_of, list):
        return []
    return [(*values[:place], value, *values[place + 1 :]) for value in dict.fromkeys(each_of[:MOST_GROUPS])]


def _slots(
    rule: WindowedRule, steps: Sequence[str], record: Record, view: Mapping[str, Any]
) -> Sequence[str]:
    if rule.new_terms is not None:
        return [_slot([value_at(view, path) for path in rule.new_terms.of])]
    if rule.threshold is None or rule.threshold.kind == "temporal":
        return steps
    if rule.threshold.of is None:
        return [_slot(record.event_id)]
    counted = value_at(view, rule.threshold.of)
    values = counted if isinstance(counted, list) else [counted]
    return list(dict.fromkeys(_slot(value) for value in values[:MOST_GROUPS] if value is not None))


def _slot(value: Any) -> str:
    text = value if isinstance(value, str) else _text_of(value)
    return text if len(text) <= _LONGEST_SLOT else digest(text)


# A burst is of one group.
_key_of = lru_cache(maxsize=1024)(digest)
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


def _text_of(value: Any) -> str:
    try:
        return _encode(value)
    except RecursionError:
        return "(nested too deeply)"


def _see(record: Record, operation: str, view: Mapping[str, Any], ruleset: Ruleset) -> Sighting:
    subject = find_subject(record, ruleset.base_rule(operation).subject)
    return Sighting(
        time=int(record.event_time.timestamp()),
        event_id=clean(record.event_id, LONGEST_SHOWN),
        operation=clean(operation, LONGEST_SHOWN),
        subject=None if subject is None else clean(subject, LONGEST_SHOWN),
        actor=clean(view["facts"]["actor"]["name"], LONGEST_SHOWN),
    )
