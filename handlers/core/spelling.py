"""Two spellings of one parameter: as the API's model writes it, and as CloudTrail may.

Some services have parameters in PascalCase. CloudTrail keeps that for some of them (Greengrass v1, managed
integrations) and begins the names with a small letter for others; no page says for which:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
The catalog writes names as the model does. Patterns and records are both brought to names that begin with a
small letter before they meet, so that either spelling is understood and absent means absent in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PARAMETERS = ("requestParameters", "responseElements")


def small_first(name: str) -> str:
    """`Name` as `name`. A word all in capitals (`SNS`, a key that people chose) stays."""
    return name if name.isupper() else name[:1].lower() + name[1:]


def small_record(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The record with the names of its parameters beginning small; `record` itself where they all do."""
    changed = {}
    for section in _PARAMETERS:
        parameters = record.get(section)
        if parameters and not _is_small(parameters):
            changed[section] = _small(parameters)
    return {**record, **changed} if changed else record


def small_pattern(pattern: Mapping[str, Any]) -> Mapping[str, Any]:
    """The pattern over a record as it is after `small_record`."""
    found = {}
    for key, value in pattern.items():
        if key == "$or":
            found[key] = [small_pattern(branch) for branch in value]
        elif key.partition(".")[0] in _PARAMETERS:
            found[_small_path(key)] = _small_below(value)
        else:
            found[key] = value
    return found


def _small_below(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    found = {}
    for key, inner in value.items():
        if key == "$or":
            found[key] = [_small_below(branch) for branch in inner]
        else:
            found[_small_path(key)] = _small_below(inner)
    return found


def _small_path(path: str) -> str:
    # A dotted name is a path to the matcher, in records too: com.example.Pump.
    return ".".join(map(small_first, path.split("."))) if "." in path else small_first(path)


def _is_small(value: Any) -> bool:
    pending = [value]
    while pending:
        here = pending.pop()
        if isinstance(here, dict):
            for name, inner in here.items():
                # Most names are small and without a dot: quickly seen.
                if (name[:1].isupper() or "." in name) and _small_path(name) != name:
                    return False
                if isinstance(inner, dict | list):
                    pending.append(inner)
        elif isinstance(here, list):
            pending.extend(here)
    return True


def _small(value: Any) -> Any:
    """A copy with small names, made without recursion: what an attacker nests exhausts no stack."""
    root: list[Any] = [value]
    pending: list[tuple[Any, Any]] = [(root, 0)]
    while pending:
        holder, place = pending.pop()
        here = holder[place]
        if isinstance(here, dict):
            copy: Any = _with_small_names(here)
            pending.extend([(copy, name) for name in copy])
        elif isinstance(here, list):
            copy = list(here)
            pending.extend([(copy, position) for position in range(len(copy))])
        else:
            continue
        holder[place] = copy
    return root[0]


def _with_small_names(group: Mapping[str, Any]) -> dict[str, Any]:
    copy: dict[str, Any] = {}
    for name, inner in group.items():
        small = _small_path(name)
        # People may call two things Env and env: then a pattern on the one name looks at both.
        copy[small] = [*_as_list(copy[small]), *_as_list(inner)] if small in copy else inner
    return copy


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
