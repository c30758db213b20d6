"""What a call means: its operation and its parameters, read from botocore's model of the service.

CloudTrail records parameters under the names of the API's members (`setAsActive`, `principal`), wherever
they travel: in the path, in the query string (as text), in a header (`x-amzn-iot-principal`) or in the
body.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"

_READING_NAMES = ("Describe", "Get", "List", "Search", "Test")

Query = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Operation:
    """One operation, and the two ways to recognise its path."""

    name: str
    method: str
    path: re.Pattern[str]
    # The path arrives decoded, so that an ARN in it brings its own slashes along.
    path_with_slashes: re.Pattern[str]
    model: OperationModel

    @property
    def is_read(self) -> bool:
        """Whether it changes nothing, by its name."""
        return self.name.startswith(_READING_NAMES)


class ServiceModel:
    """The operations of one service that speaks REST, or JSON with a target header."""

    def __init__(self, service: str) -> None:
        model = botocore.session.get_session().get_service_model(service)
        self.protocol: str = model.metadata["protocol"]
        operations = [_operation(model.operation_model(name)) for name in model.operation_names]
        # "/certificates/pending" before "/certificates/{id}": more literal text is the better match.
        self._operations = sorted(operations, key=lambda operation: -_literal_length(operation.model))

    def find(self, method: str, path: str, target: str = "") -> tuple[Operation, dict[str, str]] | None:
        """Return the operation that a request calls, and the parameters in its path.

        `target` is the header X-Amz-Target, which names the operation in the JSON protocol.
        """
        if self.protocol == "json":
            named = target.rpartition(".")[2]
            return next(((each, {}) for each in self._operations if each.name == named), None)
        candidates = [operation for operation in self._operations if operation.method == method]
        for patterns in ("path", "path_with_slashes"):
            for operation in candidates:
                match = getattr(operation, patterns).fullmatch(path)
                if match:
                    return operation, match.groupdict()
        return None


def request_parameters(
    operation: Operation, in_path: Mapping[str, str], query: Query, headers: Mapping[str, str], body: bytes
) -> dict[str, Any] | None:
    """Return the call's parameters under their API names; None if it has none, or unreadable ones."""
    shape = operation.model.input_shape
    document = _json(body, {})
    if shape is None or document is None:
        return None
    payload = shape.serialization.get("payload")
    found: dict[str, Any] = {}
    for member, member_shape in shape.members.items():
        wire = member_shape.serialization.get("name", member)
        match member_shape.serialization.get("location"):
            case "uri":
                value = _from_text([in_path[wire]], member_shape) if wire in in_path else None
            case "querystring":
                value = _from_text(query[wire], member_shape) if wire in query else None
            case "header":
                value = headers.get(wire.lower())
            case _:
                value = document if member == payload else _member(document, wire)
        if value is not None:
            found[_api_name(member)] = _readable(value, member_shape)
    return found or None


def response_elements(operation: Operation, body: bytes) -> dict[str, Any] | None:
    """Return what the call answered, under the API's names and without its secrets; None for nothing."""
    shape = operation.model.output_shape
    answer = _json(body, {})
    if shape is None or not isinstance(answer, dict):
        return None
    return _readable(answer, shape) or None


def _readable(value: Any, shape: Shape) -> Any:
    """Rename members to the API's names and hide what the model calls sensitive (private keys, above all)."""
    if shape.metadata.get("sensitive"):
        return HIDDEN
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        members = (
            (member, inner, inner.serialization.get("name", member))
            for member, inner in shape.members.items()
        )
        return {
            _api_name(member): _readable(value[wire], inner)
            for member, inner, wire in members
            if wire in value
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_readable(item, shape.member) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: _readable(item, shape.value) for key, item in value.items()}
    return value


def _from_text(texts: Sequence[str], shape: Shape) -> Any:
    """A parameter in the path or the query string, in the type that the model gives it."""
    if shape.type_name == "list":
        return list(texts)
    text = texts[0]
    if shape.type_name == "boolean":
        return text == "true"
    if shape.type_name in {"integer", "long"} and re.fullmatch(r"-?\d+", text):
        return int(text)
    return text


def _operation(model: OperationModel) -> Operation:
    return Operation(
        name=model.name,
        method=model.http["method"],
        path=_pattern(model, r"[^/]+"),
        path_with_slashes=_pattern(model, r".+"),
        model=model,
    )


def _pattern(model: OperationModel, parameter: str) -> re.Pattern[str]:
    pieces = re.split(r"\{(\w+)\+?\}", model.http["requestUri"].partition("?")[0])
    return re.compile(
        "".join(f"(?P<{p}>{parameter})" if i % 2 else re.escape(p) for i, p in enumerate(pieces))
    )


def _literal_length(model: OperationModel) -> int:
    return len(re.sub(r"\{.*?\}", "", model.http["requestUri"]))


def _api_name(member: str) -> str:
    return member[:1].lower() + member[1:]


def _member(document: Any, name: str) -> Any:
    return document.get(name) if isinstance(document, dict) else None


def _json(body: bytes, empty: Any) -> Any:
    """The body as JSON; `empty` for no body and None for one that is not JSON."""
    try:
        return json.loads(body) if body.strip() else empty
    except ValueError:
        return None
