"""The picture of dedup in docs/thresholds.md, drawn from what the core itself says: `make docs`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from handlers.core.dedup import Bucket, Dedup, find_bucket
from handlers.core.rollups import find_due
from rulebook.timeline import draw_text

PICTURE = Path(__file__).parent.parent / "docs" / "rollups.svg"

DEDUP = Dedup(window=600, first=3)
GRACE = timedelta(minutes=5)
CALLS = (1.0, 1.6, 2.4, 3.2, 4.1, 4.7, 6.5, 8.6, 12, 18.5)
"""Minutes at which calls of one kind are made."""
WORSE = 5.4
"""The minute of a call that is worse."""

_NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
_LEFT, _MINUTE, _TOP = 110, 25, 64
_WIDTH, _HEIGHT = 820, 296
_KIND_LINE, _WORSE_LINE, _SLACK_LINE = _TOP + 58, _TOP + 98, _TOP + 158
_TOLD, _HELD = "#c2410c", "#94a3b8"


def draw_rollups() -> str:
    """The picture as SVG text: calls of one kind, a worse one, and what is told when."""
    return "\n".join(["".join(_open()), *_draw(), "</svg>"]) + "\n"


def _open() -> Iterator[str]:
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" '
    yield 'font-family="system-ui, sans-serif" font-size="14" fill="#1f2933" role="img" '
    yield 'aria-label="Of eight calls of one kind within ten minutes three are told at once, and five in a '
    yield 'rollup five minutes after the window. A worse call is told at once.">'


def _draw() -> Iterator[str]:
    yield f'<rect width="{_WIDTH}" height="{_HEIGHT}" rx="8" fill="#ffffff"/>'
    yield draw_text(20, 30, "dedup: {window: 10m, first: 3}", family="monospace", weight="600")
    for number in range(2):
        yield from _window(number)
    for words, line in (("one kind", _KIND_LINE), ("a worse one", _WORSE_LINE), ("messages", _SLACK_LINE)):
        yield draw_text(16, line + 5, words)
        yield f'<line x1="{_x(0)}" y1="{line}" x2="{_x(27)}" y2="{line}" stroke="#cbd5e1"/>'
    held: dict[Bucket, int] = {}
    told: dict[Bucket, int] = {}
    for minute in CALLS:
        bucket = find_bucket("kind", DEDUP, ("secops",), int(_NOON.timestamp() + minute * 60))
        if told.setdefault(bucket, 0) < bucket.first:
            told[bucket] += 1
            yield _dot(minute, _KIND_LINE, _TOLD)
            yield _dot(minute, _SLACK_LINE, _TOLD)
        else:
            held[bucket] = held.get(bucket, 0) + 1
            yield _dot(minute, _KIND_LINE, _HELD)
    yield _dot(WORSE, _WORSE_LINE, "#b91c1c")
    yield _dot(WORSE, _SLACK_LINE, "#b91c1c")
    for bucket, number in held.items():
        yield from _rollup(bucket, number)
    yield draw_text(
        _x(0), _SLACK_LINE + 58, "orange and red: told at once; grey: held and counted", colour="#475569"
    )


def _window(number: int) -> Iterator[str]:
    left, right = _x(number * 10), _x((number + 1) * 10)
    fill = "#f1f5f9" if number % 2 == 0 else "#e2e8f0"
    yield f'<rect x="{left}" y="{_TOP}" width="{right - left}" height="116" fill="{fill}" stroke="#cbd5e1"/>'
    label = f"12:{number * 10:02} to 12:{(number + 1) * 10:02}"
    yield draw_text((left + right) / 2, _TOP + 20, label, anchor="middle", colour="#475569")


def _rollup(bucket: Bucket, number: int) -> Iterator[str]:
    due = find_due(bucket.ends, bucket.ends, GRACE)
    x = _x((due - _NOON).total_seconds() / 60)
    place = f'x="{x - 45}" y="{_SLACK_LINE - 14}" width="90" height="28" rx="4"'
    yield f'<rect {place} fill="#fed7aa" stroke="{_TOLD}"/>'
    yield draw_text(x, _SLACK_LINE + 5, f"{number} more", anchor="middle", weight="600")
    words = f"a rollup, {int(GRACE.total_seconds() // 60)} minutes after the window"
    yield draw_text(x, _SLACK_LINE + 32, words, anchor="middle", colour=_TOLD)


def _dot(minute: float, line: int, colour: str) -> str:
    return f'<circle cx="{_x(minute)}" cy="{line}" r="7" fill="{colour}"/>'


def _x(minute: float) -> float:
    return round(_LEFT + minute * _MINUTE, 1)


if __name__ == "__main__":
    PICTURE.write_text(draw_rollups(), encoding="utf-8")
