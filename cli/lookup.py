"""What stands behind a name: an operation of the catalog, or a rule over time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cli.operations import entry_data, render_catalog, render_entry
from cli.windowed_rules import render_windowed_rule, render_windowed_rules, windowed_rule_data
from handlers.core.operations import is_read, split_operation
from handlers.core.ruleset import Ruleset
from handlers.core.windowed_rules import WindowedRule
from rulebook.catalog import Entry
from rulebook.compile_windows import compile_built_in
from rulebook.faults import did_you_mean
from rulebook.services import SERVICES
from rulebook.windowed_rules import load_windowed_rules


class UnknownName(Exception):
    """Nothing has this name; the message says which name is near."""


class OnlyReads(Exception):
    """The name is that of an operation that only reads."""


def built_in_rules() -> dict[str, WindowedRule]:
    """The built-in rules over time, by name. Raises `RulebookError`."""
    return {name: compile_built_in(name, rule) for name, rule in load_windowed_rules().items()}


def rules_of(ruleset: Ruleset) -> dict[str, WindowedRule]:
    """The rules over time of a config, and the built-in ones as it tunes them, by name."""
    return {rule.name: rule for rule in ruleset.windowed_rules}


def explain_name(
    typed: str, catalog: Mapping[str, Entry], rules: Mapping[str, WindowedRule], *, as_json: bool
) -> str:
    """An operation or a rule over time for people, or as a line of JSON.

    Raises `UnknownName`, or `OnlyReads`.
    """
    if typed in rules:
        rule = rules[typed]
        return _line(windowed_rule_data(rule)) if as_json else render_windowed_rule(rule)
    prefix, name = split_operation(typed)
    operation = f"{prefix}:{name}"
    if operation in catalog:
        entry = catalog[operation]
        return _line(entry_data(operation, entry)) if as_json else render_entry(operation, entry)
    if prefix in SERVICES and is_read(name):
        raise OnlyReads(f"{operation} only reads: Thingwatch says nothing of it")
    near = did_you_mean(operation if name else typed, (*catalog, *rules))
    raise UnknownName(f"the catalog knows no such operation{near}")


def list_all(catalog: Mapping[str, Entry], rules: Mapping[str, WindowedRule], *, as_json: bool) -> str:
    """Every operation and every rule over time, for people, or a line of JSON each."""
    if as_json:
        return "".join(_all_lines(catalog, rules))
    return f"{render_catalog(catalog)}{render_windowed_rules(rules)}"


def _all_lines(catalog: Mapping[str, Entry], rules: Mapping[str, WindowedRule]) -> Iterator[str]:
    for operation, entry in catalog.items():
        yield _line(entry_data(operation, entry))
    for rule in rules.values():
        yield _line(windowed_rule_data(rule))


def _line(data: Mapping[str, Any]) -> str:
    return json.dumps(data) + "\n"
