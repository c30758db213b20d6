"""Random patterns that AWS takes, and random events that often fit them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

KEYS = st.sampled_from(["a", "b", "c"])
TEXTS = st.text("aAb*\\.ß", max_size=4)
NUMBERS = st.integers(-3, 3) | st.sampled_from([0.5, 1.0, -2.25, 300.0, 5e9])
LEAVES = st.none() | st.booleans() | NUMBERS | TEXTS

ANY_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.ip_addresses().map(str),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(KEYS | st.just("a.b") | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=15,
)


def json_of(
    leaves: st.SearchStrategy[Any], *, keys: st.SearchStrategy[str] = KEYS, arrays: bool = True
) -> st.SearchStrategy[dict[str, Any]]:
    """Objects of a few keys, nested, with arrays of anything or without."""

    def deeper(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        objects = st.dictionaries(keys, inner, max_size=3)
        return objects | st.lists(inner, max_size=3) if arrays else objects

    return st.dictionaries(keys, st.recursive(leaves, deeper, max_leaves=8), max_size=3)


def _ranges(low: float, high: float) -> list[Any]:
    return [">", low, "<=", high] if low < high else ["=", low]


WILDCARDS = st.lists(st.sampled_from(["a", "b", "*", "\\*", "\\\\"]), max_size=5).map(
    lambda pieces: "".join(
        piece for piece, before in zip(pieces, ["", *pieces], strict=False) if (piece, before) != ("*", "*")
    )
)
_OPERANDS: dict[str, st.SearchStrategy[Any]] = {
    "prefix": TEXTS | st.fixed_dictionaries({"equals-ignore-case": TEXTS}),
    "suffix": TEXTS | st.fixed_dictionaries({"equals-ignore-case": TEXTS}),
    "equals-ignore-case": TEXTS,
    "exactly": TEXTS,
    "wildcard": WILDCARDS,
    "numeric": st.builds(_ranges, NUMBERS, NUMBERS),
    "cidr": st.sampled_from(["10.0.0.0/8", "::/1", "2001:db8::/32"]),
    "exists": st.booleans(),
    "anything-but": TEXTS
    | NUMBERS
    | st.lists(TEXTS, min_size=1, max_size=2)
    | st.lists(NUMBERS, min_size=1, max_size=2)
    | st.fixed_dictionaries({"equals-ignore-case": TEXTS | st.lists(TEXTS, min_size=1, max_size=2)})
    | st.fixed_dictionaries({"wildcard": WILDCARDS})
    | st.sampled_from(["prefix", "suffix"]).flatmap(
        lambda name: st.fixed_dictionaries({name: TEXTS.filter(bool)})
    ),
}


def values(*without: str) -> st.SearchStrategy[list[Any]]:
    """Lists of allowed values: leaves, and all operators but those named."""
    operators = [
        st.fixed_dictionaries({name: operand}) for name, operand in _OPERANDS.items() if name not in without
    ]
    return st.lists(LEAVES | st.one_of(operators), min_size=1, max_size=2)


def patterns(
    fields: st.SearchStrategy[list[Any]], *, keys: st.SearchStrategy[str] = KEYS
) -> st.SearchStrategy[dict[str, Any]]:
    """Patterns of these fields, nested, with a `$or` here and there."""

    def deeper(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        plain = st.dictionaries(keys, fields | inner, min_size=1, max_size=2)
        branches = st.lists(
            st.dictionaries(keys, fields | inner, min_size=1, max_size=2), min_size=2, max_size=3
        )
        return plain | st.builds(lambda rest, either: {**rest, "$or": either}, plain, branches)

    objects = st.dictionaries(keys, fields, min_size=1, max_size=2)
    return st.recursive(objects, deeper, max_leaves=4).filter(few_combinations)


def few_combinations(pattern: object) -> bool:
    """Whether its `$or` lists, and one around them, make no more combinations than AWS takes, when each
    is of at most three patterns.
    """
    return str(pattern).count("$or") < 6
