"""Rules over time: what they count, in which groups, and which records enter them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Literal

from handlers.core.codec import to_json
from handlers.core.dedup import Dedup
from handlers.core.digest import digest
from handlers.core.patterns import fields_of
from handlers.core.record_pattern import RecordPattern
from handlers.core.severity import Severity

CALLS = "calls"
"""The one step of a rule that is no sequence."""

_OUTCOMES = frozenset({("facts", "failed"), ("facts", "denied"), ("errorCode",)})


@dataclass(frozen=True, slots=True)
class Threshold:
    """How many of what make a window hold.

    `event_count`: so many calls. `value_count`: so many different values at the path `of`. `temporal`: a call
    of each step, in any order; `at_least` is how many steps there are.
    """

    kind: Literal["event_count", "value_count", "temporal"]
    at_least: int
    within: int
    """The length of the window in seconds."""
    of: str | None = None


@dataclass(frozen=True, slots=True)
class NewTerms:
    """The values at the paths `of`, taken together, are new to the group."""

    of: tuple[str, ...]
    forget_after: timedelta
    """A term that was not seen for so long is new again."""
    learn: timedelta
    """For so long after its first record, a group learns terms in silence."""


@dataclass(frozen=True)
class WindowedRule:
    """A named judgement on several calls; either `threshold` or `new_terms` says when it holds."""

    name: str
    category: str
    severity: Severity
    why: str
    steps: Mapping[str, RecordPattern]
    """What enters: the steps of a sequence, else the pattern of `CALLS` alone."""
    group_by: tuple[str, ...]
    """Dotted paths: records with the same values there share a window."""
    threshold: Threshold | None = None
    new_terms: NewTerms | None = None
    list_path: str | None = None
    """The path of `group_by` that is a list: each of its values is a group of its own."""
    title: str | None = None
    """What the calls did together, for a headline: a template with `count`, `within` and `subject`."""
    runbook: tuple[str, ...] = ()
    attack: tuple[str, ...] = ()
    built_in: bool = False
    """From the catalog: circumstances and known automation move its severity."""
    dedup: Dedup | None = None
    """None where the severity decides."""
    notify: bool = True
    """False for a trial: it is counted and logged, and nobody is told."""

    @property
    def paths(self) -> frozenset[str]:
        """Every path that is read of a record that enters."""
        of = self.new_terms.of if self.new_terms is not None else ()
        counted = self.threshold.of if self.threshold is not None else None
        return frozenset({*self.group_by, *of, *([counted] if counted is not None else [])})

    @property
    def follows_actor(self) -> bool:
        """Whether all calls of a group are one actor's."""
        return "facts.actor.id" in self.group_by

    @property
    def leaves_automation_out(self) -> bool:
        """Whether routine work of known automation stays out of the count."""
        return self.built_in and self.threshold is not None and self.threshold.kind != "temporal"

    @cached_property
    def failure_steps(self) -> frozenset[str]:
        """The steps that failed calls enter too, because their patterns look at the outcome."""
        return frozenset(
            step
            for step, pattern in self.steps.items()
            if any(field.path in _OUTCOMES for field in fields_of(pattern.nodes))
        )

    @cached_property
    def definition(self) -> str:
        """A digest of the name and of all that decides.

        It keeps state of another rule, or of another definition of this one, apart.
        """
        decides = (self.steps, self.threshold, self.new_terms, self.group_by)
        return digest(self.name, json.dumps([to_json(each) for each in decides], sort_keys=True))
