"""IAM's wildcards (`*` any text, `?` any character) and policy variables, without regular expressions:
an attacker writes the patterns, and `?*?*?*?*x` would keep one busy for hours.

A pattern is a sequence of tokens: a character, a wildcard, or a whole policy variable, of which only
its name is known. A text without variables is already such a sequence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

Pattern = Sequence[str]

_ANY_TEXT, _ANY_CHARACTER = "*", "?"


def split_variables(text: str) -> Iterator[tuple[str, bool]]:
    """The text in pieces, each with whether it is a whole policy variable such as `${iot:ClientId}`."""
    at = 0
    while (start := text.find("${", at)) >= 0 and (end := text.find("}", start)) >= 0:
        if start > at:
            yield text[at:start], False
        yield text[start : end + 1], True
        at = end + 1
    if at < len(text):
        yield text[at:], False


def as_pattern(text: str, *, substitutes_variables: bool) -> Pattern:
    """The tokens of a text. Without substitution, a variable is the characters it is written with."""
    pattern: Pattern = text
    if substitutes_variables and "${" in text:
        pattern = tuple(
            token
            for piece, is_variable in split_variables(text)
            for token in ((piece,) if is_variable else piece)
        )
    return _in_order(pattern) if _ANY_TEXT in pattern else pattern


def covers(wide: Pattern, narrow: Pattern) -> bool:
    """Whether every text that `narrow` stands for is one that `wide` stands for, whatever the variables
    are (one variable has one value on both sides).

    True is always right; False may mean that it could not be shown. At most
    len(wide) × len(narrow) steps.
    """
    at = place = 0
    star, taken = -1, 0
    while at < len(narrow):
        token = wide[place] if place < len(wide) else ""
        if token == _ANY_TEXT:
            star, taken = place, at
            place += 1
        elif token == narrow[at] or (
            token == _ANY_CHARACTER and narrow[at] != _ANY_TEXT and len(narrow[at]) == 1
        ):
            at += 1
            place += 1
        elif star >= 0:
            # Let the last asterisk take one token more, and go on behind it.
            taken += 1
            at, place = taken, star + 1
        else:
            return False
    return all(token == _ANY_TEXT for token in wide[place:])


def are_apart(one: Pattern, other: Pattern) -> bool:
    """Whether no text is one of both. True is always right; False may mean that it could not be shown."""
    if _is_plain(one) and _is_plain(other):
        return tuple(one) != tuple(other)
    return _begin_apart(one, other) or _begin_apart(one[::-1], other[::-1])


def _begin_apart(one: Pattern, other: Pattern) -> bool:
    for left, right in zip(one, other, strict=False):
        if not _is_plain((left, right)):
            return False
        if left != right:
            return True
    return False


def _is_plain(pattern: Pattern) -> bool:
    return all(len(token) == 1 and token not in (_ANY_TEXT, _ANY_CHARACTER) for token in pattern)


def _in_order(pattern: Pattern) -> Pattern:
    """One spelling for wildcards that stand side by side: `*?*` is `?*`."""
    ordered: list[str] = []
    after_star = False
    for token in pattern:
        if token == _ANY_TEXT:
            after_star = True
            continue
        if token != _ANY_CHARACTER and after_star:
            ordered.append(_ANY_TEXT)
            after_star = False
        ordered.append(token)
    if after_star:
        ordered.append(_ANY_TEXT)
    return tuple(ordered)
