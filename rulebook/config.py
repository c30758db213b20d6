"""The operator's one file, `config/alerts.yaml`: its model, and every fault of it at once.

Every fault is told as `FILE:LINE:COL: PATH: what is wrong and what to do`, with the nearest
valid name where there is one. Text of the file that could be a secret is never repeated.
"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from handlers.core.severity import Severity
from rulebook.catalog import Entry, Escalation, not_above
from rulebook.faults import ConfigError, Fault, Path, SourceError, did_you_mean, quoted
from rulebook.secret_names import secret_name_fault, secret_name_warning
from rulebook.source import Source, read_source
from rulebook.validation import Items, SeverityName, Strict, checked, refuse

_DESTINATION_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}", re.ASCII)


@dataclass(frozen=True)
class _Known:
    """The names that a config may refer to; None where they can not be told."""

    operations: Mapping[str, Entry]
    destinations: tuple[str, ...] | None


def _known(info: ValidationInfo) -> _Known:
    return cast("_Known", info.context)


def _version(value: object) -> object:
    # Pydantic's Literal[1] takes `true` and `1.0` too: in Python they equal 1.
    if type(value) is not int or value != 1:
        raise refuse(((), "must be the number 1, the only version there is"))
    return value


def _operation(name: str, info: ValidationInfo) -> str:
    operations = _known(info).operations
    if name not in operations:
        hint = did_you_mean(name, operations)
        raise refuse(((), f"the catalog knows no such operation{hint}"))
    return name


def _destination_name(name: str) -> str:
    if not _DESTINATION_NAME.fullmatch(name):
        advice = "a destination's name has up to 40 small letters, digits and hyphens, a letter first"
        raise refuse(((), advice))
    return name


def _routed_to(name: str, info: ValidationInfo) -> str:
    destinations = _known(info).destinations
    if destinations is not None and name not in destinations:
        known = ", ".join(each for each in destinations if _DESTINATION_NAME.fullmatch(each)) or "none"
        hint = did_you_mean(name, destinations)
        raise refuse(((), f"no destination has the name {quoted(name)}; known are {known}{hint}"))
    return name


def _secret_name(value: str) -> str:
    if (wrong := secret_name_fault(value)) is not None:
        raise refuse(((), wrong))
    return value


class _Section(Strict):
    """A part of the file. A key without a value is a slip, not a way to say "default"."""

    @field_validator("*", mode="before")
    @classmethod
    def _has_value(cls, value: object) -> object:
        if value is None:
            raise refuse(((), "has no value; write one, or delete the line"))
        return value


class Defaults(_Section):
    """What holds where nothing else is said; findings below `minimum_severity` are not told."""

    minimum_severity: SeverityName = Severity.LOW


class Override(_Section):
    """The operator's own judgement of an operation.

    `severity` replaces the catalog's base (`off`: no rule at all), and the catalog's escalations
    still raise it; `escalate` replaces those, and an empty list drops them.
    """

    severity: Literal["off", "informational", "low", "medium", "high", "critical"] | None = None
    escalate: Annotated[tuple[Escalation, ...], Items] | None = None

    @model_validator(mode="before")
    @classmethod
    def _under_its_key(cls, value: object) -> object:
        if isinstance(value, str):
            raise refuse(((), "write the severity under its key, such as `{severity: off}`"))
        return value

    @model_validator(mode="after")
    def _says_something(self) -> Override:
        if self.severity is None and self.escalate is None:
            raise refuse(((), "changes nothing; write `severity:` or `escalate:`, or delete the line"))
        if self.severity == "off" and self.escalate:
            advice = "an operation that is `off` can not escalate; give it a severity, or delete this"
            raise refuse((("escalate",), advice))
        return self


class Destination(_Section):
    """A place that alerts go to: a Slack channel (by where its webhook URL is kept) or an SNS topic."""

    slack: Annotated[str, AfterValidator(_secret_name)] | None = None
    sns: Literal["create"] | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Destination:
        if (self.slack is None) == (self.sns is None):
            count = "neither" if self.slack is None else "both"
            advice = "write either `slack: ssm:/thingwatch/slack/NAME` or `sns: create`"
            raise refuse(((), f"{advice}; here are {count}"))
        return self


class Route(_Section):
    """Which severities go to which destinations."""

    severity: Annotated[tuple[SeverityName, ...], Field(strict=False, min_length=1)]
    to: Annotated[tuple[Annotated[str, AfterValidator(_routed_to)], ...], Field(strict=False, min_length=1)]

    @field_validator("severity", "to")
    @classmethod
    def _each_once(cls, items: tuple[Any, ...]) -> tuple[Any, ...]:
        repeated = [position for position, item in enumerate(items) if item in items[:position]]
        if repeated:
            raise refuse(*(((position,), "stands twice in this list; keep one") for position in repeated))
        return items


class Config(_Section):
    """A config that was checked. `routes` is None when the file has none: everything goes everywhere."""

    version: Annotated[Literal[1], BeforeValidator(_version), Field(examples=["version: 1"])]
    defaults: Defaults = Defaults()
    operations: Mapping[Annotated[str, AfterValidator(_operation)], Override] = {}
    destinations: Annotated[
        Mapping[Annotated[str, AfterValidator(_destination_name)], Destination],
        Field(min_length=1, examples=["destinations: {audit: {sns: create}}"]),
    ]
    routes: Annotated[tuple[Route, ...], Items] | None = None
    slack_test_host: Literal["127.0.0.1", "::1", "localhost"] | None = None

    @field_validator("destinations")
    @classmethod
    def _stay_apart_as_outputs(cls, destinations: Mapping[str, Destination]) -> Mapping[str, Destination]:
        # The stack's outputs carry these names, and CloudFormation takes no hyphen there.
        bare = [name.replace("-", "") for name in destinations]
        faults = [
            ((name,), "differs from another destination by its hyphens alone; choose another name")
            for position, name in enumerate(destinations)
            if bare[position] in bare[:position]
        ]
        if faults:
            raise refuse(*faults)
        return destinations

    @field_validator("operations")
    @classmethod
    def _escalations_only_raise(
        cls, overrides: Mapping[str, Override], info: ValidationInfo
    ) -> Mapping[str, Override]:
        faults: list[tuple[Path, str]] = []
        for operation, override in overrides.items():
            if override.escalate and override.severity != "off":
                base = effective_severity(_known(info).operations[operation], override)
                for path, message in not_above(base, override.escalate):
                    faults.append(((operation, "escalate", *path), message))
        if faults:
            raise refuse(*faults)
        return overrides

    @field_validator("routes")
    @classmethod
    def _nothing_is_lost(cls, routes: tuple[Route, ...], info: ValidationInfo) -> tuple[Route, ...]:
        defaults = info.data.get("defaults")
        if defaults is not None:
            taken = {severity for route in routes for severity in route.severity}
            lost = [
                each.value for each in Severity if each >= defaults.minimum_severity and each not in taken
            ]
            if lost:
                names = ", ".join(lost)
                advice = "add it to a route, or raise defaults.minimum_severity above it"
                raise refuse(((), f"no route takes {names}, so such alerts would reach nobody; {advice}"))
        return routes


def effective_severity(entry: Entry, override: Override | None) -> Severity:
    """The base severity of an operation that is not off: the operator's, else the catalog's."""
    if override is None or override.severity is None:
        return entry.severity
    return Severity(override.severity)


@dataclass(frozen=True)
class CheckedConfig:
    """What a look at a config file found. `config` is None exactly when there are faults;
    `warnings` are places that work today and may surprise tomorrow.
    """

    config: Config | None
    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...]


def check_config(path: str | pathlib.Path, catalog: Mapping[str, Entry]) -> CheckedConfig:
    """Look at a config file and say everything about it. Never raises."""
    try:
        source = read_source(path)
    except SourceError as error:
        return CheckedConfig(None, error.faults, ())
    named = source.data.get("destinations")
    known = _Known(catalog, tuple(named) if isinstance(named, dict) else None)
    config, wrong = checked(Config, source, context=known)
    faults = tuple(sorted({*source.faults, *wrong}))
    if config is None or faults:
        return CheckedConfig(None, faults, ())
    return CheckedConfig(config, (), _warnings(config, source))


def load_config(
    path: str | pathlib.Path,
    catalog: Mapping[str, Entry],
    *,
    warn: Callable[[Fault], object] = lambda _: None,
) -> Config:
    """The config in a file; `warn` hears of places that work today and may surprise tomorrow.

    Raises `ConfigError` with every fault, in file order.
    """
    found = check_config(path, catalog)
    if found.config is None:
        raise ConfigError(found.faults)
    for warning in found.warnings:
        warn(warning)
    return found.config


def _warnings(config: Config, source: Source) -> tuple[Fault, ...]:
    routed = {name for route in config.routes or () for name in route.to}
    found: list[Fault] = []
    for name, destination in config.destinations.items():
        if destination.slack is not None and (warning := secret_name_warning(destination.slack)) is not None:
            found.append(source.fault(("destinations", name, "slack"), warning))
        if config.routes is not None and name not in routed:
            advice = "no route names this destination, so it hears of nothing"
            found.append(source.fault(("destinations", name), advice, at_key=True))
    return tuple(found)
