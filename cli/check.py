"""What `thingwatch check` says of a config file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from handlers.core.severity import Severity
from rulebook.catalog import Entry
from rulebook.compile import watched_services
from rulebook.config import CheckedConfig, Config
from rulebook.faults import Fault


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
    services = watched_services(config)
    prefixes = {service.prefix for service in services}
    judged = sum(operation.partition(":")[0] in prefixes for operation in catalog)
    off = sum(
        override.severity == "off" and operation.partition(":")[0] in prefixes
        for operation, override in config.operations.items()
    )
    calls = "calls that write and that read" if config.watch.read_only else "calls that write"
    yield f"  watches   {', '.join(service.prefix for service in services)}; {calls}"
    yield f"  judges    {judged - off} operations{_and_own(len(config.rules))}"
    if config.suppressions or config.known_automation:
        automation, suppressions = len(config.known_automation), len(config.suppressions)
        yield f"  quietens  by {automation} known automation and {suppressions} suppressions"
    for severity in sorted(Severity, reverse=True):
        yield f"  {severity.value:<14}{_audience(config, severity)}"


def _and_own(count: int) -> str:
    return {0: "", 1: " and a rule of your own"}.get(count, f" and {count} rules of your own")


def _audience(config: Config, severity: Severity) -> str:
    if severity < config.defaults.minimum_severity:
        return "nobody: below minimum_severity"
    if config.routes is None:
        return ", ".join(config.destinations)
    taking = [route for route in config.routes if route.severity is None or severity in route.severity]
    always = {name for route in taking if route.match is None for name in route.to}
    sometimes = {name for route in taking for name in route.to} - always
    told = [name for name in config.destinations if name in always]
    matched = [name for name in config.destinations if name in sometimes]
    if matched:
        return f"{', '.join(told) or 'nobody'}; where a match holds: {', '.join(matched)}"
    return ", ".join(told) or "nobody"
