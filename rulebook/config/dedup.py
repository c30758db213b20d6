"""How alerts are held back: `dedup` in defaults, on rules and on destinations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from handlers.core.dedup import OFF, Dedup
from handlers.core.severity import Severity
from rulebook.config.section import Section
from rulebook.durations import DedupSpan
from rulebook.faults import Place
from rulebook.validation import refuse

MOST_AT_ONCE = 100
_EXAMPLE = "{window: 10m, first: 1}"
_TEN_MINUTES = 600
DEFAULTS: Mapping[Severity, Dedup] = {
    severity: Dedup(_TEN_MINUTES, {Severity.CRITICAL: 5, Severity.HIGH: 3}.get(severity, 1))
    for severity in Severity
}
"""What holds where the config says nothing."""


def _first(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_AT_ONCE:
        raise refuse(((), f"write a whole number from 1 to {MOST_AT_ONCE}; `dedup: off` tells every alert"))
    return value


FirstFew: TypeAlias = Annotated[
    int,
    BeforeValidator(_first),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MOST_AT_ONCE}),
]


class DedupOf(Section):
    """Of each kind of alert the first few in a window are told at once, the others in a rollup."""

    window: Annotated[DedupSpan, Field(examples=["window: 10m"])]
    first: Annotated[FirstFew, Field(examples=["first: 1"])]
    """How many are told at once."""

    @property
    def compiled(self) -> Dedup:
        """As the functions know it."""
        return Dedup(int(self.window.total_seconds()), self.first)


_OFF = DedupOf.model_construct(window=timedelta(0), first=OFF.first)


def _off_or_window(value: object) -> object:
    if value == "off":
        return _OFF
    if not isinstance(value, dict | DedupOf):
        raise refuse(((), f"write `off`, or a window and how many are told at once, such as `{_EXAMPLE}`"))
    return value


DedupValue: TypeAlias = Annotated[DedupOf, BeforeValidator(_off_or_window)]


class DedupDefaults(Section):
    """One value for all severities, `off`, or a value for some of them."""

    window: DedupSpan | None = None
    first: FirstFew | None = None
    """How many are told at once."""
    critical: DedupValue | None = None
    high: DedupValue | None = None
    medium: DedupValue | None = None
    low: DedupValue | None = None
    informational: DedupValue | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_form(cls, value: object) -> object:
        if value == "off":
            return dict.fromkeys((each.value for each in Severity), _OFF)
        if not isinstance(value, dict):
            raise refuse(((), f"write `off`, `{_EXAMPLE}`, or such a value for each severity"))
        return value

    @model_validator(mode="after")
    def _not_both(self) -> DedupDefaults:
        given = {key for key in ("window", "first") if getattr(self, key) is not None}
        severities = sorted(self.model_fields_set - {"window", "first"})
        faults: list[tuple[Place, str]] = []
        if given and severities:
            why = (
                f"stands beside a severity; give each severity a value, such as `{severities[0]}: {_EXAMPLE}`"
            )
            faults = [((key,), why) for key in sorted(given)]
        elif len(given) == 1:
            missing = ({"window", "first"} - given).pop()
            faults = [((), f"has no `{missing}`; write both, such as `{_EXAMPLE}`")]
        if faults:
            raise refuse(*faults)
        return self

    def by_severity(self) -> Mapping[Severity, Dedup]:
        """For each severity, as the functions know it."""
        if self.window is not None and self.first is not None:
            return dict.fromkeys(Severity, Dedup(int(self.window.total_seconds()), self.first))
        own: Mapping[Severity, DedupOf | None] = {each: getattr(self, each.value) for each in Severity}
        return {each: DEFAULTS[each] if found is None else found.compiled for each, found in own.items()}


def _archive(value: object) -> bool:
    if value != "off":
        advice = "defaults and rules have windows; a destination knows `off` alone: every alert at once"
        raise refuse(((), advice))
    return False


Archive: TypeAlias = Annotated[bool, BeforeValidator(_archive), WithJsonSchema({"const": "off"})]
