"""From config and catalog to the ruleset: the small JSON that Lambda loads without YAML or pydantic."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable, Mapping

from handlers.core.severity import Severity
from rulebook.any_operation import AnyOperation, Circumstance, load_any_operation
from rulebook.catalog import Entry, Escalation
from rulebook.config import Config, Destination, Override, effective_severity, load_config
from rulebook.faults import Fault
from rulebook.services import SERVICES


def compile_file(
    path: str | pathlib.Path,
    catalog: Mapping[str, Entry],
    *,
    warn: Callable[[Fault], object] = lambda _: None,
) -> dict[str, object]:
    """The ruleset of a config file and all built-in judgements; see `load_config` and `compile_ruleset`.

    Raises `RulebookError` with every fault.
    """
    return compile_ruleset(load_config(path, catalog, warn=warn), catalog, load_any_operation())


def compile_ruleset(
    config: Config, catalog: Mapping[str, Entry], any_operation: AnyOperation
) -> dict[str, object]:
    """The ruleset of a checked config, as plain JSON data; the same input gives the same output.

    An operation that is `off` has no rule, and is named so that it is not taken for an unknown one.
    Escalations that would not raise the operator's own severity are left out. Without routes, every
    severity goes to every destination.
    """
    return {
        "version": 1,
        "rules": [
            _rule(operation, entry, config.operations.get(operation))
            for operation, entry in sorted(catalog.items())
            if not _is_off(config.operations.get(operation))
        ],
        "off": [
            _keys(operation) for operation in sorted(catalog) if _is_off(config.operations.get(operation))
        ],
        "event_sources": {
            source: service.prefix for service in SERVICES.values() for source in service.event_sources
        },
        "circumstances": [_circumstance(name, each) for name, each in any_operation.circumstances.items()],
        "uncatalogued": {"name": "uncatalogued-operation", **_judgement(any_operation.uncatalogued)},
        "minimum_severity": config.defaults.minimum_severity.value,
        "destinations": {name: _destination(each) for name, each in sorted(config.destinations.items())},
        "routes": _routes(config),
        "slack_test_host": config.slack_test_host,
    }


def serialise_ruleset(ruleset: Mapping[str, object]) -> str:
    """The ruleset as one line of JSON whose bytes change only when the ruleset does."""
    return json.dumps(ruleset, sort_keys=True, separators=(",", ":"), allow_nan=False) + "\n"


def _is_off(override: Override | None) -> bool:
    return override is not None and override.severity == "off"


def _rule(operation: str, entry: Entry, override: Override | None) -> dict[str, object]:
    severity = effective_severity(entry, override)
    own = override.escalate if override is not None else None
    escalations = entry.escalate if own is None else own
    return {
        "name": operation,
        **_keys(operation),
        **_judgement(entry),
        "severity": severity.value,
        "escalate": [_escalation(each) for each in escalations if each.to > severity],
    }


def _keys(operation: str) -> dict[str, object]:
    prefix, _, event_name = operation.partition(":")
    return {"event_sources": list(SERVICES[prefix].event_sources), "event_name": event_name}


def _judgement(entry: Entry) -> dict[str, object]:
    return {
        "category": entry.category,
        "severity": entry.severity.value,
        "subject": entry.subject,
        "shown": list(entry.shown),
        "why": entry.why,
        "escalate": [_escalation(each) for each in entry.escalate],
        "runbook": list(entry.runbook),
        "attack": list(entry.attack),
    }


def _escalation(escalation: Escalation) -> dict[str, object]:
    return {"when": dict(escalation.when), "to": escalation.to.value, "why": escalation.why}


def _circumstance(name: str, circumstance: Circumstance) -> dict[str, object]:
    return {
        "name": name,
        "when": dict(circumstance.when),
        "at_least": circumstance.at_least.value if circumstance.at_least else None,
        "at_most": circumstance.at_most.value if circumstance.at_most else None,
        "why": circumstance.why,
        "attack": list(circumstance.attack),
    }


def _destination(destination: Destination) -> dict[str, object]:
    if destination.slack is not None:
        return {"kind": "slack", "secret": destination.slack}
    return {"kind": "sns"}


def _routes(config: Config) -> list[dict[str, object]]:
    if config.routes is None:
        everything = [severity.value for severity in sorted(Severity, reverse=True)]
        return [{"severity": everything, "to": sorted(config.destinations)}]
    return [
        {"severity": [severity.value for severity in route.severity], "to": list(route.to)}
        for route in config.routes
    ]
