"""Records in files: a file is read within bounds; all of its records are read, or one is chosen."""

from __future__ import annotations

import gzip
import io
import json
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cli.record_forms import TOO_DEEP, UnknownForm, fields_of, find_records, parse_json, read_form
from handlers.core.operations import name_operation, service_of
from handlers.core.record import BadRecord, Record, as_text
from handlers.core.text import clean
from rulebook.services import SERVICES

MOST_BYTES = 100 * 1024 * 1024
"""How much of a file is read, after decompression. CloudTrail's log files are far smaller."""
MOST_BYTES_OF_ALL = 5 * MOST_BYTES
"""The same where all records are read: a quarter of a million of them."""

_GZIP = b"\x1f\x8b"
_MOST_LISTED = 10


class BadFile(Exception):
    """The file can not be used; the message says what is wrong, where, and what to do."""


class Unreadable(NamedTuple):
    """What stands where a record should."""

    place: str
    why: str
    """The same words for all that have one fault."""

    def __str__(self) -> str:
        return f"{self.place}: {self.why}"


def read_json(path: Path) -> Any:
    """The JSON value in a file, compressed with gzip or not; `-` is standard input. Raises `BadFile`."""
    return _parse(_read_text(path, MOST_BYTES), name_of(path))


def _read_text(path: Path, most: int) -> str:
    name = name_of(path)
    try:
        data = _read_bytes(path, most)
        if data.startswith(_GZIP):
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as compressed:
                data = compressed.read(most + 1)
        if len(data) > most:
            raise BadFile(f"{name}: holds more than {most // 1024**2} MB; give a part of it")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadFile(f"{name}: is not UTF-8 text") from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise BadFile(f"{name}: is damaged, or was not compressed with gzip") from None
    except OSError as error:
        raise BadFile(f"{name}: can not be read: {error.strerror}") from None


def _read_bytes(path: Path, most: int) -> bytes:
    if str(path) != "-":
        with path.open("rb") as file:
            return file.read(most + 1)
    if sys.stdin is None:
        raise BadFile("standard input: is closed")
    return sys.stdin.buffer.read(most + 1)


def _parse(text: str, name: str) -> Any:
    try:
        return parse_json(text)
    except (ValueError, RecursionError) as error:
        raise BadFile(str(_tell_fault(error, name))) from None


def _tell_fault(error: Exception, name: str, *, line: int = 1) -> Unreadable:
    """Why the text that begins on a line of a file is no JSON."""
    if isinstance(error, json.JSONDecodeError):
        place = f"{name}:{error.lineno + line - 1}:{error.colno}"
        return Unreadable(place, f"is not JSON: {error.msg}")
    return Unreadable(name, "is nested too deeply, or holds a number that JSON does not have")


def name_of(path: Path) -> str:
    """What messages call a file."""
    return "standard input" if str(path) == "-" else str(path)


def read_record(path: Path, *, event_id: str | None = None, number: int | None = None) -> Record:
    """The one record in a file, or of several the one with this event id or number, counted from 1.

    `-` is standard input. `cli.record_forms` lists the forms. Raises `BadFile`; where several records stand
    there and none is chosen, its message lists them.
    """
    name, records = name_of(path), []
    for found in _find(_read_text(path, MOST_BYTES), name):
        if isinstance(found, Unreadable):
            raise BadFile(str(found))
        records.append(found)
    record = _read_form(_choose(records, name, event_id, number), name)
    if isinstance(record, Unreadable):
        raise BadFile(str(record))
    return record


def read_records(path: Path) -> Iterator[Record | Unreadable]:
    """Every record in a file, in its order, and what is none in its place; `-` is standard input.

    Raises `BadFile` where the file as a whole is at fault.
    """
    name = name_of(path)
    for found in _find(_read_text(path, MOST_BYTES_OF_ALL), name):
        yield found if isinstance(found, Unreadable) else _read_form(found, name)


def _read_form(found: Mapping[str, Any], name: str) -> Record | Unreadable:
    try:
        return read_form(found)
    except BadRecord as error:
        return Unreadable(name, f"is no CloudTrail record: {error}")
    except RecursionError:
        return Unreadable(name, TOO_DEEP)


def _find(text: str, name: str) -> Iterator[Mapping[str, Any] | Unreadable]:
    """The records in a JSON value, or in those that stand one a line, as they stand there."""
    if _stands_in_lines(text):
        for number, line in _lines(text):
            try:
                value = parse_json(line)
            except (ValueError, RecursionError) as error:
                yield _tell_fault(error, name, line=number)
                continue
            yield from _find_in([value], name)
        return
    yield from _find_in(_parse(text, name), name)


def _find_in(value: Any, name: str) -> Iterator[Mapping[str, Any] | Unreadable]:
    try:
        for each in find_records(value):
            yield Unreadable(name, str(each)) if isinstance(each, UnknownForm) else each
    except UnknownForm as error:
        raise BadFile(f"{name}: {error}") from None
    except RecursionError:
        raise BadFile(f"{name}: {TOO_DEEP}") from None


def _stands_in_lines(text: str) -> bool:
    """Whether several lines hold something, and the first of them a whole JSON value."""
    first = next(_lines(text), None)
    return first is not None and len(first[1].strip()) < len(text.strip()) and _is_whole(first[1])


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines that hold something, with their numbers; they are never all in memory a second time."""
    start, number = 0, 1
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        line = text[start:end]
        if line.strip():
            yield number, line
        start, number = end + 1, number + 1


def _is_whole(line: str) -> bool:
    try:
        parse_json(line)
    except (ValueError, RecursionError):
        return False
    return True


def _choose(
    records: Sequence[Mapping[str, Any]], name: str, event_id: str | None, number: int | None
) -> Mapping[str, Any]:
    if not records:
        raise BadFile(f"{name}: holds no records")
    if event_id is not None:
        found = [each for each in records if fields_of(each).get("eventID") == event_id]
        if not found:
            raise BadFile(f"{name}: holds {_count(records)}, none with the id {clean(event_id)}")
        return found[0]
    if number is not None:
        if number > len(records):
            raise BadFile(f"{name}: holds {_count(records)}, none with the number {number}")
        return records[number - 1]
    if len(records) > 1:
        raise BadFile("\n".join(_list_records(records, name)))
    return records[0]


def _list_records(records: Sequence[Mapping[str, Any]], name: str) -> Iterator[str]:
    """What stands in a file of several records; those of the services that the catalog knows come first."""
    rows = [(number, fields_of(each)) for number, each in enumerate(records, start=1)]
    ours = [row for row in rows if service_of(as_text(row[1].get("eventSource"))) in SERVICES]
    count = _count(records) + (f", {len(ours)} of AWS IoT" if ours else "")
    yield f"{name}: holds {count}; choose one with --number N or --id EVENT_ID"
    shown = (ours or rows)[:_MOST_LISTED]
    for number, fields in shown:
        operation = name_operation(as_text(fields.get("eventSource")), as_text(fields.get("eventName")))
        what = (as_text(fields.get("eventID")), as_text(fields.get("eventTime")), operation)
        yield f"{number:>6}  {'  '.join(map(clean, what))}"
    if len(records) > len(shown):
        yield f"        … and {len(records) - len(shown)} more"


def _count(records: Sequence[Mapping[str, Any]]) -> str:
    return "1 record" if len(records) == 1 else f"{len(records)} records"
