"""Short names of resources, for headlines and lists: what a person tells them apart by."""

from __future__ import annotations

import re

_LONGEST = 40
_FEW_DIGITS = 8

# A certificate's id has 64 digits. Sixteen are the address of a radio device, and those differ at their end.
_LONG_ID = re.compile(
    r"(?:[a-z0-9-]+:)?([0-9a-f]{20,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.ASCII | re.IGNORECASE
)
_ARN = re.compile(r"arn:[^:]*:[^:]*:[^:]*:[^:]*:(?:([A-Za-z-]+)[/:])?(?:.*[/:])?([^/:]+)", re.ASCII)

_KINDS = {
    "cert": "certificate",
    "cacert": "CA",
    "thing": "thing",
    "thinggroup": "group",
    "policy": "policy",
    "all": "all",
}
"""Kinds of resources by their part of an ARN, in one word."""


def shorten(name: str) -> str:
    """An ARN by its last part, a long hexadecimal id by its first eight digits, and none too long."""
    found = _ARN.fullmatch(name) if name.startswith("arn:") else None
    return _cut(name if found is None else found[2])


def describe(name: str) -> str:
    """As `shorten`, and what it is where an ARN tells: `certificate 008df3f9…`."""
    found = _ARN.fullmatch(name) if name.startswith("arn:") else None
    if found is None:
        return _cut(name)
    kind = _KINDS.get(found[1] or "")
    return _cut(found[2]) if kind is None else f"{kind} {_cut(found[2])}"


def _cut(name: str) -> str:
    if len(name) >= 20 and (found := _LONG_ID.fullmatch(name)) is not None:
        return f"{found[1][:_FEW_DIGITS]}…"
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
