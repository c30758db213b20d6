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
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from handlers.core.automation import Automation, find_automation
from handlers.core.circumstances import Circumstance, raise_severity
from handlers.core.digest import digest
from handlers.core.facts import derive_on_demand
from handlers.core.judgement import Judged
from handlers.core.parameter_case import lower_path
from handlers.core.record import value_at
from handlers.core.routes import add_finding
from handlers.core.ruleset import Ruleset, Suppression
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
"""A longer value, or one beyond ASCII, takes a slot by its digest: an id of AWS fits, a document does not
swell the state."""


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
    terms: tuple[Any, ...] = ()
    """Of `new_terms`: the values at its paths."""

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


def find_entries(judged: Judged, ruleset: Ruleset) -> tuple[Entry, ...]:
    """The windows that a judged record enters."""
    return tuple([each for each in look_at_windows(judged, ruleset) if isinstance(each, Entry)])


def look_at_windows(judged: Judged, ruleset: Ruleset) -> Iterator[Entry | StaysOut]:
    """For each windowed rule that matches a record, the windows that it enters, or why it stays out."""
    if judged.view:
        look = _Look(judged, ruleset)
        for rule, patterns in ruleset.rules_for(judged.operation).windowed_rules:
            steps = [step for step, pattern in patterns if pattern.matches(look.view)]
            if steps:
                yield from look.at(rule, steps)


def route_entry(entry: Entry, ruleset: Ruleset) -> tuple[str, ...]:
    """Who is told when the record completes the rule."""
    if not entry.rule.notify:
        return ()
    return ruleset.audience_of(entry.severity).destinations_for(view_entry(entry))


def view_entry(entry: Entry) -> Mapping[str, Any]:
    """What routes and mutes see when the record completes the rule: the finding and the group alone."""
    rule = entry.rule
    group: dict[str, Any] = {}
    for path, value in zip(rule.group_by, entry.group, strict=True):
        *above, last = lower_path(tuple(path.split(".")))
        inner = group
        for name in above:
            inner = inner.setdefault(name, {})
        inner[last] = value
    return add_finding(group, rules=[rule.name], category=rule.category, severity=entry.severity)


class _Look:
    """One record as all windowed rules look at it: what several of them ask is found once."""

    def __init__(self, judged: Judged, ruleset: Ruleset) -> None:
        self._record, self._operation, self._ruleset = judged.record, judged.operation, ruleset
        self.view = judged.view
        missing = ruleset.rules_for(judged.operation).windowed_facts
        if missing:
            facts = {**judged.view["facts"], **derive_on_demand(judged.record, missing)}
            self.view = {**judged.view, "facts": facts}
        self._values: dict[str, Any] = {}

    def at(self, rule: WindowedRule, steps: list[str]) -> Iterator[Entry | StaysOut]:
        """The windows of one rule, whose `steps` match."""
        if self.view["facts"]["failed"]:
            steps = [step for step in steps if step in rule.failure_steps]
        terms = tuple(map(self._value, rule.new_terms.of)) if rule.new_terms is not None else ()
        slots, groups = self._slots(rule, steps, terms), self._groups(rule)
        if (why := self._why_not(rule, steps, slots, groups)) is not None:
            yield StaysOut(rule, why)
            return
        severity, circumstances, automation = self._judge(rule)
        arrival = Arrival(self._sighting, slots, steps)
        for group in groups:
            yield Entry(rule, group, arrival, severity, circumstances, automation, terms)

    def _why_not(
        self,
        rule: WindowedRule,
        steps: Sequence[str],
        slots: Sequence[str],
        groups: Sequence[tuple[Any, ...]],
    ) -> str | None:
        if not steps:
            return "the call failed, and the pattern does not look at the outcome"
        if rule.leaves_automation_out and self._routine is not None:
            return f"it is routine work of {self._routine.name}"
        if self._ruleset.suppressions and (suppression := self._find_suppression(rule)) is not None:
            return f"the suppression {suppression.name} matches it"
        if not slots:
            return "what the rule counts is not in the record"
        return None if groups else f"{rule.list_path} is missing or empty"

    def _find_suppression(self, rule: WindowedRule) -> Suppression | None:
        day = self._record.event_time.date()
        seen = add_finding(self.view, rules=[rule.name], category=rule.category, severity=rule.severity)
        matching = (
            each for each in self._ruleset.suppressions if day <= each.until and each.match.matches(seen)
        )
        return next(matching, None)

    def _groups(self, rule: WindowedRule) -> list[tuple[Any, ...]]:
        values = [self._value(path) for path in rule.group_by]
        if rule.list_path is None:
            return [tuple(values)]
        place = rule.group_by.index(rule.list_path)
        each_of = values[place] if isinstance(values[place], list) else []
        distinct = dict.fromkeys(each_of[:MOST_GROUPS])
        return [(*values[:place], value, *values[place + 1 :]) for value in distinct]

    def _slots(self, rule: WindowedRule, steps: Sequence[str], terms: tuple[Any, ...]) -> Sequence[str]:
        if rule.new_terms is not None:
            return [] if None in terms else [_slot(list(terms))]
        if rule.threshold is None or rule.threshold.kind == "temporal":
            return steps
        if rule.threshold.of is None:
            return [_slot(self._record.event_id)]
        counted = self._value(rule.threshold.of)
        values = counted if isinstance(counted, list) else [counted]
        return list(dict.fromkeys(_slot(value) for value in values[:MOST_GROUPS] if value is not None))

    def _judge(self, rule: WindowedRule) -> tuple[Severity, tuple[Circumstance, ...], Automation | None]:
        """How bad the rule's alert is if this record completes it, and what moved that."""
        if not rule.built_in:
            return rule.severity, (), None
        automation = None
        # Where actors may differ, which of them comes last must not decide how bad it is.
        if self._ruleset.automation and rule.follows_actor:
            automation = find_automation(rule.severity, self._operation, self.view, self._ruleset.automation)
        lowered = rule.severity if automation is None else automation.at_most
        told = tuple(each for each in self._raising if each.at_least is not None and each.at_least > lowered)
        return raise_severity(lowered, told), told, automation

    @cached_property
    def _raising(self) -> tuple[Circumstance, ...]:
        """The circumstances that may raise a severity.

        What holds one down is said of one call that failed or that a device made, not of a sequence with such
        a call in it.
        """
        found = self._ruleset.circumstance_index.find(self.view)
        return tuple([each for each in found if each.at_least is not None])

    @cached_property
    def _routine(self) -> Automation | None:
        """The known automation whose routine work the call is."""
        covering = (each for each in self._ruleset.automation if each.covers(self._operation, self.view))
        return next(covering, None)

    @cached_property
    def _sighting(self) -> Sighting:
        record = self._record
        subject = find_subject(record, self._ruleset.base_rule(self._operation).subject)
        return Sighting(
            time=int(record.event_time.timestamp()),
            event_id=clean(record.event_id, LONGEST_SHOWN),
            operation=clean(self._operation, LONGEST_SHOWN),
            subject=None if subject is None else clean(subject, LONGEST_SHOWN),
            actor=clean(self.view["facts"]["actor"]["name"], LONGEST_SHOWN),
        )

    def _value(self, path: str) -> Any:
        if path not in self._values:
            self._values[path] = value_at(self.view, path)
        return self._values[path]


def _slot(value: Any) -> str:
    text = value if isinstance(value, str) else _text_of(value)
    return text if len(text) <= _LONGEST_SLOT and text.isascii() else digest(text)


# A burst is of one group.
_key_of = lru_cache(maxsize=1024)(digest)
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


def _text_of(value: Any) -> str:
    try:
        return _encode(value)
    except RecursionError:
        return "(nested too deeply)"
