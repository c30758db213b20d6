"""Records in files: the file is read within bounds, and of several records one is chosen."""

from __future__ import annotations

import gzip
import io
import json
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cli.record_forms import UnknownForm, fields_of, find_records, parse_json, read_form
from handlers.core.operations import name_operation, service_of
from handlers.core.record import BadRecord, Record, as_text
from handlers.core.text import clean
from rulebook.services import SERVICES

MOST_BYTES = 100 * 1024 * 1024
"""How much of a file is read, after decompression. CloudTrail's log files are far smaller."""

_GZIP = b"\x1f\x8b"
_MOST_LISTED = 10


class BadFile(Exception):
    """The file can not be used; the message says what is wrong, where, and what to do."""


def read_json(path: Path) -> Any:
    """The JSON value in a file, compressed with gzip or not; `-` is standard input. Raises `BadFile`."""
    return _parse(_read_text(path), name_of(path))


def _read_text(path: Path) -> str:
    name = name_of(path)
    try:
        data = _read_bytes(path)
        if data.startswith(_GZIP):
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as compressed:
                data = compressed.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise BadFile(f"{name}: holds more than {MOST_BYTES // 1024**2} MB; give a part of it")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadFile(f"{name}: is not UTF-8 text") from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise BadFile(f"{name}: is damaged, or was not compressed with gzip") from None
    except OSError as error:
        raise BadFile(f"{name}: can not be read: {error.strerror}") from None


def _read_bytes(path: Path) -> bytes:
    if str(path) != "-":
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    if sys.stdin is None:
        raise BadFile("standard input: is closed")
    return sys.stdin.buffer.read(MOST_BYTES + 1)


def _parse(text: str, name: str, *, line: int = 1) -> Any:
    try:
        return parse_json(text)
    except json.JSONDecodeError as error:
        place = f"{name}:{error.lineno + line - 1}:{error.colno}"
        raise BadFile(f"{place}: is not JSON: {error.msg}") from None
    except (RecursionError, ValueError):
        raise BadFile(f"{name}: is nested too deeply, or holds a number that JSON does not have") from None


def name_of(path: Path) -> str:
    """What messages call a file."""
    return "standard input" if str(path) == "-" else str(path)


def read_record(path: Path, *, event_id: str | None = None, number: int | None = None) -> Record:
    """The one record in a file, or of several the one with this event id or number, counted from 1.

    `-` is standard input. `cli.record_forms` lists the forms. Raises `BadFile`; where several records stand
    there and none is chosen, its message lists them.
    """
    name = name_of(path)
    try:
        records = list(find_records(_read_values(_read_text(path), name)))
        return read_form(_choose(records, name, event_id, number))
    except UnknownForm as error:
        raise BadFile(f"{name}: {error}") from None
    except BadRecord as error:
        raise BadFile(f"{name}: is no CloudTrail record: {error}") from None
    except RecursionError:
        raise BadFile(f"{name}: is nested too deeply") from None


def _read_values(text: str, name: str) -> Any:
    """The JSON value in a text, or a list of those that stand one a line."""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if len(lines) > 1 and _is_whole(lines[0][1]):
        return [_parse(line, name, line=number) for number, line in lines]
    return _parse(text, name)


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
