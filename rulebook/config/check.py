"""Everything that is wrong with a config file, at once: each section by its model, and what concerns several.

Every fault is told as `FILE:LINE:COL: PATH: what is wrong and what to do`, with the nearest valid name where
there is one. Text of the file that could be a secret is never repeated.
"""

from __future__ import annotations

import pathlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from handlers.core.operations import split_operation
from handlers.core.record import as_mapping
from rulebook.catalog import Entry
from rulebook.config.context import Context, as_list, names_in, read_context
from rulebook.config.dead_patterns import never_matches
from rulebook.config.environment import destinations_that_fit
from rulebook.config.lint import lint_config
from rulebook.config.model import Config
from rulebook.config.overbroad import silenced_by
from rulebook.config.windows import windowed_faults
from rulebook.faults import ConfigError, Fault, Place, SourceError, quoted
from rulebook.secret_names import PASTED_IN_TEXT, holds_secret
from rulebook.source import Source, read_source
from rulebook.validation import checked

_NAMED = ("rules", "suppressions", "known_automation")


@dataclass(frozen=True)
class CheckedConfig:
    """What a look at a config file found. `config` is None exactly when there are faults;
    `warnings` are places that work today and may surprise tomorrow.
    """

    config: Config | None
    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...]

    def require(self) -> Config:
        """The config. Raises `ConfigError` with every fault, in file order, when it has some."""
        if self.config is None:
            raise ConfigError(self.faults)
        return self.config


def check_config(
    path: str | pathlib.Path, catalog: Mapping[str, Entry], *, today: date | None = None
) -> CheckedConfig:
    """Look at a config file and say everything about it. Never raises.

    `today` is the day (UTC) by which suppressions are found to have ended; without it that is not looked at.
    """
    try:
        source = read_source(path)
    except SourceError as error:
        return CheckedConfig(None, error.faults, ())
    return check_source(source, catalog, today=today)


def check_source(source: Source, catalog: Mapping[str, Entry], *, today: date | None = None) -> CheckedConfig:
    """Look at a config that was read and say everything about it, as `check_config`."""
    context = read_context(source.data, catalog)
    config, wrong = checked(Config, source, context=context)
    across = [source.fault(place, message) for place, message in _across(source.data, context)]
    faults = tuple(sorted({*source.faults, *wrong, *across, *_secrets(source)}))
    if config is None or faults:
        return CheckedConfig(None, faults, ())
    warnings = [
        source.fault(each.path, each.message, at_key=each.at_key)
        for each in lint_config(config, context, today)
    ]
    return CheckedConfig(config, (), tuple(sorted(warnings)))


def load_config(path: str | pathlib.Path, catalog: Mapping[str, Entry]) -> Config:
    """The config in a file. Raises `ConfigError` with every fault, in file order."""
    return check_config(path, catalog).require()


def _across(data: Mapping[str, object], context: Context) -> Iterator[tuple[Place, str]]:
    """What is wrong between the sections, in a file that may be faulty anywhere."""
    yield from _repeated_names(data)
    yield from _destinations_that_do_not_fit(data)
    yield from _dead_patterns(data, context)
    yield from _broad(data, context)


def _repeated_names(data: Mapping[str, object]) -> Iterator[tuple[Place, str]]:
    for section in _NAMED:
        seen: dict[str, int] = {}
        for position, name in names_in(data.get(section)):
            if name in seen:
                message = f"the name {quoted(name)} stands at {section}.{seen[name]} already; choose another"
                yield (section, position, "name"), message
            seen.setdefault(name, position)
    operations: set[str] = set()
    for typed in as_mapping(data.get("operations")):
        operation = ":".join(split_operation(str(typed)))
        if operation in operations:
            yield ("operations", typed), f"is written twice, in both spellings; keep {operation}"
        operations.add(operation)


def _destinations_that_do_not_fit(data: Mapping[str, object]) -> Iterator[tuple[Place, str]]:
    names = [str(name) for name in as_mapping(data.get("destinations"))]
    fitting = len(destinations_that_fit(dict.fromkeys(names)))
    if fitting < len(names):
        place, most = f"is destination number {fitting + 1}", f"{fitting} fit into a stack"
        yield ("destinations", names[fitting]), f"{place}; {most}; send more to fewer destinations"


def _dead_patterns(data: Mapping[str, object], context: Context) -> Iterator[tuple[Place, str]]:
    for section in ("rules", "suppressions", "routes"):
        for position, item in enumerate(as_list(data.get(section))):
            match = as_mapping(item).get("match")
            for path, message in never_matches(match, context, sees_finding=section != "rules"):
                yield (section, position, "match", *path), message
            yield from _dead_escalations(item, context, (section, position), within=match)
    for position, item in enumerate(as_list(data.get("rules"))):
        if isinstance(item, dict):
            for path, message in windowed_faults(item, context):
                yield ("rules", position, *path), message
    for typed, override in as_mapping(data.get("operations")).items():
        operation = ":".join(split_operation(typed)) if isinstance(typed, str) else ""
        if operation in context.catalog:
            yield from _dead_escalations(override, context, ("operations", typed), operation=operation)


def _dead_escalations(
    item: object, context: Context, place: Place, *, operation: str | None = None, within: object = None
) -> Iterator[tuple[Place, str]]:
    for position, escalation in enumerate(as_list(as_mapping(item).get("escalate"))):
        when = as_mapping(escalation).get("when")
        for path, message in never_matches(when, context, operation=operation, within=within):
            yield (*place, "escalate", position, "when", *path), message


def _broad(data: Mapping[str, object], context: Context) -> Iterator[tuple[Place, str]]:
    advice = "name an operation, a caller, a resource or an address, or write `broad: true` if that is meant"
    for position, item in enumerate(as_list(data.get("suppressions"))):
        suppression = as_mapping(item)
        if suppression.get("broad") is not True:
            silenced = silenced_by(suppression.get("match"), context.catalog)
            if silenced is not None:
                yield ("suppressions", position, "match"), f"would silence {silenced}; {advice}"
    for position, item in enumerate(as_list(data.get("known_automation"))):
        for number, role in enumerate(as_list(as_mapping(item).get("roles"))):
            pattern = {"facts": {"actor": {"id": [{"wildcard": role}]}}}
            if isinstance(role, str) and silenced_by(pattern, context.catalog) is not None:
                yield (
                    ("known_automation", position, "roles", number),
                    "stands for every role or user of the account; name those that you know",
                )


def _secrets(source: Source) -> Iterator[Fault]:
    for path in source.keys:
        if holds_secret(str(path[-1])):
            yield source.fault(path, PASTED_IN_TEXT, at_key=True)
    pending: list[tuple[Place, object]] = [((), source.data)]
    while pending:
        path, value = pending.pop()
        if isinstance(value, dict):
            pending.extend(((*path, key), inner) for key, inner in value.items())
        elif isinstance(value, list):
            pending.extend(((*path, position), inner) for position, inner in enumerate(value))
        elif isinstance(value, str) and path[-1] != "slack" and holds_secret(value):
            yield source.fault(path, PASTED_IN_TEXT)
