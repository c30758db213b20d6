"""YAML files with the place of every key and value.

Only what a config needs is read: mappings with text keys, lists, and scalars. Tags, aliases
and second documents are refused, so a file can neither run code nor grow when it is read.
Plain words follow YAML 1.2: `on`, `off`, `yes` and `no` are text, and so are dates. Digits
with a leading zero must stand in quotes, because an account id that loses its zero is another account.
"""

from __future__ import annotations

import math
import pathlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StreamMark, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
)
from ruamel.yaml.reader import ReaderError

from rulebook.faults import Fault, Place, SourceError, dotted, quoted

MAX_BYTES = 256 * 1024
MAX_DEPTH = 40

_DIGITS_AFTER_ZERO = re.compile(r"0[0-9_]+", re.ASCII)
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})", re.ASCII)
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?", re.ASCII)
_WORDS: Mapping[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}

# What ruamel.yaml says, and what we say instead. Its own words are never shown: they may
# repeat text of the file.
_SYNTAX = (
    ("mapping values are not allowed", "a second `:` is not allowed here; put the value in quotes"),
    ("while scanning a quoted scalar", "a quote is opened and not closed; close it on the same line"),
    ("expected ',' or", "a `{` or `[` is not closed, or a comma is missing"),
    ("'\\t' that cannot start", "a tab can not indent YAML; use spaces"),
    ("that cannot start any token", "a value can not start with this character; put the value in quotes"),
    ("expected <block end>", "the indentation does not line up with the lines above"),
    ("could not find expected ':'", "a key is not followed by `: `; add it, or check the indentation"),
    ("expected the node content", "a value is missing here, or a bracket is not closed"),
)
_NOT_YAML = "this is not valid YAML; check quotes, brackets and indentation near here"


@dataclass(frozen=True)
class Position:
    """A place in a file; lines and columns count from 1."""

    line: int
    column: int


_START = Position(1, 1)


@dataclass(frozen=True)
class Source:
    """A YAML mapping as plain data (`str`, `int`, `float`, `bool`, `None`, list, dict) and its places.

    `faults` are those that leave the rest readable: keys that stand twice, digits that start with 0.
    """

    file: str
    data: dict[str, object]
    values: Mapping[Place, Position]
    keys: Mapping[Place, Position]
    faults: tuple[Fault, ...]

    def fault(self, path: Place, message: str, *, at_key: bool = False) -> Fault:
        """A fault at the value of `path` (or at its key); at the nearest place above when it has none."""
        place = self.keys.get(path) if at_key else None
        known = path
        while place is None and known:
            place = self.values.get(known)
            known = known[:-1]
        place = place or self.values.get((), _START)
        return Fault(self.file, place.line, place.column, dotted(path), message)


def read_source(path: str | pathlib.Path) -> Source:
    """Read one YAML file. Raises `SourceError` for a file that is not one YAML mapping."""
    file = str(path)
    try:
        with pathlib.Path(path).open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise _unusable(file, _START, "the file does not exist; check the path") from None
    except IsADirectoryError:
        raise _unusable(file, _START, "this is a folder; give the file itself") from None
    except (OSError, ValueError):
        raise _unusable(file, _START, "the file can not be opened; check its path and permissions") from None
    if len(content) > MAX_BYTES:
        raise _unusable(file, _START, f"the file is larger than {MAX_BYTES // 1024} KiB; make it shorter")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", "replace")
        raise _unusable(file, _place_after(before), "the file is not UTF-8 text; save it as UTF-8") from None
    return parse_source(text, file)


def parse_source(text: str, file: str) -> Source:
    """Read YAML text; `file` is the name that faults give. Raises `SourceError`, as `read_source`."""
    builder = _Builder(file)
    for event in _events(text, file):
        builder.take(event)
    return builder.finish()


def _events(text: str, file: str) -> Iterator[Event]:
    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except MarkedYAMLError as error:
        raise _unusable(file, _place_of(error), _in_plain_words(error)) from None
    except ReaderError as error:
        place = _place_after(text[: error.position])
        raise _unusable(file, place, "a control character is not allowed; delete it") from None
    except (YAMLError, ArithmeticError, LookupError, TypeError, ValueError):
        # The scanner lets such errors through for escapes like "\UFFFFFFFF".
        raise _unusable(file, _START, _NOT_YAML) from None


@dataclass
class _OpenMapping:
    path: Place
    data: dict[str, object] = field(default_factory=dict)
    key: str = ""
    key_place: Position = _START
    has_key: bool = False


@dataclass
class _OpenList:
    path: Place
    data: list[object] = field(default_factory=list)


@dataclass
class _Builder:
    """Builds the data from parser events, without recursion: nesting can not exhaust the stack."""

    file: str
    root: object = None
    documents: int = 0
    open: list[_OpenMapping | _OpenList] = field(default_factory=list)
    values: dict[Place, Position] = field(default_factory=dict)
    keys: dict[Place, Position] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def take(self, event: Event) -> None:
        if isinstance(event, DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise self._refused(event, "a second document starts here; keep one, without `---` between")
        elif isinstance(event, CollectionEndEvent):
            self.open.pop()
        elif isinstance(event, AliasEvent):
            raise self._refused(event, "`*` refers to another value, which is not supported; write it out")
        elif isinstance(event, ScalarEvent | CollectionStartEvent):
            if event.tag is not None:
                raise self._refused(event, "`!` tags are not supported; delete the tag")
            self._node(event)

    def _node(self, event: ScalarEvent | CollectionStartEvent) -> None:
        inner = self.open[-1] if self.open else None
        if isinstance(inner, _OpenMapping) and not inner.has_key:
            self._key(inner, event)
            return
        path = self._path_below(inner)
        self.values[path] = _position(event.start_mark)
        value: object
        if isinstance(event, ScalarEvent):
            value = self._scalar(event, path)
            if isinstance(inner, _OpenMapping) and value is None and not event.value:
                # The parser puts an absent value where the next token starts, often lines below.
                self.values[path] = inner.key_place
        else:
            opened = _OpenMapping(path) if isinstance(event, MappingStartEvent) else _OpenList(path)
            value = opened.data
            self.open.append(opened)
            if len(self.open) > MAX_DEPTH:
                raise self._refused(event, f"nested deeper than {MAX_DEPTH} levels; make it flatter")
        if inner is None:
            self.root = value
        elif isinstance(inner, _OpenList):
            inner.data.append(value)
        else:
            inner.data[inner.key] = value
            inner.has_key = False

    def _path_below(self, inner: _OpenMapping | _OpenList | None) -> Place:
        if inner is None:
            return ()
        return (*inner.path, len(inner.data) if isinstance(inner, _OpenList) else inner.key)

    def _key(self, inner: _OpenMapping, event: ScalarEvent | CollectionStartEvent) -> None:
        if not isinstance(event, ScalarEvent):
            raise self._refused(event, "a key is a word, not a list or a mapping; check the braces")
        if event.style is None and event.value == "<<":
            raise self._refused(event, "`<<` merges another mapping in, which is not supported; write it out")
        inner.key, inner.key_place, inner.has_key = self._text(event), _position(event.start_mark), True
        path = (*inner.path, inner.key)
        self._check_digits(inner.key, path, event)
        if inner.key in inner.data:
            first, place = self.keys[path].line, inner.key_place
            message = f"the key {quoted(inner.key)} stands twice, first in line {first}; keep one"
            self.faults.append(Fault(self.file, place.line, place.column, dotted(path), message))
        self.keys[path] = inner.key_place

    def _scalar(self, event: ScalarEvent, path: Place) -> object:
        text = self._text(event)
        if event.style is not None:
            return text
        self._check_digits(text, path, event)
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        # JSON has no infinity, so a number beyond every float stays text.
        if _DECIMAL.fullmatch(text) and math.isfinite(float(text)):
            return float(text)
        return text

    def _check_digits(self, text: str, path: Place, event: ScalarEvent) -> None:
        if event.style is None and _DIGITS_AFTER_ZERO.fullmatch(text):
            place = _position(event.start_mark)
            message = (
                f'put it in quotes, "{text}": to most programs, digits that start with 0 are another number'
            )
            self.faults.append(Fault(self.file, place.line, place.column, dotted(path), message))

    def _text(self, event: ScalarEvent) -> str:
        text = str(event.value)
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise self._refused(event, "half of a surrogate pair is not a character; delete the escape")
        return text

    def _refused(self, event: Event, message: str) -> SourceError:
        return _unusable(self.file, _position(event.start_mark), message)

    def finish(self) -> Source:
        if self.root is None:
            raise _unusable(self.file, _START, "the file is empty; write at least one key and its value")
        if not isinstance(self.root, dict):
            message = "the file must hold keys and values at its top, such as `version: 1`"
            raise _unusable(self.file, self.values[()], message)
        return Source(self.file, self.root, self.values, self.keys, tuple(self.faults))


def _unusable(file: str, place: Position, message: str) -> SourceError:
    return SourceError([Fault(file, place.line, place.column, "", message)])


def _position(mark: StreamMark | None) -> Position:
    return _START if mark is None else Position(mark.line + 1, mark.column + 1)


def _place_after(text: str) -> Position:
    return Position(text.count("\n") + 1, len(text) - text.rfind("\n"))


def _place_of(error: MarkedYAMLError) -> Position:
    # An open quote swallows the rest of the file: where it opens is what helps.
    opens = error.context is not None and "quoted scalar" in error.context
    mark = (error.context_mark if opens else None) or error.problem_mark or error.context_mark
    return _position(mark)


def _in_plain_words(error: MarkedYAMLError) -> str:
    said = f"{error.context} {error.problem}"
    return next((ours for theirs, ours in _SYNTAX if theirs in said), _NOT_YAML)
