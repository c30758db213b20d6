"""Text in a terminal's width, and parts that several texts have."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from datetime import timedelta

from rulebook.attack import TECHNIQUES

WIDTH = 100


def wrap(text: str, start: str) -> list[str]:
    """Lines of `text` behind `start`, those that follow indented as far as it is long."""
    return textwrap.wrap(
        text,
        width=WIDTH,
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [start.rstrip()]


def attack_lines(identifiers: Sequence[str]) -> Iterator[str]:
    """ATT&CK techniques by id and name."""
    for number, technique in enumerate(identifiers):
        yield f"{'' if number else 'ATT&CK':<9} {technique} {TECHNIQUES[technique]}"


def runbook_lines(steps: Sequence[str]) -> Iterator[str]:
    """What to do, step by step, below its heading."""
    if steps:
        yield ""
        yield "What to do"
    for number, step in enumerate(steps, start=1):
        yield from wrap(step, f"  {number}. ")


def write_duration(span: timedelta) -> str:
    """A span of whole seconds as a config writes it, in its largest whole unit: `90s`, `5m`, `1d`."""
    seconds = int(span.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
