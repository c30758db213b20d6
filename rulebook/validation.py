"""Pydantic models checked against a YAML source, with every error in our own words.

Pydantic's messages speak of inputs and types and may repeat the input; ours say what to write,
and never repeat a value that could be a secret.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, ClassVar, TypeGuard, TypeVar, Union, cast, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from handlers.core.patterns import PatternError, compile_pattern
from handlers.core.severity import Severity
from rulebook.faults import Fault, Place, did_you_mean, quoted
from rulebook.source import Source


class Strict(BaseModel):
    """A frozen model that takes no unknown keys and guesses nothing."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)

    renamed: ClassVar[Mapping[str, str]] = {}
    """Keys of earlier releases, and how they are written now."""
    misplaced: ClassVar[Mapping[str, str]] = {}
    """Keys that belong elsewhere, and where."""


_Model = TypeVar("_Model", bound=Strict)


def refuse(*faults: tuple[Place, str]) -> PydanticCustomError:
    """The error that a validator raises: places below the value it looked at, and what is wrong there."""
    return PydanticCustomError("refused", "refused", {"faults": faults})


def checked(
    model: type[_Model], source: Source, *, at: Place = (), context: object = None
) -> tuple[_Model | None, tuple[Fault, ...]]:
    """The model made of the value at `at`, or every fault that prevents it."""
    value: Any = source.data
    for part in at:
        value = value[part]
    try:
        return model.model_validate(value, context=context), ()
    except ValidationError as error:
        details = error.errors(include_url=False)
    return None, tuple(fault for detail in details for fault in _faults(model, source, at, detail))


def without(fault: Callable[[str], str | None]) -> AfterValidator:
    """A check that a text has no fault; `fault` says what is wrong with one, or None."""

    def check(text: str) -> str:
        if (wrong := fault(text)) is not None:
            raise refuse(((), wrong))
        return text

    return AfterValidator(check)


def matching(expression: str, advice: str) -> AfterValidator:
    """A check that a text is of this form; `advice` is said of one that is not."""
    compiled = re.compile(expression, re.ASCII)
    return without(lambda text: None if compiled.fullmatch(text) else advice)


def once(items: tuple[Any, ...]) -> tuple[Any, ...]:
    """The items, when none of them stands twice."""
    repeated = [position for position, item in enumerate(items) if item in items[:position]]
    if repeated:
        raise refuse(*(((position,), "stands twice in this list; keep one") for position in repeated))
    return items


def is_sound(pattern: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether a value of a file is a pattern that AWS would take; what is wrong with it is told elsewhere."""
    try:
        compile_pattern(cast("Mapping[str, Any]", pattern))
    except PatternError:
        return False
    return True


def _blank(text: str) -> str | None:
    return None if text.strip() else "is empty; write a text"


def _sound_pattern(pattern: Mapping[str, object]) -> Mapping[str, object]:
    try:
        compile_pattern(pattern)
    except PatternError as error:
        # The matcher repeats values that it refuses; whatever looks like a URL is left out.
        raise refuse((error.place, re.sub(r"\S*(//|services/|hooks)\S*", "…", error.message))) from None
    return pattern


# YAML gives lists and words; strict pydantic wants tuples and enum members, and says so unless told.
Items = Field(strict=False)
SeverityName = Annotated[Severity, Field(strict=False)]
Text = Annotated[str, Field(min_length=1, max_length=300), without(_blank)]
Pattern = Annotated[Mapping[str, object], AfterValidator(_sound_pattern)]


def _faults(model: type[Strict], source: Source, at: Place, detail: ErrorDetails) -> Iterator[Fault]:
    loc: Place = detail["loc"]
    at_key = loc[-1:] == ("[key]",)
    inner = loc[:-1] if at_key else loc
    path = (*at, *inner)
    if detail["type"] == "refused":
        for below, message in detail["ctx"]["faults"]:
            yield source.fault((*path, *below), message, at_key=at_key)
    elif detail["type"] == "extra_forbidden":
        here = _model_at(model, inner[:-1])
        yield source.fault(path, _unknown_key(str(inner[-1]), here), at_key=True)
    elif detail["type"] == "missing":
        field = _model_at(model, inner[:-1]).model_fields[str(inner[-1])]
        example = f", for example `{field.examples[0]}`" if field.examples else ""
        yield source.fault(path, f"is missing; write it{example}")
    elif detail["type"] == "too_short" and detail["input"]:
        # Pydantic counts what is left after wrong items, and each of those has its own fault.
        return
    else:
        yield source.fault(path, _plain_words(detail), at_key=at_key)


def _plain_words(detail: ErrorDetails) -> str:
    kind, value = detail["type"], detail["input"]
    if value is None:
        return "has no value; write one, or delete the line"
    if kind in {"enum", "literal_error"}:
        allowed = re.findall(r"'([^']*)'", detail["ctx"]["expected"])
        one_of = f"is not one of {', '.join(allowed)}" if len(allowed) > 1 else f"is not `{allowed[0]}`"
        return f"{quoted(value)} {one_of}{did_you_mean(value, allowed)}"
    return _BY_TYPE.get(kind, "this value can not stand here")


_MAPPING = "must be keys and values, such as `{key: value}`"
_BY_TYPE = {
    "too_short": "is empty; name at least one",
    "too_long": "holds too many; make the list shorter",
    "string_too_short": "is empty; write a text",
    "string_too_long": "is longer than 300 characters; people read it in a message",
    "string_type": "must be text; put it in quotes if it looks like a number",
    "tuple_type": "must be a list, such as `[one, two]`",
    "dict_type": _MAPPING,
    "mapping_type": _MAPPING,
    "model_type": _MAPPING,
}


def _unknown_key(key: str, model: type[Strict]) -> str:
    if key in model.renamed:
        return f"has a new name: write `{model.renamed[key]}:`"
    if key in model.misplaced:
        return model.misplaced[key]
    known = list(model.model_fields)
    return f"unknown key; known here are {', '.join(known)}{did_you_mean(key, known)}"


def _model_at(model: type[Strict], loc: Place) -> type[Strict]:
    """The model that stands at `loc` below `model`."""
    here: Any = model
    for part in loc:
        here = _bare(here)
        if isinstance(here, type) and issubclass(here, BaseModel):
            here = here.model_fields[str(part)].annotation
        else:
            # Of `tuple[X, ...]` the first argument, of `Mapping[str, X]` the second.
            here = get_args(here)[0 if get_origin(here) is tuple else 1]
    return cast("type[Strict]", _bare(here))


def _bare(annotation: Any) -> Any:
    """The annotation without `Annotated` and without `| None`."""
    while (origin := get_origin(annotation)) in {Annotated, Union, types.UnionType}:
        arguments = get_args(annotation)
        if origin is Annotated:
            annotation = arguments[0]
        else:
            annotation = next(argument for argument in arguments if argument is not type(None))
    return annotation
