"""Judgements on any operation: `any_operation.yaml`, checked as it is read.

A circumstance is who called, from where, or what came of it. It moves the severity that the
operation's entry gave. The file also holds the entry of operations that have none of their own.
"""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, model_validator

from rulebook.catalog import Entry, Technique
from rulebook.faults import CatalogError
from rulebook.source import read_source
from rulebook.validation import Items, Pattern, SeverityName, Strict, Text, checked, matching, refuse

ANY_OPERATION = pathlib.Path(__file__).parent / "any_operation.yaml"

Name = Annotated[str, matching(r"[a-z]+(-[a-z]+)*", "write the name in small letters and hyphens")]


class Circumstance(Strict):
    """What holds where `when` matches, whatever was called: the severity is at least and at most these."""

    when: Pattern
    at_least: SeverityName | None = None
    at_most: SeverityName | None = None
    why: Text
    attack: Annotated[tuple[Technique, ...], Items] = ()

    @model_validator(mode="after")
    def _moves_a_severity(self) -> Circumstance:
        if self.at_least is None and self.at_most is None:
            raise refuse(((), "changes nothing; write `at_least:` or `at_most:`"))
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise refuse((("at_least",), f"is above at_most, {self.at_most.value}"))
        return self


class AnyOperation(Strict):
    """The circumstances by name, and the entries of operations that have none of their own: those that may
    write and that the catalog does not know, and those that only read.
    """

    circumstances: Annotated[Mapping[Name, Circumstance], Field(min_length=1)]
    uncatalogued: Entry
    reads: Entry


def load_any_operation(path: pathlib.Path = ANY_OPERATION) -> AnyOperation:
    """The judgements in a file. Raises `SourceError`, or `CatalogError` with every fault."""
    source = read_source(path)
    found, wrong = checked(AnyOperation, source)
    faults = (*source.faults, *wrong)
    if found is None or faults:
        raise CatalogError(faults)
    return found
