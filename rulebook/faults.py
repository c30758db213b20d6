"""What is wrong in a file that people write, and how it is told to them.

    RulebookError          carries every fault found, in file order
    ├── SourceError        the file can not be read as one YAML mapping
    ├── CatalogError       the built-in rules are not sound
    └── ConfigError        the operator's config can not be used

Messages end up in terminals and CI logs, and a file may hold a webhook URL that somebody
pasted by mistake. So text from the file is repeated only when it looks like a plain name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from rulebook.secret_names import holds_secret

Place = tuple[str | int, ...]

_PLAIN_PATTERN = re.compile(r"[\w*.:/-]{1,80}", re.ASCII)
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,60}", re.ASCII)


@dataclass(frozen=True, order=True)
class Fault:
    """One thing to mend: where it stands (lines and columns count from 1) and what to do."""

    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}: "
        return f"{place}{self.path}: {self.message}" if self.path else f"{place}{self.message}"


class RulebookError(Exception):
    """One or more faults; as text, a line for each."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class SourceError(RulebookError):
    """The file is missing, not UTF-8, not YAML, or not a mapping of keys."""


class CatalogError(RulebookError):
    """A built-in rule breaks the catalog's own rules."""


class ConfigError(RulebookError):
    """The config can not be used; `faults` holds everything that is wrong with it."""


def quoted(value: object) -> str:
    """The value in quotes when it is a plain name or number, else words that do not repeat it."""
    text = _as_written(value)
    return f'"{text}"' if text is not None else "this value"


def quoted_loosely(value: str) -> str:
    """The value in quotes when it is a plain name, stars and slashes too; else a sign that it is left out."""
    return f'"{value}"' if _PLAIN_PATTERN.fullmatch(value) and not holds_secret(value) else "…"


def did_you_mean(value: object, names: Iterable[str]) -> str:
    """The end of a message that points at the nearest valid name; empty when none is near."""
    text = _as_written(value)
    if text is None:
        return ""
    by_folded = {name.casefold(): name for name in names}
    near = get_close_matches(text.casefold(), by_folded, n=1)
    return f'; did you mean "{by_folded[near[0]]}"?' if near else ""


def dotted(path: Place) -> str:
    """A path for people: `routes.0.to.1`; a key that is not a plain name shows as `?`."""
    plain = (str(part) if part == "$or" or _as_written(part) is not None else "?" for part in path)
    return ".".join(plain)


def _as_written(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value) if isinstance(value, str | int | float) else ""
    return text if _PLAIN_NAME.fullmatch(text) and not holds_secret(text) else None
