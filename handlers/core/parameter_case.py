"""The two cases of one parameter: as the API's model writes it, and as CloudTrail may.

Some services have parameters in PascalCase. CloudTrail keeps that for some of them (Greengrass v1, managed
integrations) and lowers the first letter for others; no page says for which:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
It does so to words in capitals too (`ARN` is `aRN`). The catalog writes names as the model does. The names in
patterns and in records are lowered before they meet, so either case matches, and absent means absent in both.
Below parameters whose names begin small in AWS's model, at any depth, a record is matched as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handlers.core.patterns import Path

SECTIONS = frozenset({"requestParameters", "responseElements"})
"""The parts of a record whose names have two cases."""

_GROUPS = (dict, list)


def lower_first(name: str) -> str:
    """`Name` as `name`, `ARN` as `aRN`."""
    return name[:1].lower() + name[1:]


def lower_path(path: Path) -> Path:
    """Where a field of a pattern is in a record that `lower_parameters` made."""
    return (path[0], *map(lower_first, path[1:])) if path[0] in SECTIONS else path


def lower_parameters(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The record with the names of its parameters lowered; `record` itself where they all are."""
    changed = {}
    for section in SECTIONS:
        parameters = record.get(section)
        if parameters and not _is_lowered(parameters):
            changed[section] = _lowered(parameters)
    return {**record, **changed} if changed else record


def _lower_key(key: str) -> str:
    # A dotted name is a path to the matcher, in records too: com.example.Pump.
    return ".".join(map(lower_first, key.split("."))) if "." in key else lower_first(key)


def _is_lowered(value: Any) -> bool:
    pending = [value]
    while pending:
        here = pending.pop()
        if isinstance(here, dict):
            for name, inner in here.items():
                # Most names are lowered and without a dot: quickly seen.
                if (name[:1].isupper() or "." in name) and _lower_key(name) != name:
                    return False
                if isinstance(inner, _GROUPS):
                    pending.append(inner)
        elif isinstance(here, list):
            pending.extend(here)
    return True


def _lowered(value: Any) -> Any:
    """A lowered copy, made without recursion: what an attacker nests exhausts no stack."""
    root: list[Any] = [value]
    pending: list[tuple[Any, Any]] = [(root, 0)]
    while pending:
        holder, place = pending.pop()
        here = holder[place]
        if isinstance(here, dict):
            copy: Any = _with_lowered_names(here)
            pending.extend([(copy, name) for name in copy])
        elif isinstance(here, list):
            copy = list(here)
            pending.extend([(copy, position) for position in range(len(copy))])
        else:
            continue
        holder[place] = copy
    return root[0]


def _with_lowered_names(group: Mapping[str, Any]) -> dict[str, Any]:
    copy: dict[str, Any] = {}
    for name, inner in group.items():
        lowered = _lower_key(name)
        # People may call two things Env and env: then a pattern on the one name looks at both.
        copy[lowered] = [*_as_list(copy[lowered]), *_as_list(inner)] if lowered in copy else inner
    return copy


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
