"""What the catalog knows of an operation, for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cli.text import attack_lines, runbook_lines, wrap
from rulebook.catalog import Entry, by_category


def entry_data(operation: str, entry: Entry) -> dict[str, Any]:
    """One entry of the catalog as JSON types."""
    return {
        "operation": operation,
        "category": entry.category,
        "severity": entry.severity.value,
        "escalations": [
            {"when": dict(each.when), "to": each.to.value, "why": each.why} for each in entry.escalate
        ],
        "subject": entry.subject,
        "shown": list(entry.shown),
        "why": entry.why,
        "runbook": list(entry.runbook),
        "attack": list(entry.attack),
    }


def render_entry(operation: str, entry: Entry) -> str:
    """An entry of the catalog for people."""
    return "\n".join(_entry_lines(operation, entry)) + "\n"


def _entry_lines(operation: str, entry: Entry) -> Iterator[str]:
    yield f"{operation}: {entry.severity.value}"
    yield from wrap(entry.why, "  ")
    yield ""
    yield f"Category  {entry.category}"
    if entry.subject:
        yield f"Subject   {entry.subject}"
    if entry.shown:
        yield from wrap(", ".join(entry.shown), "Shown     ")
    yield from attack_lines(entry.attack)
    if entry.escalate:
        yield ""
        yield "Worse"
    for escalation in sorted(entry.escalate, key=lambda each: each.to, reverse=True):
        yield from wrap(escalation.why, f"  {escalation.to.value:<9} ")
        yield from wrap(f"when {json.dumps(escalation.when)}", " " * 12)
    yield from runbook_lines(entry.runbook)


def render_catalog(entries: Mapping[str, Entry]) -> str:
    """A line for each operation, by category, the worst first."""
    return "\n".join(_catalog_lines(entries)) + "\n"


def _catalog_lines(entries: Mapping[str, Entry]) -> Iterator[str]:
    for category, found in by_category(entries):
        yield category
        for operation, entry in found:
            yield f"  {operation:<52} {entry.span}"
