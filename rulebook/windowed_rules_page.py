"""The table of built-in rules over time in docs/thresholds.md: `make docs`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from handlers.core.text import say_duration
from rulebook.windowed_rules import BuiltIn, EventCount, Temporal, ValueCount, load_windowed_rules

PAGE = Path(__file__).parent.parent / "docs" / "thresholds.md"

_MARK = "<!-- Written by `make docs` from rulebook/catalog/windowed_rules.yaml; change it there. -->\n"


def render_page(page: str) -> str:
    """The page with the table as it is now, behind its mark."""
    before, _, _ = page.partition(_MARK)
    rows = [_row(name, rule) for name, rule in load_windowed_rules().items()]
    return "\n".join(
        [
            f"{before}{_MARK}",
            "| rule | severity | holds | for the same | why |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _row(name: str, rule: BuiltIn) -> str:
    group = ", ".join(f"`{path}`" for path in rule.kind.group_by) or "fleet"
    return f"| `{name}` | {rule.severity.value} | {_condition(rule)} | {group} | {rule.why} |"


def _condition(rule: BuiltIn) -> str:
    kind = rule.kind
    if isinstance(kind, EventCount):
        return f"{kind.at_least} calls within {say_duration(kind.within)}"
    if isinstance(kind, ValueCount):
        return f"{kind.at_least} different `{kind.of}` within {say_duration(kind.within)}"
    if isinstance(kind, Temporal):
        return f"{', '.join(kind.steps)} within {say_duration(kind.within)}"
    terms = " and ".join(f"`{path}`" for path in kind.of)
    return f"a new {terms}, after {say_duration(kind.learn or timedelta(0))} of learning"


if __name__ == "__main__":
    PAGE.write_text(render_page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
