"""Rules over time, as config and catalog write them, and the built-in ones: `catalog/windowed_rules.yaml`.

Exactly one of `event_count`, `value_count`, `temporal` and `new_terms` makes a rule windowed.
"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from functools import cache
from typing import Annotated, ClassVar, Protocol, TypeAlias

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from handlers.core.severity import Severity
from rulebook.catalog import WINDOWED_RULES, Category, Technique
from rulebook.durations import ForgetAfter, Learn, Within
from rulebook.faults import CatalogError, Place
from rulebook.source import read_source
from rulebook.titles import WindowedTitle
from rulebook.validation import Items, Pattern, SeverityName, Strict, Text, checked, matching, once, refuse
from rulebook.vocabulary import is_list

FEWEST, MOST = 2, 500
"""Bounds of `at_least`."""
MOST_STEPS = 5
MOST_FIELDS = 4


def _at_least(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not FEWEST <= value <= MOST:
        raise refuse(((), f"write a whole number from {FEWEST} to {MOST}"))
    return value


def _group_by(paths: tuple[str, ...]) -> tuple[str, ...]:
    if len(paths) > MOST_FIELDS:
        raise refuse(((), f"names {len(paths)} fields; {MOST_FIELDS} are the most"))
    lists = [position for position, path in enumerate(paths) if is_list(path)]
    if len(lists) > 1:
        raise refuse(((lists[1],), f"is a list, as {paths[lists[0]]} is; group by one list at most"))
    for position, path in enumerate(paths):
        for other in paths:
            if path.startswith(f"{other}."):
                raise refuse(((position,), f"stands below {other}, which is here too; keep one"))
    return once(paths)


def _steps(steps: Mapping[str, object]) -> Mapping[str, object]:
    if not FEWEST <= len(steps) <= MOST_STEPS:
        raise refuse(((), f"a sequence has {FEWEST} to {MOST_STEPS} steps; here are {len(steps)}"))
    return steps


_PATH = r"[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z0-9_:/-]+)*"
_STEP = r"[a-z][a-z0-9-]{0,39}"

AtLeast: TypeAlias = Annotated[
    int,
    BeforeValidator(_at_least),
    WithJsonSchema({"type": "integer", "minimum": FEWEST, "maximum": MOST}),
]
FieldPath: TypeAlias = Annotated[
    str, matching(_PATH, "write the path of one field, such as facts.actor.id or recipientAccountId")
]
GroupBy: TypeAlias = Annotated[
    tuple[FieldPath, ...],
    Field(strict=False, json_schema_extra={"maxItems": MOST_FIELDS}),
    AfterValidator(_group_by),
]
StepName: TypeAlias = Annotated[str, matching(_STEP, "name a step in small letters, digits and hyphens")]


_LEARNS = "stands below new_terms, the one kind that learns"
OF_KINDS = {
    **dict.fromkeys(("at_least", "of", "within", "steps", "group_by"), "stands below the kind of the rule"),
    **dict.fromkeys(("learn", "forget_after"), _LEARNS),
}
"""Keys that people may write beside a kind, and where they belong."""


class _Part(Strict):
    # What stands below a key here is what an editor shows of it.
    model_config = ConfigDict(use_attribute_docstrings=True)
    misplaced: ClassVar[Mapping[str, str]] = {"learn": _LEARNS, "forget_after": _LEARNS}


class EventCount(_Part):
    """Holds when so many calls of a group lie within a window."""

    at_least: AtLeast
    within: Within
    group_by: GroupBy = ()
    """Calls with the same values here are counted together."""


class ValueCount(_Part):
    """Holds when the calls of a group within a window name so many different values."""

    at_least: AtLeast
    of: FieldPath
    """The field whose values are counted."""
    within: Within
    group_by: GroupBy = ()
    """Calls with the same values here are counted together."""


class Temporal(_Part):
    """Holds when a group has a call of each step within a window, in any order."""

    within: Within
    steps: Annotated[Mapping[StepName, Pattern], AfterValidator(_steps)]
    """Two to five event patterns, each under the name that people read."""
    group_by: GroupBy = ()
    """Calls with the same values here belong together."""


class NewTerms(_Part):
    """Holds when a group has a value, or values together, that it never had before."""

    of: Annotated[
        tuple[FieldPath, ...], Field(strict=False, min_length=1, max_length=MOST_FIELDS), AfterValidator(once)
    ]
    """The fields whose values, together, are the term."""
    forget_after: ForgetAfter = timedelta(days=90)
    """A term that was not seen for so long is new again."""
    learn: Learn = timedelta(days=7)
    """For so long after a group's first call, terms are learnt and nobody is told."""
    group_by: GroupBy = ()
    """Calls with the same values here share their terms."""


Kind: TypeAlias = EventCount | ValueCount | Temporal | NewTerms
KINDS = ("event_count", "value_count", "temporal", "new_terms")
"""The keys that make a rule windowed."""


class Windowed(Protocol):
    """What a rule of the catalog and one of the config have in common."""

    @property
    def match(self) -> Mapping[str, object] | None:
        """What the rule counts; None for a sequence."""

    @property
    def event_count(self) -> EventCount | None:
        """See `EventCount`."""

    @property
    def value_count(self) -> ValueCount | None:
        """See `ValueCount`."""

    @property
    def temporal(self) -> Temporal | None:
        """See `Temporal`."""

    @property
    def new_terms(self) -> NewTerms | None:
        """See `NewTerms`."""


def kind_of(rule: Windowed) -> Kind | None:
    """What makes a rule windowed; None for a rule on single calls."""
    return rule.event_count or rule.value_count or rule.temporal or rule.new_terms


def shape_faults(keys: Collection[object]) -> Iterator[tuple[Place, str]]:
    """What is wrong between the keys of a rule: two kinds, no match, or a match beside steps."""
    kinds = [name for name in KINDS if name in keys]
    for name in kinds[1:]:
        yield (name,), f"{kinds[0]} stands here too; a rule is of one kind, so make two rules of it"
    if "temporal" in kinds and "match" in keys:
        yield ("match",), "a sequence matches by its steps; move this into each step"
    if "temporal" not in kinds and "match" not in keys:
        yield ("match",), "is missing; write it"


class BuiltIn(Strict):
    """A built-in rule over time."""

    category: Category
    match: Pattern | None = None
    event_count: EventCount | None = None
    value_count: ValueCount | None = None
    temporal: Temporal | None = None
    new_terms: NewTerms | None = None
    severity: SeverityName
    title: WindowedTitle
    why: Text
    runbook: Annotated[tuple[Text, ...], Field(strict=False, min_length=1, max_length=4)]
    attack: Annotated[tuple[Technique, ...], Items] = ()

    @property
    def kind(self) -> Kind:
        """What makes it windowed."""
        kind = kind_of(self)
        if kind is None:
            raise AttributeError("checked when it was made")
        return kind

    @model_validator(mode="after")
    def _is_whole(self) -> BuiltIn:
        faults = list(shape_faults(self.model_fields_set))
        if kind_of(self) is None:
            faults.append(((), f"write one of {', '.join(KINDS)}"))
        elif self.temporal is None and self.severity > Severity.HIGH:
            faults.append((("severity",), "what is no sequence is high at most"))
        if faults:
            raise refuse(*faults)
        return self


@cache
def load_windowed_rules(path: pathlib.Path = WINDOWED_RULES) -> Mapping[str, BuiltIn]:
    """The built-in rules over time, by name. Raises `SourceError`, or `CatalogError` with every fault."""
    source = read_source(path)
    rules: dict[str, BuiltIn] = {}
    faults = list(source.faults)
    for name in source.data:
        rule, wrong = checked(BuiltIn, source, at=(name,))
        faults.extend(wrong)
        if not re.fullmatch(_STEP, str(name), re.ASCII):
            advice = "write the name in small letters, digits and hyphens"
            faults.append(source.fault((name,), advice, at_key=True))
        if rule is not None:
            rules[name] = rule
    if faults:
        raise CatalogError(faults)
    return rules
