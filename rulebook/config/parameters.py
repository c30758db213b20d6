"""Conditions on parameters that an operation does not have, after AWS's own service models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from botocore.model import Shape

from handlers.core.record import is_masked
from handlers.core.spelling import small_first
from rulebook.api_models import choices_of, is_text, members_of
from rulebook.config.conditions import each_literal, unmet
from rulebook.faults import Path, did_you_mean
from rulebook.vocabulary import Leaf

# What CloudTrail writes in place of parameters that are too large.
_IN_THEIR_PLACE = frozenset({"omitted", "reason", "originalSize"})


def unknown_parameters(
    names: Sequence[str], condition: object, shapes: Sequence[Shape], place: Path
) -> Iterator[tuple[Path, str]]:
    """Faults of a condition at `names` below `requestParameters`, where one of these shapes stands.

    A mask (`***`) is none: CloudTrail may write one in place of any text or structure.
    """
    if names and names[0] in _IN_THEIR_PLACE:
        return
    for name in names:
        groups = [members_of(shape) for shape in shapes]
        if None in groups:
            return
        shapes = [group[name] for group in groups if group is not None and name in group]
        if not shapes:
            yield place, _unknown(name, _names_in(groups))
            return
    if isinstance(condition, Mapping):
        yield from _inside(condition, shapes, place, top=not names)
        return
    masks = {str(each) for _, each in each_literal(condition) if is_masked(each)}
    groups = [members_of(shape) for shape in shapes]
    if all(groups):
        if isinstance(condition, list) and len(masks) == len(condition):
            return
        yield place, f"is no single value; name one below it: {', '.join(_names_in(groups)[:12])}"
    elif all(map(is_text, shapes)):
        choices = [frozenset(choices_of(shape)) for shape in shapes]
        every = frozenset[str]().union(*choices, masks) if all(choices) else None
        yield from unmet(condition, Leaf("text", every, form="free"), place)


def _names_in(groups: Sequence[Mapping[str, Shape] | None]) -> list[str]:
    return sorted({name for group in groups for name in group or ()})


def _unknown(name: str, known: Sequence[str]) -> str:
    for each in known:
        if small_first(each) == name:
            return f"write {each}, as AWS's model does; records in either spelling are then matched"
    return f"the operation has no such parameter{did_you_mean(name, known)}"


def _inside(
    pattern: Mapping[str, object], shapes: Sequence[Shape], place: Path, *, top: bool
) -> Iterator[tuple[Path, str]]:
    for key, inner in pattern.items():
        if key == "$or" and isinstance(inner, list):
            for position, branch in enumerate(inner):
                yield from _inside(branch, shapes, (*place, key, position), top=top)
        elif not (top and key in _IN_THEIR_PLACE):
            yield from unknown_parameters(key.split("."), inner, shapes, (*place, key))
