"""From config and catalog to the ruleset, which Lambda loads without YAML or pydantic."""

from __future__ import annotations

import pathlib
from collections.abc import Iterable, Mapping

from handlers.core import ruleset as compiled
from handlers.core.allow_lists import AllowLists
from handlers.core.automation import Automation
from handlers.core.circumstances import Circumstance as CompiledCircumstance
from handlers.core.dedup import Dedup
from handlers.core.destinations import Destination
from handlers.core.operations import split_operation
from handlers.core.record_pattern import RecordPattern
from handlers.core.severity import Severity
from rulebook.any_operation import AnyOperation, Circumstance, load_any_operation
from rulebook.api_models import docs_of, parameters_with_capitals
from rulebook.catalog import Entry, Escalation
from rulebook.compile_windows import compile_windowed_rules
from rulebook.config import Config, CustomRule, KnownAutomation, Override, effective_severity, load_config
from rulebook.config.context import READ, UNCATALOGUED
from rulebook.services import SERVICES
from rulebook.titles import UNNAMED, make_title, title_of_failure
from rulebook.windowed_rules import kind_of


def compile_file(path: str | pathlib.Path, catalog: Mapping[str, Entry]) -> compiled.Ruleset:
    """The ruleset of a config file and all built-in judgements; see `load_config` and `compile_ruleset`.

    Raises `RulebookError` with every fault.
    """
    return compile_ruleset(load_config(path, catalog), catalog, load_any_operation())


def compile_ruleset(
    config: Config, catalog: Mapping[str, Entry], any_operation: AnyOperation
) -> compiled.Ruleset:
    """The ruleset of a checked config; the same input gives the same ruleset.

    Services that config leaves out have no rules. Escalations that would not raise the operator's severity
    are left out.
    """
    defaults, lists = config.defaults, config.allow_lists
    services = frozenset(service.prefix for service in config.watch.judged)
    return compiled.Ruleset(
        services=services,
        catalog_rules={
            operation: _catalog_rule(operation, entry, config.operations.get(operation))
            for operation, entry in sorted(catalog.items())
            if split_operation(operation)[0] in services
        },
        uncatalogued=_rule_without_entry(UNCATALOGUED, any_operation.uncatalogued, defaults.uncatalogued),
        reads=_rule_without_entry(READ, any_operation.reads, defaults.reads if config.watch.reads else "off"),
        circumstances=tuple(_circumstance(name, each) for name, each in any_operation.circumstances.items()),
        destinations={
            name: Destination(
                name=name,
                kind="sns" if each.slack is None else "slack",
                secret=each.slack,
                test_host=config.slack_test_host if each.slack is not None else None,
                topic=None if each.sns == "create" else each.sns,
                dedup=each.dedup,
                form=each.format or "alert",
                kms_key=each.kms_key,
            )
            for name, each in sorted(config.destinations.items())
        },
        routes=tuple(each.compiled() for each in config.routes),
        custom_rules=tuple(
            _custom_rule(rule, rule.match)
            for rule in config.rules
            if rule.match is not None and kind_of(rule) is None
        ),
        windowed_rules=compile_windowed_rules(config),
        watches_reads=config.watch.reads,
        automation=tuple(_automation(each, defaults.minimum_severity) for each in config.known_automation),
        suppressions=tuple(
            compiled.Suppression(each.name, RecordPattern(each.match), each.reason, each.until)
            for each in config.suppressions
        ),
        allow_lists=AllowLists(
            accounts=frozenset(lists.accounts),
            buckets=frozenset(lists.buckets),
            domains=frozenset(lists.domains),
        ),
        minimum_severity=defaults.minimum_severity,
        dedup=defaults.dedup.by_severity(),
        account_names=config.aliases.accounts,
        region_names=config.aliases.regions,
        operators=config.operators.to,
        enrich=config.enrich,
    )


def _catalog_rule(operation: str, entry: Entry, override: Override | None) -> compiled.Rule:
    service, event_name = split_operation(operation)
    changed = override.escalate if override is not None else None
    return _rule(
        operation,
        entry,
        severity=effective_severity(entry, override),
        escalations=entry.escalate if changed is None else changed,
        off=override is not None and override.severity == "off",
        dedup=None if override is None or override.dedup is None else override.dedup.compiled,
        capitals=parameters_with_capitals(SERVICES[service], event_name),
        title=entry.title or make_title(event_name),
        docs=docs_of(SERVICES[service], event_name),
    )


def _rule_without_entry(name: str, entry: Entry, severity: str) -> compiled.Rule:
    """The rule of operations without an entry, at the operator's severity."""
    off = severity == "off"
    base = entry.severity if off else Severity(severity)
    return _rule(name, entry, severity=base, escalations=entry.escalate, off=off, capitals=None)


def _rule(
    name: str,
    entry: Entry,
    *,
    severity: Severity,
    escalations: Iterable[Escalation],
    off: bool,
    capitals: frozenset[str] | None,
    title: str = UNNAMED,
    docs: str | None = None,
    dedup: Dedup | None = None,
) -> compiled.Rule:
    return compiled.Rule(
        name=name,
        category=entry.category,
        severity=severity,
        subject=entry.subject,
        why=entry.why,
        title=title,
        tried=title_of_failure(title) or title,
        shown=entry.shown,
        escalations=_escalations(each for each in escalations if each.to > severity),
        runbook=entry.runbook,
        attack=entry.attack,
        dedup=dedup,
        off=off,
        capitals=capitals,
        docs=docs,
    )


def _custom_rule(rule: CustomRule, match: Mapping[str, object]) -> compiled.CustomRule:
    return compiled.CustomRule(
        name=rule.name,
        match=RecordPattern(match),
        severity=rule.severity,
        why=rule.why,
        title=rule.title,
        escalations=_escalations(rule.escalate),
        category=rule.category,
        subject=rule.subject,
        shown=rule.shown,
        runbook=rule.runbook,
        attack=rule.attack,
        dedup=None if rule.dedup is None else rule.dedup.compiled,
    )


def _escalations(escalations: Iterable[Escalation]) -> tuple[compiled.Escalation, ...]:
    return tuple(
        compiled.Escalation(RecordPattern(each.when), each.to, each.why, each.title) for each in escalations
    )


def _circumstance(name: str, circumstance: Circumstance) -> CompiledCircumstance:
    return CompiledCircumstance(
        name=name,
        when=RecordPattern(circumstance.when),
        at_least=circumstance.at_least,
        at_most=circumstance.at_most,
        why=circumstance.why,
        attack=circumstance.attack,
    )


def _automation(automation: KnownAutomation, minimum: Severity) -> Automation:
    roles = [{"wildcard": role} if "*" in role else role for role in automation.roles]
    return Automation(
        name=automation.name,
        when=RecordPattern({"facts": {"actor": {"id": roles}}}),
        operations=None if automation.operations is None else frozenset(automation.operations),
        at_most=automation.at_most or max(Severity.LOW, minimum),
        reason=automation.reason,
    )
