"""Conditions on parameters that an operation does not have, after AWS's own service models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from botocore.model import Shape

from handlers.core.parameter_case import lower_first
from handlers.core.patterns import Field
from handlers.core.text import is_masked
from rulebook.api_models import choices_of, is_text, members_of
from rulebook.config.conditions import each_literal, unmet
from rulebook.faults import Place, did_you_mean
from rulebook.vocabulary import Leaf

# What CloudTrail writes in place of parameters that are too large.
_IN_THEIR_PLACE = frozenset({"omitted", "reason", "originalSize"})


def unknown_parameters(field: Field, shapes: Sequence[Shape]) -> Iterator[tuple[Place, str]]:
    """Faults of a field below `requestParameters`, where one of these shapes stands.

    A mask (`***`) is none: CloudTrail may write one in place of any text or structure.
    """
    names = field.path[1:]
    if names and names[0] in _IN_THEIR_PLACE:
        return
    for steps, name in enumerate(names, start=2):
        groups = [members_of(shape) for shape in shapes]
        if None in groups:
            return
        shapes = [group[name] for group in groups if group is not None and name in group]
        if not shapes:
            yield field.place_at(steps), _unknown(name, _names_in(groups))
            return
    masks = {str(each) for _, each in each_literal(field.values) if is_masked(each)}
    groups = [members_of(shape) for shape in shapes]
    if all(groups):
        if len(masks) < len(field.values):
            yield field.place, f"is no single value; name one below it: {', '.join(_names_in(groups)[:12])}"
    elif all(map(is_text, shapes)):
        choices = [frozenset(choices_of(shape)) for shape in shapes]
        every = frozenset[str]().union(*choices, masks) if all(choices) else None
        yield from unmet(field.values, Leaf("text", every, form="free"), field.place)


def _names_in(groups: Sequence[Mapping[str, Shape] | None]) -> list[str]:
    return sorted({name for group in groups for name in group or ()})


def _unknown(name: str, known: Sequence[str]) -> str:
    for each in known:
        if lower_first(each) == name:
            return f"write {each}, as AWS's model does; records in either case are then matched"
    return f"the operation has no such parameter{did_you_mean(name, known)}"
