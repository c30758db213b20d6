"""AWS's own service models of the IoT family, reduced to what the catalog is checked against.

One JSON file a service, written by `make models` from botocore: every operation with its HTTP method, and the
shapes that requests and responses of the writing operations are made of. The catalog is checked
against these and not against the installed botocore, which the embedded AWS holds back, and which
has dropped the services that AWS retired.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from rulebook.services import SERVICES


@dataclass(frozen=True)
class Operation:
    """One operation of one model; what it takes and answers are names of `shapes`."""

    name: str
    request: str | None
    response: str | None
    shapes: Mapping[str, Any]

    def shape_at(self, path: str) -> Mapping[str, Any] | None:
        """The shape of a path into the record (`requestParameters.policyName`), or None.

        Lists are stepped into, as patterns do; every key of a map leads to its values.
        """
        head, *parts = path.split(".")
        name = {"requestParameters": self.request, "responseElements": self.response}[head]
        for part in parts:
            shape = self._inside_lists(name)
            name = shape.get("members", {}).get(part) or shape.get("value")
            if name is None:
                return None
        return self._inside_lists(name) if name else None

    def is_list_at(self, path: str) -> bool:
        """Whether the record holds a list at this path."""
        head, _, last = path.rpartition(".")
        above = self.shape_at(head) if head else None
        name = (above or {}).get("members", {}).get(last)
        return name is not None and self.shapes[name]["type"] == "list"

    def is_in_query_string(self, path: str) -> bool:
        """Whether a parameter travels in the query string."""
        shape = self.shapes.get(self.request or "", {})
        return path.partition(".")[2] in shape.get("query", ())

    @property
    def members(self) -> frozenset[str]:
        """The names of what the operation takes and answers."""
        ends = (self.shapes.get(name, {}) for name in (self.request, self.response) if name)
        return frozenset(member for end in ends for member in end.get("members", {}))

    def _inside_lists(self, name: str | None) -> Mapping[str, Any]:
        shape: Mapping[str, Any] = self.shapes[name] if name else {}
        while shape.get("type") == "list":
            shape = self.shapes[shape["member"]]
        return shape


@cache
def read_model(name: str) -> dict[str, Any]:
    """The reduced model of one service, by botocore's name of it."""
    model: dict[str, Any] = json.loads((Path(__file__).parent / f"{name}.json").read_text(encoding="utf-8"))
    return model


@cache
def operations_of(prefix: str) -> Mapping[str, tuple[Operation, ...]]:
    """The operations of a service of the catalog; several where two versions have the same one."""
    found: dict[str, tuple[Operation, ...]] = {}
    for model in map(read_model, SERVICES[prefix].models):
        for name, each in model["operations"].items():
            operation = Operation(name, each.get("input"), each.get("output"), model["shapes"])
            found[name] = (*found.get(name, ()), operation)
    return found


def find_operation(operation: str) -> tuple[Operation, ...]:
    """The models of an operation as the catalog names it, `iot:UpdateCertificate`."""
    prefix, _, name = operation.partition(":")
    return operations_of(prefix)[name]


def shape_at(operation: str, path: str) -> Mapping[str, Any] | None:
    """The shape of a path into the records of an operation, in whichever version has it."""
    shapes = (each.shape_at(path) for each in find_operation(operation))
    return next((shape for shape in shapes if shape is not None), None)
