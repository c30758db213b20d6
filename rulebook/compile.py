"""From config and catalog to the ruleset: the small JSON that Lambda loads without YAML or pydantic."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from handlers.core.severity import Severity
from rulebook.any_operation import AnyOperation, Circumstance, load_any_operation
from rulebook.catalog import Entry, Escalation
from rulebook.config import (
    Config,
    Destination,
    KnownAutomation,
    Override,
    OwnRule,
    Route,
    effective_severity,
    load_config,
)
from rulebook.config.surroundings import READ, UNCATALOGUED
from rulebook.services import RUNNING, SERVICES, Service


def compile_file(path: str | pathlib.Path, catalog: Mapping[str, Entry]) -> dict[str, object]:
    """The ruleset of a config file and all built-in judgements; see `load_config` and `compile_ruleset`.

    Raises `RulebookError` with every fault.
    """
    return compile_ruleset(load_config(path, catalog), catalog, load_any_operation())


def watched_services(config: Config) -> tuple[Service, ...]:
    """The services whose events the rule catches: those that config names, else all that AWS still runs."""
    if config.watch.services is not None:
        return tuple(SERVICES[name] for name in config.watch.services)
    return RUNNING


def compile_ruleset(
    config: Config, catalog: Mapping[str, Entry], any_operation: AnyOperation
) -> dict[str, object]:
    """The ruleset of a checked config, as plain JSON data; the same input gives the same output.

    Services that config leaves out have no rules. Escalations that would not raise the operator's own
    severity are left out. Without routes, every severity goes to every destination.
    """
    defaults = config.defaults
    judged = [
        service
        for service in SERVICES.values()
        if config.watch.services is None or service.prefix in config.watch.services
    ]
    prefixes = {service.prefix for service in judged}
    reads = defaults.reads if config.watch.read_only else "off"
    return {
        "version": 1,
        "rules": [
            _rule(operation, entry, config.operations.get(operation))
            for operation, entry in sorted(catalog.items())
            if operation.partition(":")[0] in prefixes
        ],
        "own_rules": [_own_rule(rule, judged) for rule in config.rules],
        "event_sources": {source: service.prefix for service in judged for source in service.event_sources},
        "circumstances": [_circumstance(name, each) for name, each in any_operation.circumstances.items()],
        "automation": [_automation(each, defaults.minimum_severity) for each in config.known_automation],
        "suppressions": [
            {
                "name": each.name,
                "match": dict(each.match),
                "reason": each.reason,
                "until": each.until.isoformat(),
            }
            for each in config.suppressions
        ],
        "uncatalogued": _unknown(UNCATALOGUED, any_operation.uncatalogued, defaults.uncatalogued),
        "reads": _unknown(READ, any_operation.reads, reads),
        "own": {
            "accounts": sorted(config.own.accounts),
            "buckets": sorted(config.own.buckets),
            "domains": sorted(config.own.domains),
        },
        "minimum_severity": defaults.minimum_severity.value,
        "dedup_windows": {
            severity.value: int(window.total_seconds()) for severity, window in defaults.dedup_window.items()
        },
        "destinations": {name: _destination(each) for name, each in sorted(config.destinations.items())},
        "routes": _routes(config),
        "account_names": dict(sorted(config.aliases.accounts.items())),
        "region_names": dict(sorted(config.aliases.regions.items())),
        "slack_test_host": config.slack_test_host,
    }


def serialise_ruleset(ruleset: Mapping[str, object]) -> str:
    """The ruleset as one line of JSON whose bytes change only when the ruleset does."""
    return json.dumps(ruleset, sort_keys=True, separators=(",", ":"), allow_nan=False) + "\n"


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
        "off": override is not None and override.severity == "off",
    }


def _unknown(name: str, entry: Entry, severity: str) -> dict[str, object]:
    """The rule of operations without an entry, at the operator's severity."""
    judgement = _judgement(entry)
    off = severity == "off"
    return {"name": name, **judgement, "severity": judgement["severity"] if off else severity, "off": off}


def _own_rule(rule: OwnRule, judged: Sequence[Service]) -> dict[str, object]:
    return {
        "name": rule.name,
        "match": dict(rule.match),
        "operations": _operations_of(rule.match, judged),
        "category": rule.category,
        "severity": rule.severity.value,
        "subject": rule.subject,
        "shown": list(rule.shown),
        "why": rule.why,
        "escalate": [_escalation(each) for each in rule.escalate],
        "runbook": list(rule.runbook),
        "attack": list(rule.attack),
    }


def _operations_of(match: Mapping[str, Any], judged: Iterable[Service]) -> list[dict[str, object]] | None:
    """The operations under which a rule is looked up; None when its pattern does not name them plainly."""
    names = match.get("eventName")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return None
    sources = [source for service in judged for source in service.event_sources]
    return [{"event_sources": sources, "event_name": name} for name in sorted(set(names))]


def _automation(automation: KnownAutomation, minimum: Severity) -> dict[str, object]:
    at_most = automation.at_most or max(Severity.LOW, minimum)
    roles = [{"wildcard": role} if "*" in role else role for role in automation.roles]
    operations = automation.operations
    return {
        "name": automation.name,
        "when": {"facts": {"actor": {"id": roles}}},
        "operations": None if operations is None else [_keys(operation) for operation in operations],
        "at_most": at_most.value,
        "reason": automation.reason,
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
    return {"kind": "sns", "topic": None if destination.sns == "create" else destination.sns}


def _routes(config: Config) -> list[dict[str, object]]:
    if config.routes is None:
        return [_route(None, tuple(sorted(config.destinations)))]
    return [_route(route, route.to) for route in config.routes]


def _route(route: Route | None, to: Sequence[str]) -> dict[str, object]:
    severities = route.severity if route is not None and route.severity else sorted(Severity, reverse=True)
    return {
        "severity": [severity.value for severity in severities],
        "match": dict(route.match) if route is not None and route.match is not None else None,
        "to": list(to),
    }
