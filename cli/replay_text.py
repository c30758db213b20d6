"""A replay, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cli.replay import Tally, Told
from handlers.core.renderings.text import render_title, story_lines
from handlers.core.text import say_count


def render_told(told: Told) -> str:
    """An alert on one line, and below it the calls of a windowed one."""
    return "\n".join(_told_lines(told)) + "\n"


def _told_lines(told: Told) -> Iterator[str]:
    alert, receivers = told.alert, ", ".join(told.destinations) or "nobody"
    yield f"{alert.time:%Y-%m-%d %H:%M:%S}  {render_title(alert)} → {receivers}"
    if alert.story is not None:
        yield from (f"    {line}" for line in story_lines(alert.story))


def render_unreadable(tally: Tally, name: str) -> str:
    """A line for each reason why something in a file is no record, with the first that has it."""
    lines = []
    for why, number in tally.unreadable.items():
        more = f" (and {number - 1:,} more like it)" if number > 1 else ""
        lines.append(f"{name}: record {tally.examples[why]} {why}{more}\n")
    return "".join(lines)


def render_totals(totals: Mapping[str, int], *, blank: bool) -> str:
    """The sums in words, behind a blank line where alerts stand above."""
    lines = [""] if blank else []
    lines.append(f"{say_count(totals['read'], 'record')} read")
    lines.extend(
        f"  {totals[name]:>7,}  {words}"
        for name, words in (
            ("judged", _judged(totals)),
            ("other_services", "of other services, or no calls of the control plane"),
            ("read_only", "that only read, which this config does not watch"),
            ("unreadable", "that are no CloudTrail records"),
            ("repeated", "repeated"),
        )
        if totals[name] or name == "judged"
    )
    alerts = say_count(totals["alerts"] + totals["windowed"], "alert")
    over_time = f", {totals['windowed']:,} of rules over time" if totals["windowed"] else ""
    to_nobody = f"; {totals['nobody']:,} to nobody" if totals["nobody"] else ""
    lines.append(f"{alerts}{over_time}{to_nobody}")
    return "\n".join(lines) + "\n"


def _judged(totals: Mapping[str, int]) -> str:
    parts = [f"{say_count(totals['alerts'], 'alert')}"]
    if totals["suppressed"]:
        parts.append(f"{totals['suppressed']:,} suppressed")
    if totals["no_finding"]:
        parts.append(f"{totals['no_finding']:,} without a finding")
    return f"judged: {', '.join(parts)}"
