"""Numbers as Event Ruler compares them (ComparableNumber.java, Range.java)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import eq, ge, gt, le, lt
from typing import Any

from handlers.core.patterns.error import PatternError, Place

_LARGEST = 5_000_000_000
"""No number beyond this is compared, on either side of zero."""
_DECIMALS = 6
_LOWER_BOUNDS = {">": gt, ">=": ge}
_UPPER_BOUNDS = {"<": lt, "<=": le}


def compile_numeric(operand: object, place: Place) -> Callable[[Any], bool]:
    """Compile the operand of `numeric`, a bound or two, into a test of a leaf. Raises `PatternError`."""
    match operand:
        case ["=", value]:
            return _in_range(partial(eq, comparable(value, place)))
        case [("<" | "<=") as upper, high]:
            lower, low = ">=", -_LARGEST
        case [(">" | ">=") as lower, low]:
            upper, high = "<=", _LARGEST
        case [(">" | ">=") as lower, low, ("<" | "<=") as upper, high]:
            pass
        case _:
            raise PatternError(place, 'write ["=", 5], ["<", 5], [">=", 0] or a range, [">", 0, "<=", 5]')
    above, below = _LOWER_BOUNDS[lower], _UPPER_BOUNDS[upper]
    low, high = comparable(low, place), comparable(high, place)
    if low >= high:
        raise PatternError(place, f"nothing is between {low} and {high}; the first must be the smaller")
    return _in_range(lambda number: above(number, low) and below(number, high))


def _in_range(compare: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda leaf: is_number(leaf) and _is_comparable(leaf) and compare(leaf)


def is_number(value: object) -> bool:
    """Whether `value` is a JSON number; true and false, which Python counts as numbers, are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_comparable(number: float) -> bool:
    return -_LARGEST <= number <= _LARGEST and round(number, _DECIMALS) == number


def comparable(value: Any, place: Place) -> Any:
    """The number itself. Raises `PatternError` for what is none, or none that AWS compares."""
    if not is_number(value):
        raise PatternError(place, "compares numbers; write numbers, without quotes")
    if not _is_comparable(value):
        raise PatternError(place, "AWS compares numbers from -5e9 to 5e9 with up to six decimals")
    return value
