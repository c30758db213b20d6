"""Rules of the operator's: the sections `rules` and `thresholds` of a config."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

from rulebook.catalog import Category, Escalation, ShownPath, SubjectPath, Technique, not_above
from rulebook.config.context import READ, UNCATALOGUED
from rulebook.config.dedup import DedupValue
from rulebook.config.section import Section, context_of
from rulebook.config.values import Flag, Name
from rulebook.durations import ForgetAfter, Learn, Within
from rulebook.faults import Place, did_you_mean
from rulebook.titles import Title, windowed_title_fault
from rulebook.validation import Items, Pattern, SeverityName, Text, refuse
from rulebook.windowed_rules import (
    OF_KINDS,
    AtLeast,
    BuiltIn,
    EventCount,
    NewTerms,
    Temporal,
    ValueCount,
    kind_of,
)


def _free_name(name: str) -> str:
    if name in (READ, UNCATALOGUED):
        raise refuse(((), "Thingwatch has a rule of this name; choose another"))
    return name


_OF_WINDOWED_RULES = ("notify",)
_OF_SINGLE_CALLS = ("escalate", "shown", "subject")


class CustomRule(Section):
    """A rule of yours. What it leaves open is taken from the catalog's entry.

    With `event_count`, `value_count`, `temporal` or `new_terms` it is a rule over time; one with the name of
    a built-in one stands in its place.
    """

    misplaced: ClassVar[Mapping[str, str]] = OF_KINDS

    name: Annotated[Name, AfterValidator(_free_name)]
    match: Pattern | None = None
    """An event pattern over the record and its facts; a sequence has one in each step."""
    event_count: EventCount | None = None
    value_count: ValueCount | None = None
    temporal: Temporal | None = None
    new_terms: NewTerms | None = None
    severity: SeverityName
    title: Title | None = None
    """The headline, such as `Policy {policyName} attached`; the operation's when left out."""
    why: Text
    """What people are told."""
    escalate: Annotated[tuple[Escalation, ...], Items] = ()
    category: Category | None = None
    subject: SubjectPath | None = None
    shown: Annotated[tuple[ShownPath, ...], Items] = ()
    runbook: Annotated[tuple[Text, ...], Field(strict=False, max_length=4)] = ()
    attack: Annotated[tuple[Technique, ...], Items] = ()
    notify: Flag = True
    """Of a rule over time: false for a trial, which is counted and logged and told to nobody."""
    dedup: DedupValue | None = None
    """How its alerts are held back; defaults.dedup when left out."""

    @property
    def patterns(self) -> tuple[tuple[Place, Mapping[str, object]], ...]:
        """The event patterns that a record may match, each with its place below the rule."""
        if self.temporal is not None:
            return tuple((("temporal", "steps", name), each) for name, each in self.temporal.steps.items())
        return () if self.match is None else ((("match",), self.match),)

    @model_validator(mode="after")
    def _fits_its_kind(self) -> CustomRule:
        faults: list[tuple[Place, str]] = []
        if kind_of(self) is None:
            why = "only a rule over time has this"
            faults += [((key,), why) for key in _OF_WINDOWED_RULES if key in self.model_fields_set]
            for path, message in not_above(self.severity, self.escalate):
                faults.append((("escalate", *path), message))
        else:
            why = "a rule over time has none; it tells the calls that complete it"
            faults += [((key,), why) for key in _OF_SINGLE_CALLS if key in self.model_fields_set]
            if self.title is not None and (wrong := windowed_title_fault(self.title)) is not None:
                faults.append((("title",), wrong))
        if faults:
            raise refuse(*faults)
        return self


class Tuning(Section):
    """Your tuning of a built-in rule over time; what is left out stays as it is."""

    at_least: AtLeast | None = None
    within: Within | None = None
    forget_after: ForgetAfter | None = None
    learn: Learn | None = None
    severity: SeverityName | None = None
    notify: Flag | None = None
    """false for a trial, which is counted and logged and told to nobody."""
    dedup: DedupValue | None = None
    """How its alerts are held back; defaults.dedup when left out."""


def _off(value: object) -> object:
    """A rule that is off is None here."""
    if value is None:
        raise refuse(((), "has no value; write one, or delete the line"))
    if isinstance(value, str) and value != "off":
        raise refuse(((), "write `off`, or what to change, such as `{at_least: 50}`"))
    return None if value == "off" else value


def _misfits(tuning: Tuning, rule: BuiltIn) -> Iterator[tuple[Place, str]]:
    """What a built-in rule does not have, so that it can not be changed."""
    if not tuning.model_fields_set:
        yield (), "changes nothing; write `at_least:` or `notify:`, or delete the line"
    own = [
        key
        for key in Tuning.model_fields
        if key in {*type(rule.kind).model_fields, "severity", "notify", "dedup"}
    ]
    for key in tuning.model_fields_set - set(own):
        yield (key,), f"this rule has none; it has {', '.join(own)}"


def _tune_what_is_there(
    thresholds: Mapping[str, Tuning | None], info: ValidationInfo
) -> Mapping[str, Tuning | None]:
    built_in = context_of(info).windowed
    faults: list[tuple[Place, str]] = []
    for name, tuning in thresholds.items():
        if name not in built_in:
            hint = did_you_mean(name, built_in) or "; docs/thresholds.md lists them"
            faults.append(((name,), f"no built-in rule over time has this name{hint}"))
        elif tuning is not None:
            faults += [((name, *path), message) for path, message in _misfits(tuning, built_in[name])]
    if faults:
        raise refuse(*faults)
    return thresholds


Thresholds: TypeAlias = Annotated[
    Mapping[str, Annotated[Tuning | None, BeforeValidator(_off)]], AfterValidator(_tune_what_is_there)
]
NO_THRESHOLDS: Thresholds = {}
