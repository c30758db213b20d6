"""What is wrong with a pattern, and where."""

from __future__ import annotations

from collections.abc import Iterable

Place = tuple[str | int, ...]
"""Where in a pattern, key by key; list positions as numbers."""


class PatternError(ValueError):
    """A pattern that can not be compiled.

    `place` is where in the pattern the fault is, key by key (list positions as numbers);
    `message` says what is wrong and what to write instead.
    """

    def __init__(self, place: Place, message: str) -> None:
        self.place = place
        self.message = message
        where = ".".join(str(part) for part in place) or "(the pattern itself)"
        super().__init__(f"{where}: {message}")


def known_names(name: object, known: Iterable[object]) -> str:
    """The names that may be written, and the one that was meant, if one looks like `name`."""
    from difflib import get_close_matches  # noqa: PLC0415 - dear to import, and only faults need it

    names = sorted(map(str, known))
    meant = get_close_matches(str(name), names, n=1)
    return f"known are {', '.join(names)}" + (f'; did you mean "{meant[0]}"?' if meant else "")
