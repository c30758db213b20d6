"""Text of an event, for people: hostile, so it is cleaned of control characters and cut here, once; each
rendering still escapes it for its own medium.
"""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import timedelta

TEXT_LIMIT = 256
"""Characters of any one text that an event may put into an alert."""

MASKS = frozenset({"***", "HIDDEN_DUE_TO_SECURITY_REASONS"})
"""What CloudTrail writes in place of a value that it hides: a secret, or a whole structure."""

HIDDEN = "(hidden by CloudTrail)"
_MASK_IN_JSON = re.compile(rf'(?<!\\)"(?:{"|".join(map(re.escape, sorted(MASKS)))})"')


def clean(text: str, limit: int = TEXT_LIMIT) -> str:
    """`text` on one line, without control, format or unassigned characters (a right-to-left
    override hides what a name says), at most `limit` characters.
    """
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    if cut.isprintable():
        return cut
    return "".join(" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in cut)


def show(value: object) -> str:
    """A value of a record as short text for people: texts as they are, everything else as JSON, where what
    CloudTrail hid is said to be hidden.
    """
    if isinstance(value, str):
        return clean(value)
    try:
        return clean(_MASK_IN_JSON.sub(f'"{HIDDEN}"', json.dumps(value, ensure_ascii=False)))
    except RecursionError:
        return "(nested too deeply to show)"


def say_duration(span: timedelta) -> str:
    """A span of whole seconds in its largest whole unit: `90 seconds`, `10 minutes`, `1 day`."""
    seconds = int(span.total_seconds())
    for unit, size in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds and seconds % size == 0:
            return say_count(seconds // size, unit)
    return say_count(seconds, "second")


def say_count(number: int, what: str) -> str:
    """A number of things: `1 call`, `10 calls`."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def is_masked(value: object) -> bool:
    """Whether CloudTrail wrote a mask in place of the value."""
    return isinstance(value, str) and value in MASKS
