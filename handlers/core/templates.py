"""Texts of rules with the values of a call: titles that people read, commands that they paste.

A title: `Policy {policyName} attached [to {target}]`. A value that the call does not tell is left out,
with the space before it or with the brackets around it.

A step of a runbook: a sentence with a command in backticks, ``Look: `aws iot get-policy --policy-name
{policyName}` ``. A value is quoted for the shell. One that the call does not tell, or that can not be
pasted as it is, stands as a variable of the shell, `"$POLICY_NAME"`. A name in capitals is
always one.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

Tell = Callable[[str], str | None]
"""Tells the value of a name; None where there is none."""

_NAME = r"\{([A-Za-z][A-Za-z0-9_.]*)\}"
_IN_TITLE = re.compile(rf" ?(?:\[([^\[\]{{}}]*){_NAME}([^\[\]{{}}]*)\]|{_NAME})")
_IN_COMMAND = re.compile(_NAME)
_COMMAND = re.compile(r"`(aws [^`]*)`")
_READS = re.compile(r"aws [a-z0-9-]+ (?:describe|get|list|lookup|search)-")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

_PLAIN = re.compile(r"[A-Za-z0-9_+@:/][A-Za-z0-9_+.@:/-]{0,255}", re.ASCII)
"""What stands in a command as it is, also as a part of a word."""
_LONGEST_QUOTED = 128
"""As long as names of AWS IoT are. Quoted and escaped, four of these fit into a message."""
_READ_BY_CLI = ("-", "file:", "fileb:", "http:", "https:")
"""Beginnings of a value that the AWS CLI takes for an option, or for the place of the value:
https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-parameters-file.html.
"""


class _Piece(NamedTuple):
    """A part of a title: a name with what is left out with it, or text alone."""

    before: str
    name: str | None = None
    after: str = ""


class _Slot(NamedTuple):
    """A part of a step: text, and the name whose value follows it."""

    before: str
    name: str | None = None
    alone: bool = False
    """The value is a word of the command by itself."""


def fill_title(title: str, tell: Tell) -> str:
    """The title with the values that `tell` knows."""
    text = ""
    for before, name, after in _pieces_of_title(title):
        if name is None:
            text += before
        elif (value := tell(name)) is not None:
            text += f"{before}{value}{after}"
    return text


@lru_cache(maxsize=4096)
def without_names(title: str) -> str:
    """The title of any call, as far as it goes without names: `Policy attached`."""
    said = fill_title(title, lambda name: "{operation}" if name == "operation" else None).strip()
    return said[:1].upper() + said[1:]


def names_in_title(title: str) -> tuple[str, ...]:
    """The names whose values a title shows."""
    return tuple(piece.name for piece in _pieces_of_title(title) if piece.name is not None)


@lru_cache(maxsize=1024)
def names_in_runbook(runbook: tuple[str, ...]) -> tuple[str, ...]:
    """The names whose values the commands of a runbook take, but for the Region's."""
    slots = (slot for step in runbook for slot in _slots_of_step(step))
    names = dict.fromkeys(slot.name for slot in slots if slot.name is not None)
    return tuple(name for name in names if name != "region" and not _VARIABLE.fullmatch(name))


@lru_cache(maxsize=1024)
def without_changes(runbook: tuple[str, ...]) -> tuple[str, ...]:
    """The steps of a runbook that change nothing: there is nothing to undo of a call that failed, and what it
    names may have been there before.
    """
    return tuple(step for step in runbook if all(map(_READS.match, _COMMAND.findall(step))))


def fill_step(step: str, tell: Tell) -> str:
    """The step with its commands ready to paste; each names the Region, which `tell` knows as `region`."""
    text = ""
    for before, name, alone in _slots_of_step(step):
        text += before if name is None else f"{before}{_argument(name, tell, alone=alone)}"
    return text


def _argument(name: str, tell: Tell, *, alone: bool) -> str:
    """A value for the shell, or the variable in its place. `alone`: it is a word by itself."""
    value = None if _VARIABLE.fullmatch(name) else tell(name)
    if value is not None and can_be_pasted(value):
        if _PLAIN.fullmatch(value):
            return value
        if alone:
            return shlex.quote(value)
    return _variable(name)


def can_be_pasted(value: str) -> bool:
    """Whether a value can stand in a command, quoted or not."""
    if value.lower().startswith(_READ_BY_CLI):
        return False
    # A backtick would end the code that the command stands in.
    is_quotable = 0 < len(value) <= _LONGEST_QUOTED and value.isprintable() and "`" not in value
    return is_quotable or _PLAIN.fullmatch(value) is not None


@lru_cache(maxsize=4096)
def _variable(name: str) -> str:
    return f'"${_HUMP.sub("_", name.rpartition(".")[2]).upper()}"'


@lru_cache(maxsize=4096)
def _pieces_of_title(title: str) -> tuple[_Piece, ...]:
    return tuple(_split_title(title))


def _split_title(title: str) -> Iterator[_Piece]:
    end = 0
    for found in _IN_TITLE.finditer(title):
        if found.start() > end:
            yield _Piece(title[end : found.start()])
        space = " " if found[0].startswith(" ") else ""
        if found[4] is not None:
            yield _Piece(space, found[4])
        else:
            yield _Piece(f"{space}{found[1]}", found[2], found[3])
        end = found.end()
    if end < len(title):
        yield _Piece(title[end:])


@lru_cache(maxsize=4096)
def _slots_of_step(step: str) -> tuple[_Slot, ...]:
    return tuple(_split_step(_COMMAND.sub(r"`\1 --region {region}`", step)))


def _split_step(step: str) -> Iterator[_Slot]:
    end = 0
    for command in _COMMAND.finditer(step):
        for found in _IN_COMMAND.finditer(step, command.start(), command.end()):
            is_word = step[found.start() - 1] == " " and step[found.end()] in " `"
            yield _Slot(step[end : found.start()], found[1], is_word)
            end = found.end()
    if end < len(step):
        yield _Slot(step[end:])
