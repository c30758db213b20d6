"""One list of values of a pattern, compiled into one test of one leaf.

A leaf is a text, a number, true, false or null. An operator that is about texts fails every other
leaf, so its `anything-but` holds for every other leaf, as on AWS.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from handlers.core.patterns.addresses import parse_address, parse_network
from handlers.core.patterns.error import PatternError, Place, known_names
from handlers.core.patterns.numeric import comparable, compile_numeric, is_number

LeafTest = Callable[[Any], bool]

_WILDCARD_PIECE = re.compile(r"\\.|.", re.DOTALL)
"""A wildcard's text piece by piece: an escaped character, or a character."""


@dataclass(frozen=True, slots=True)
class Values:
    """What the leaf at one path may be. `may_be_absent`: no leaf at all will do as well."""

    test: LeafTest
    may_be_absent: bool


def compile_values(values: object, place: Place) -> Values:
    """Compile a list of allowed values. Raises `PatternError`."""
    if not isinstance(values, list | tuple):
        raise PatternError(place, f"write the allowed values as a list: {_shortened(_as_json([values]))}")
    if not values:
        raise PatternError(place, "an empty list matches nothing; name at least one value")
    exact: list[Any] = []
    tests: list[LeafTest] = []
    may_be_absent = False
    for position, value in enumerate(values):
        here = (*place, position)
        if isinstance(value, Mapping) and len(value) == 1 and value.get("exists") is False:
            may_be_absent = True
        elif isinstance(value, Mapping):
            tests.append(_compile_operator(value, here))
        else:
            exact.append(_scalar(value, here))
    if exact:
        tests.insert(0, _equals_one_of(exact))
        addresses = {address for text in exact if (address := parse_address(text))}
        if addresses:
            tests.append(lambda leaf: parse_address(leaf) in addresses)
    return Values(any_of(tests), may_be_absent)


def _scalar(value: object, place: Place) -> object:
    if isinstance(value, float) and not abs(value) < float("inf"):
        raise PatternError(place, "NaN and Infinity are not JSON; write a number")
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise PatternError(place, "a value is a string, a number, true, false, null or an operator")


def any_of(tests: Sequence[LeafTest]) -> LeafTest:
    """A test that holds when one of `tests` does; none holds when there are none."""
    if len(tests) == 1:
        return tests[0]

    def holds(leaf: Any) -> bool:
        for test in tests:  # noqa: SIM110 - a generator would double the cost of a match
            if test(leaf):
                return True
        return False

    return holds


def _equals_one_of(values: Iterable[Any]) -> LeafTest:
    wanted = frozenset(values)
    if all(isinstance(value, str) for value in wanted):
        return wanted.__contains__
    # In JSON `true` is not `1`, though in Python they are equal.
    tagged = frozenset((isinstance(value, bool), value) for value in values)
    return lambda leaf: (isinstance(leaf, bool), leaf) in tagged


def _compile_operator(expression: Mapping[Any, Any], place: Place) -> LeafTest:
    if len(expression) != 1:
        raise PatternError(place, "an operator is an object with exactly one key")
    ((name, operand),) = expression.items()
    compile_operand = _OPERATORS.get(name)
    if compile_operand is None:
        raise PatternError((*place, name), f"unknown operator; {known_names(name, _OPERATORS)}")
    return compile_operand(operand, (*place, name))


def _exists(operand: object, place: Place) -> LeafTest:
    # `exists: false` is not about a leaf: `compile_values` has taken it out.
    if operand is not True:
        raise PatternError(place, "write true or false")
    return lambda _: True


def _exactly(operand: object, place: Place) -> LeafTest:
    return frozenset([_text(operand, place)]).__contains__


def _prefix(operand: object, place: Place) -> LeafTest:
    if isinstance(operand, Mapping):
        start = _ignoring_case(*_only_ignoring_case(operand, place))
        return lambda leaf: isinstance(leaf, str) and start.match(leaf) is not None
    text = _text(operand, place)
    return lambda leaf: isinstance(leaf, str) and leaf.startswith(text)


def _suffix(operand: object, place: Place) -> LeafTest:
    if isinstance(operand, Mapping):
        text, inner = _only_ignoring_case(operand, place)
        # Read from the end: a search for the beginning of the suffix would try every place of a long text.
        end = _ignoring_case(text, inner, step=-1)
        longest = 3 * len(text)  # no character has more than three in the other case
        return lambda leaf: isinstance(leaf, str) and end.match(leaf[: -longest - 1 : -1]) is not None
    text = _text(operand, place)
    return lambda leaf: isinstance(leaf, str) and leaf.endswith(text)


def _equals_ignore_case(operand: object, place: Place) -> LeafTest:
    whole = _ignoring_case(operand, place)
    return lambda leaf: isinstance(leaf, str) and whole.fullmatch(leaf) is not None


def _ignoring_case(operand: object, place: Place, step: int = 1) -> re.Pattern[str]:
    """Each character in its upper or its lower case, as AWS compares them: `ß` is `ß` or `SS`, but
    `ss` is not `ß`. The two never begin alike, so the expression has nothing to backtrack into.
    """
    choices = (
        "|".join(sorted({re.escape(spelling[::step]) for spelling in (letter.lower(), letter.upper())}))
        for letter in _text(operand, place)[::step]
    )
    return re.compile("".join(f"(?:{choice})" for choice in choices))


def _only_ignoring_case(operand: Mapping[Any, Any], place: Place) -> tuple[str, Place]:
    if set(operand) != {"equals-ignore-case"}:
        raise PatternError(place, 'give a string, or {"equals-ignore-case": a string}')
    inner = (*place, "equals-ignore-case")
    return _text(operand["equals-ignore-case"], inner), inner


def _wildcard(operand: object, place: Place) -> LeafTest:
    pieces = _WILDCARD_PIECE.findall(_text(operand, place))
    if ("*", "*") in pairwise(pieces):
        raise PatternError(place, "two wildcards side by side are refused by AWS; write one *")
    texts = [""]
    for piece in pieces:
        if piece == "*":
            texts.append("")
        elif piece.startswith("\\") and piece not in ("\\*", "\\\\"):
            raise PatternError(place, "after a backslash only * or another backslash may stand")
        else:
            texts[-1] += piece[-1]
    return lambda leaf: isinstance(leaf, str) and _holds_in_order(leaf, texts)


def _holds_in_order(value: str, texts: Sequence[str]) -> bool:
    """Whether `value` is these texts with anything between them. Not a regular expression: on a value
    that an attacker made long, one with several wildcards would take hours to fail.
    """
    if len(texts) == 1:
        return value == texts[0]
    first, *between, last = texts
    place, end = len(first), len(value) - len(last)
    if not (value.startswith(first) and value.endswith(last)):
        return False
    for text in between:
        found = value.find(text, place, end)
        if found < 0:
            return False
        place = found + len(text)
    return place <= end


def _anything_but(operand: object, place: Place) -> LeafTest:
    if isinstance(operand, Mapping):
        refused = _refused_operator(operand, place)
    else:
        refused = _equals_one_of(_refused_values(operand, place))
    return lambda leaf: not refused(leaf)


def _refused_values(operand: object, place: Place) -> Sequence[object]:
    values = operand if isinstance(operand, list | tuple) else [operand]
    if values and all(isinstance(value, str) for value in values):
        return values
    if values and all(is_number(value) for value in values):
        for position, value in enumerate(values):
            comparable(value, (*place, position) if values is operand else place)
        return values
    raise PatternError(
        place,
        "give a string, a number, a list of strings, a list of numbers,"
        f" or an object with one of {', '.join(sorted(_REFUSABLE))}",
    )


def _refused_operator(operand: Mapping[Any, Any], place: Place) -> LeafTest:
    if len(operand) != 1:
        raise PatternError(place, "an operator is an object with exactly one key")
    ((name, inner),) = operand.items()
    inside = (*place, name)
    if name not in _REFUSABLE:
        raise PatternError(inside, f"can not stand below anything-but; {known_names(name, _REFUSABLE)}")
    texts = inner if isinstance(inner, list | tuple) else [inner]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise PatternError(inside, "give a string or a list of strings")
    if name in ("prefix", "suffix") and "" in texts:
        raise PatternError(inside, f"an empty {name} would refuse every string; write one that is not empty")
    return any_of([_OPERATORS[name](text, inside) for text in texts])


def _cidr(operand: object, place: Place) -> LeafTest:
    network = parse_network(_text(operand, place))
    if network is None:
        raise PatternError(
            place,
            'write an address, a slash and fewer bits than the address has: "10.0.0.0/8", "2001:db8::/32";'
            " for one address write it without the slash, as a plain value",
        )
    return lambda leaf: (address := parse_address(leaf)) is not None and address in network


def _text(operand: object, place: Place) -> str:
    if not isinstance(operand, str):
        raise PatternError(place, "give a string")
    return operand


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _shortened(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"


_OPERATORS: dict[object, Callable[[object, Place], LeafTest]] = {
    "anything-but": _anything_but,
    "cidr": _cidr,
    "equals-ignore-case": _equals_ignore_case,
    "exactly": _exactly,
    "exists": _exists,
    "numeric": compile_numeric,
    "prefix": _prefix,
    "suffix": _suffix,
    "wildcard": _wildcard,
}
_REFUSABLE = ("equals-ignore-case", "prefix", "suffix", "wildcard")
"""The operators that AWS lets `anything-but` turn round."""
