"""A replay, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cli.replay import Tally, Told
from handlers.core.renderings.content import tell_rollup
from handlers.core.renderings.text import render_title, story_lines
from handlers.core.text import say_count

_WIDTH = 8


def render_told(told: Told) -> str:
    """An alert on one line, and below it the calls of a windowed one, or what a rollup counts."""
    return "\n".join(_told_lines(told)) + "\n"


def _told_lines(told: Told) -> Iterator[str]:
    alert, receivers = told.alert, ", ".join(told.destinations) or "nobody"
    yield f"{told.time:%Y-%m-%d %H:%M:%S}  {render_title(alert)} → {receivers}"
    if alert.story is not None:
        yield from (f"    {line}" for line in story_lines(alert.story))
    if alert.rollup is not None:
        yield from (f"    {name.lower():<{_WIDTH}} {text}" for name, text in tell_rollup(alert.rollup))


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
    if totals["windowed"]:
        fates = _fates(totals, "windowed_", {**_FATES, "to_nobody": "to nobody"})
        lines.append(f"{say_count(totals['windowed'], 'alert')} of rules over time: {fates}")
    if totals["rollups"]:
        held = totals["held"] + totals["windowed_held"]
        lines.append(f"{say_count(totals['rollups'], 'rollup')} of the {held:,} held")
    return "\n".join(lines) + "\n"


_FATES = {"told": "told", "held": "held", "suppressed": "suppressed", "muted": "muted"}


def _judged(totals: Mapping[str, int]) -> str:
    return f"judged: {_fates(totals, '', {**_FATES, 'below_routes': 'to nobody'})}"


def _fates(totals: Mapping[str, int], prefix: str, words: Mapping[str, str]) -> str:
    numbers = [(totals.get(prefix + name, 0), said) for name, said in words.items()]
    return ", ".join(f"{number:,} {said}" for number, said in numbers if number) or "0 told"
