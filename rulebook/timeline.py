"""The picture of docs/thresholds.md, drawn from what the engine itself says: `make docs`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from handlers.core.windows import EMPTY, Arrival, Held, Pane, Sighting, find_window, merge

PICTURE = Path(__file__).parent.parent / "docs" / "thresholds.svg"

WITHIN = 10
NEEDED = 4
CALLS = (4.5, 8.3, 9.4, 11.2, 15, 18.5, 24, 28)
"""Minutes at which the calls of the picture are made."""

_LEFT, _MINUTE, _TOP = 90, 23, 64
_WIDTH, _HEIGHT = 820, 236
_LINE = _TOP + 58


def draw_timeline() -> str:
    """The picture as SVG text: calls, panes, the window that holds, and what is told."""
    return "\n".join(["".join(_open()), *_draw(), "</svg>"]) + "\n"


def _open() -> Iterator[str]:
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" '
    yield 'font-family="system-ui, sans-serif" font-size="14" fill="#1f2933" role="img" '
    yield 'aria-label="Eight calls on a time line in three panes of ten minutes. Four lie in one window that '
    yield 'ends in the second pane: one alert.">'


def _draw() -> Iterator[str]:
    yield f'<rect width="{_WIDTH}" height="{_HEIGHT}" rx="8" fill="#ffffff"/>'
    yield draw_text(20, 30, "event_count: {at_least: 4, within: 10m}", family="monospace", weight="600")
    for number in range(3):
        yield from _pane(number)
    yield f'<line x1="{_x(0)}" y1="{_LINE}" x2="{_x(30)}" y2="{_LINE}" stroke="#94a3b8"/>'
    told = list(_holding())
    for number, held in told:
        yield from _window(number, held)
    for minute in CALLS:
        counted = any(held.end - WITHIN * 60 < minute * 60 <= held.end for _, held in told)
        colour = "#c2410c" if counted else "#64748b"
        yield f'<circle cx="{_x(minute)}" cy="{_LINE}" r="7" fill="{colour}"/>'
    yield draw_text(20, _LINE + 5, "calls")


def _pane(number: int) -> Iterator[str]:
    left, right = _x(number * WITHIN), _x((number + 1) * WITHIN)
    fill = "#f1f5f9" if number % 2 == 0 else "#e2e8f0"
    yield (f'<rect x="{left}" y="{_TOP}" width="{right - left}" height="90" fill="{fill}" stroke="#cbd5e1"/>')
    label = f"pane {number + 1}: 12:{number * WITHIN:02} to 12:{(number + 1) * WITHIN:02}"
    yield draw_text((left + right) / 2, _TOP + 20, label, anchor="middle", colour="#475569")


def _window(number: int, held: Held) -> Iterator[str]:
    left, right = _x(held.end / 60 - WITHIN), _x(held.end / 60)
    top = _LINE + 44
    yield (
        f'<rect x="{left}" y="{top}" width="{right - left}" height="22" rx="4" fill="#fed7aa"'
        ' stroke="#c2410c"/>'
    )
    yield draw_text((left + right) / 2, top + 16, f"{held.taken} calls within 10 minutes", anchor="middle")
    yield (
        f'<line x1="{right}" y1="{_LINE}" x2="{right}" y2="{top + 34}" stroke="#c2410c"'
        ' stroke-dasharray="3 3"/>'
    )
    words = f"this call completes it: one alert for pane {number + 1}"
    yield draw_text(right - 8, top + 48, words, weight="600", colour="#c2410c")


def _holding() -> Iterator[tuple[int, Held]]:
    """Each pane that is told, with the window that makes it hold."""
    panes: dict[int, Pane] = {}
    for number, minute in enumerate(CALLS):
        seconds = int(minute * 60)
        pane = seconds // (WITHIN * 60)
        arrival = Arrival(Sighting(seconds, f"e{number}", "", None, ""), (f"e{number}",), ())
        panes[pane] = merge(panes.get(pane, EMPTY), arrival, needed=NEEDED)
    for number in sorted(panes):
        held = find_window(panes.get(number - 1, EMPTY), panes[number], within=WITHIN * 60, needed=NEEDED)
        if held is not None:
            yield number, held


def _x(minute: float) -> float:
    return round(_LEFT + minute * _MINUTE, 1)


def draw_text(
    x: float,
    y: float,
    words: str,
    *,
    anchor: str = "start",
    weight: str = "400",
    colour: str = "#1f2933",
    family: str = "inherit",
) -> str:
    """A text of a picture."""
    return (
        f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-weight="{weight}" fill="{colour}"'
        f' font-family="{family}">{words}</text>'
    )


if __name__ == "__main__":
    PICTURE.write_text(draw_timeline(), encoding="utf-8")
