"""What the sections of a config share."""

from __future__ import annotations

from typing import cast

from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from rulebook.config.context import Context
from rulebook.validation import Strict, refuse

SOME = Field(strict=False, min_length=1)
"""A list that is not empty."""


def context_of(info: ValidationInfo) -> Context:
    """What the rest of the file says."""
    return cast("Context", info.context)


class Section(Strict):
    """A part of the file. A key without a value is a slip, not a way to say "default"."""

    # What stands below a key here is what an editor shows of it.
    model_config = ConfigDict(use_attribute_docstrings=True)

    @field_validator("*", mode="before")
    @classmethod
    def _has_value(cls, value: object) -> object:
        if value is None:
            raise refuse(((), "has no value; write one, or delete the line"))
        return value
