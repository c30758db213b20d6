"""The table of facts in docs/tuning.md, written from the vocabulary: `make docs`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rulebook.vocabulary import FACTS, Group, Leaf

PAGE = Path(__file__).parent.parent / "docs" / "tuning.md"

_MARK = "<!-- Written by `make docs` from rulebook/vocabulary.py; change it there. -->\n"
_MOST_TO_NAME = 10


def render_page(page: str) -> str:
    """The page with the table as it is now, behind its mark."""
    before, _, _ = page.partition(_MARK)
    rows = (f"| `{name}` | {_values(leaf)} | {leaf.meaning} |" for name, leaf in _leaves(FACTS, ""))
    return "\n".join([f"{before}{_MARK}", "| fact | values | meaning |", "|---|---|---|", *rows]) + "\n"


def _leaves(group: Group, at: str) -> Iterator[tuple[str, Leaf]]:
    for name, node in group.members.items():
        if isinstance(node, Group):
            yield from _leaves(node, f"{at}{name}.")
        elif isinstance(node, Leaf):
            yield f"{at}{name}", node


def _values(leaf: Leaf) -> str:
    if leaf.choices is not None and len(leaf.choices) <= _MOST_TO_NAME:
        return ", ".join(sorted(leaf.choices))
    return {"flag": "true, false", "number": "a number"}.get(leaf.type, "text")


if __name__ == "__main__":
    PAGE.write_text(render_page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
