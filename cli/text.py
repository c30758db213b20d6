"""Text in a terminal's width."""

from __future__ import annotations

import textwrap

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
