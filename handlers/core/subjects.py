"""What a call names: the resource that it is about and single values, found where its rule says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from handlers.core.record import Record, as_mapping, as_text, value_at
from handlers.core.text import HIDDEN, clean, is_masked, show

_ENDS = ("Name", "Id", "Arn")
_IDENTIFIER = re.compile(rf"(?:{'|'.join(_ENDS)})$")
_IN_ANSWER = re.compile(_IDENTIFIER.pattern, re.IGNORECASE)


def find_subject(record: Record, path: str | None) -> str | None:
    """The resource that a call is about, for people: what stands at `path`, else the identifier that AWS
    answered. None where the call names none.
    """
    if path is None:
        return None
    value = value_at(record.raw, path)
    if not is_masked(value) and (text := readable(value)) is not None:
        return text
    return _identifier_in(as_mapping(record.raw.get("responseElements")), path)


def _identifier_in(answer: Mapping[str, Any], path: str) -> str | None:
    """The name, id or ARN of the resource in what AWS answered, which may hold keys and tokens too.

    Only these are read: what the subject's name makes (of `thingName`: thingName, thingId, thingArn), and
    name, id and arn by themselves.
    """
    stem = _IDENTIFIER.sub("", path.rpartition(".")[2])
    found = {name.casefold(): text for name, value in answer.items() if (text := as_text(value))}
    for name in (*(f"{stem}{end}" for end in _ENDS), *_ENDS):
        if (known := found.get(name.casefold())) and not is_masked(known):
            return clean(known)
    return None


def find_value(record: Record, name: str) -> str | None:
    """The plain value of a parameter, by its dotted path, as the call has it; else that of the name, id or
    ARN that AWS answered. None where there is none.
    """
    found = _plain(value_at(record.request_parameters, name))
    if found is None and _IN_ANSWER.search(name):
        found = _plain(value_at(as_mapping(record.raw.get("responseElements")), name))
    return found


def _plain(value: object) -> str | None:
    if isinstance(value, str):
        return value if value and not is_masked(value) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else None


def readable(value: object) -> str | None:
    """A value of a record for people; None where there is nothing."""
    if value is None or value == "":
        return None
    return HIDDEN if is_masked(value) else show(value)
