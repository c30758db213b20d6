"""What `thingwatch check` says of a config file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from handlers.core.operations import split_operation
from handlers.core.severity import Severity
from handlers.core.text import say_duration
from rulebook.catalog import Entry
from rulebook.config import CheckedConfig, Config
from rulebook.faults import Fault
from rulebook.windowed_rules import kind_of, load_windowed_rules


def check_data(file: str, checked: CheckedConfig) -> dict[str, Any]:
    """What was found, as JSON types."""
    return {
        "file": file,
        "faults": [_fault_data(fault) for fault in checked.faults],
        "warnings": [_fault_data(warning) for warning in checked.warnings],
    }


def _fault_data(fault: Fault) -> dict[str, Any]:
    return {"line": fault.line, "column": fault.column, "path": fault.path, "message": fault.message}


def render_check(file: str, checked: CheckedConfig, catalog: Mapping[str, Entry]) -> str:
    """What a sound file does, and then the warnings; of a faulty one only the faults."""
    if checked.config is None:
        return "".join(f"{fault}\n" for fault in checked.faults)
    lines = [f"{file}: fine", *_summary(checked.config, catalog)]
    if checked.warnings:
        lines += ["", "Worth a look", *(str(warning) for warning in checked.warnings)]
    return "\n".join(lines) + "\n"


def _summary(config: Config, catalog: Mapping[str, Entry]) -> Iterator[str]:
    services = config.watch.watched
    prefixes = {service.prefix for service in services}
    judged = sum(split_operation(operation)[0] in prefixes for operation in catalog)
    off = sum(
        override.severity == "off" and split_operation(operation)[0] in prefixes
        for operation, override in config.operations.items()
    )
    calls = "calls that write and that read" if config.watch.reads else "calls that write"
    yield f"  watches   {', '.join(service.prefix for service in services)}; {calls}"
    over_time = sum(kind_of(rule) is not None for rule in config.rules)
    yield f"  judges    {judged - off} operations{_and_custom(len(config.rules) - over_time)}"
    yield f"  counts    {_rules_over_time(config, over_time)}"
    if config.suppressions or config.known_automation:
        automation, suppressions = len(config.known_automation), len(config.suppressions)
        plural = "" if suppressions == 1 else "s"
        yield f"  quietens  by {automation} known automation and {suppressions} suppression{plural}"
    for severity in sorted(Severity, reverse=True):
        yield f"  {severity.value:<14}{_audience(config, severity)}"


def _and_custom(count: int) -> str:
    return {0: "", 1: " and a custom rule"}.get(count, f" and {count} custom rules")


def _rules_over_time(config: Config, own: int) -> str:
    off = sum(each is None for each in config.thresholds.values())
    parts = {"tuned": len(config.thresholds) - off, "off": off, "of yours": own}
    told = "".join(f", {number} {what}" for what, number in parts.items() if number)
    return f"{len(load_windowed_rules())} built-in rules over time{told}"


def _audience(config: Config, severity: Severity) -> str:
    if severity < config.defaults.minimum_severity:
        return "nobody: below minimum_severity"
    audience = config.audience_of(severity)
    said = ", ".join(audience.always) or "nobody"
    if audience.matched:
        said += f"; where a match holds: {', '.join(audience.matched)}"
    dedup = config.defaults.dedup.by_severity()[severity]
    held_back = any(config.destinations[name].dedup for name in (*audience.always, *audience.matched))
    if held_back and not dedup.is_off:
        said += f"; {dedup.first} of a kind at once in {say_duration(timedelta(seconds=dedup.window))}"
    return said
