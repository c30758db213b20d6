"""What AWS's own service models say, as botocore ships them: operations and their parameters.

Models of services that AWS retired are gone from botocore; of these nothing is known here.
"""

from __future__ import annotations

from functools import cache

from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from handlers.core.parameter_case import lower_first
from rulebook.services import Service


@cache
def _loader() -> Loader:
    return Loader()


@cache
def _models(service: Service) -> tuple[ServiceModel, ...]:
    found = []
    for name in service.models:
        try:
            found.append(ServiceModel(_loader().load_service_model(name, "service-2"), name))
        except UnknownServiceError:
            continue
    return tuple(found)


def operations_of(service: Service) -> frozenset[str]:
    """Every operation of a service, those that only read too; empty where no model is there."""
    return frozenset(str(name) for model in _models(service) for name in model.operation_names)


def parameters_of(service: Service, operation: str) -> tuple[StructureShape, ...]:
    """The input of an operation, of each version of the service that has it; empty where no model tells."""
    found = [
        model.operation_model(operation).input_shape
        for model in _models(service)
        if operation in model.operation_names
    ]
    return tuple(shape for shape in found if shape is not None)


def answers_of(service: Service, operation: str) -> tuple[StructureShape, ...]:
    """The output of an operation, of each version of the service that has one."""
    found = [
        model.operation_model(operation).output_shape
        for model in _models(service)
        if operation in model.operation_names
    ]
    return tuple(shape for shape in found if shape is not None)


def docs_of(service: Service, operation: str) -> str | None:
    """The page of AWS on an operation, as boto3's documentation links it; None where no model is there."""
    for model in _models(service):
        if operation in model.operation_names:
            return f"https://docs.aws.amazon.com/goto/WebAPI/{model.metadata['uid']}/{operation}"
    return None


@cache
def parameters_with_capitals(service: Service, operation: str) -> frozenset[str] | None:
    """The parameters of an operation, and of its answer, below which a name may begin with a capital: one of
    the model, or one that callers choose, such as those of attributes. Their own first letters are lowered.

    None where no model tells.
    """
    known = [model for model in _models(service) if operation in model.operation_names]
    called = [model.operation_model(operation) for model in known]
    shapes = [shape for each in called for shape in (each.input_shape, each.output_shape)]
    if not known:
        return None
    return frozenset(
        lower_first(name)
        for shape in shapes
        for name, member in (members_of(shape) or {} if shape is not None else {}).items()
        if name[:1].isupper() or _names_capitals(member, set())
    )


def _names_capitals(shape: Shape, seen: set[str]) -> bool:
    shape = _element(shape)
    if shape.name in seen:
        return False
    seen.add(shape.name)
    if members_of(shape) is None:
        return True
    members = shape.members if isinstance(shape, StructureShape) else {}
    return any(name[:1].isupper() or _names_capitals(member, seen) for name, member in members.items())


def members_of(shape: Shape) -> dict[str, Shape] | None:
    """What may stand below a value of this shape, by name; None where anything may.

    A list stands for its elements, as it does in patterns. Empty for plain values.
    """
    shape = _element(shape)
    if isinstance(shape, MapShape) or getattr(shape, "is_document_type", False):
        return None
    return dict(shape.members) if isinstance(shape, StructureShape) else {}


def is_text(shape: Shape) -> bool:
    """Whether a plain value of this shape is text in a record. Of other types this is not known: CloudTrail
    stringifies query parameters; body values keep their type.
    """
    return str(_element(shape).type_name) == "string"


def choices_of(shape: Shape) -> tuple[str, ...]:
    """The values that a parameter may have; empty where the model names none."""
    shape = _element(shape)
    return tuple(getattr(shape, "enum", ()))


def _element(shape: Shape) -> Shape:
    while isinstance(shape, ListShape):
        shape = shape.member
    return shape
