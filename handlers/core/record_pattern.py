"""A pattern of ours: over a record and what we say of it, and compiled when it is first needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from handlers.core.parameter_case import lower_path
from handlers.core.patterns import Nodes, Predicate, alternatives_of, compile_nodes, read_pattern


@dataclass(frozen=True)
class RecordPattern:
    """An event pattern over a record with lowered parameters (see `parameter_case`) and its facts.

    It is compiled when it is first asked: a function that starts judges a few operations, not all.
    """

    source: Mapping[str, Any]
    """The pattern as people wrote it."""

    @cached_property
    def nodes(self) -> Nodes:
        """The pattern's fields. Raises `PatternError`."""
        return read_pattern(self.source)

    @cached_property
    def matches(self) -> Predicate:
        """Whether a record matches. Raises `PatternError`."""
        return compile_nodes(self.nodes, lower_path)

    def may_match(self, event_name: str) -> bool:
        """Whether what the pattern says of `eventName`, in branches of a `$or` too, lets an operation in."""
        return self._names is None or any(matches({"eventName": event_name}) for matches in self._names)

    @cached_property
    def _names(self) -> tuple[Predicate, ...] | None:
        """What the alternatives say of `eventName`; None where one of them says nothing."""
        named = [fields.get(("eventName",)) for fields in alternatives_of(self.nodes)]
        # Alternatives share the field that stands beside a `$or`.
        once = {id(field): field for field in named}.values()
        fields = [field for field in once if field is not None]
        return tuple(compile_nodes((field,)) for field in fields) if len(fields) == len(once) else None

    def to_json(self) -> Mapping[str, Any]:
        """The pattern as people wrote it."""
        return self.source

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RecordPattern:
        """See `to_json`."""
        return cls(data)
