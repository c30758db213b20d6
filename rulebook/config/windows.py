"""Rules over time that are of no kind or can never hold: steps that match nothing, fields that no matching
record has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from handlers.core.record import as_mapping
from rulebook.config.context import Context, as_list
from rulebook.config.dead_patterns import never_matches
from rulebook.faults import Place
from rulebook.validation import is_sound
from rulebook.windowed_rules import KINDS, shape_faults

_FIELD_LISTS = ("group_by", "of")


def windowed_faults(rule: Mapping[str, object], context: Context) -> Iterator[tuple[Place, str]]:
    """What is wrong with the kind of a rule, which may be faulty anywhere: places below it, and words."""
    yield from shape_faults(rule)
    name = rule.get("name")
    if isinstance(name, str) and name in context.windowed and not any(kind in rule for kind in KINDS):
        yield ("name",), "a built-in rule over time has this name, and this is none; choose another"
    steps = as_mapping(as_mapping(rule.get("temporal")).get("steps"))
    for name, pattern in steps.items():
        for path, message in never_matches(pattern, context):
            yield ("temporal", "steps", name, *path), message
    yield from _always_one(rule)
    for kind in KINDS:
        for path, field in _fields(as_mapping(rule.get(kind))):
            patterns = steps if kind == "temporal" else {"": rule.get("match")}
            for step, pattern in patterns.items():
                if wrong := _never_there(field, pattern, context):
                    yield (kind, *path), f"in the step {step}: {wrong}" if step else wrong
                    break


def _always_one(rule: Mapping[str, object]) -> Iterator[tuple[Place, str]]:
    """What is counted, or new, and has one value alone in each group."""
    for kind in ("value_count", "new_terms"):
        part = as_mapping(rule.get(kind))
        counted = part.get("of")
        fields = counted if isinstance(counted, list) else [counted]
        group = as_list(part.get("group_by"))
        if fields and all(field in group for field in fields):
            yield (kind, "of"), "is in group_by too, so each group has one value of it and this never holds"


def _fields(kind: Mapping[str, object]) -> Iterator[tuple[Place, str]]:
    """Every field that a kind names, with its place."""
    for key in _FIELD_LISTS:
        value = kind.get(key)
        if isinstance(value, str):
            yield (key,), value
        for position, field in enumerate(as_list(value)):
            if isinstance(field, str):
                yield (key, position), field


def _never_there(field: str, pattern: object, context: Context) -> str | None:
    """Why no record that a pattern matches has a field; None when some may."""
    exists = {field: [{"exists": True}]}
    if not is_sound(exists):
        return None
    found = never_matches(exists, context, within=pattern)
    return found[0][1] if found else None
