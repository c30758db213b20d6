"""Frozen dataclasses and named tuples as JSON types, and back: the one codec of what is stored and sent.

A field is written once, in its class: its type says how it is written and read. `from_json` undoes `to_json`.

| in Python | in JSON |
|---|---|
| dataclass | object of its fields; one with a default may be absent, an unknown one is passed over |
| NamedTuple | list of its fields |
| Mapping, tuple, frozenset | object, list, sorted list |
| Enum, date, datetime | value, ISO 8601 |
| timedelta | seconds |
| a class with `to_json` and `from_json` | what these say |
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from functools import cache, singledispatch
from types import UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

_T = TypeVar("_T")
_Reader = Callable[[Any], Any]


@singledispatch
def to_json(value: Any) -> Any:
    """`value` as JSON types."""
    if hasattr(value, "to_json"):
        return value.to_json()
    if is_dataclass(value):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    return value


@to_json.register(Mapping)
def _(value: Mapping[Any, Any]) -> Any:
    return {to_json(key): to_json(inner) for key, inner in value.items()}


@to_json.register(frozenset)
def _(value: frozenset[Any]) -> Any:
    return sorted(map(to_json, value))


@to_json.register(tuple)
def _(value: tuple[Any, ...]) -> Any:
    return [to_json(item) for item in value]


@to_json.register
def _(value: Enum) -> Any:
    return value.value


@to_json.register
def _(value: timedelta) -> Any:
    return value.total_seconds()


@to_json.register
def _(value: date) -> Any:
    return value.isoformat()


def from_json(kind: type[_T], data: Any) -> _T:
    """The value of type `kind` that `to_json` wrote.

    Data of another shape raises `KeyError`, `TypeError`, `ValueError`, `AttributeError` or `OverflowError`.
    """
    return cast("_T", _reader(cast("Hashable", kind))(data))


@cache
def _reader(kind: Any) -> _Reader:
    """How values of a type are read."""
    if (make := _GENERIC.get(get_origin(kind))) is not None:
        return make(get_args(kind))
    if hasattr(kind, "from_json"):
        return cast("_Reader", kind.from_json)
    if is_dataclass(kind):
        return _object(cast("type[Any]", kind))
    if hasattr(kind, "_fields"):
        return _named_tuple(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    return _BY_TYPE.get(kind) or _plain(kind)


def _optional(arguments: tuple[Any, ...]) -> _Reader:
    (inner,) = (each for each in arguments if each is not type(None))
    read = _reader(inner)
    return lambda data: None if data is None else read(data)


def _tuple(arguments: tuple[Any, ...]) -> _Reader:
    if arguments[1:] != (...,):
        raise TypeError("the codec reads tuples of any length alone: tuple[X, ...]")
    read, is_list = _reader(arguments[0]), _plain(list)
    return lambda data: tuple([read(item) for item in is_list(data)])


def _frozenset(arguments: tuple[Any, ...]) -> _Reader:
    read = _tuple((*arguments, ...))
    return lambda data: frozenset(read(data))


def _mapping(arguments: tuple[Any, ...]) -> _Reader:
    read_key, read_value = map(_reader, arguments)
    return lambda data: {read_key(key): read_value(value) for key, value in data.items()}


def _literal(arguments: tuple[Any, ...]) -> _Reader:
    def read(data: Any) -> Any:
        if data not in arguments:
            raise ValueError(f"not one of {arguments}")
        return data

    return read


_GENERIC: Mapping[Any, Callable[[tuple[Any, ...]], _Reader]] = {
    Union: _optional,
    UnionType: _optional,
    tuple: _tuple,
    frozenset: _frozenset,
    Mapping: _mapping,
    Literal: _literal,
}
_BY_TYPE: Mapping[Any, _Reader] = {
    timedelta: lambda seconds: timedelta(seconds=seconds),
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
    Any: lambda data: data,
}


def _object(kind: type[Any]) -> _Reader:
    hints = get_type_hints(kind)
    required = {each.name for each in fields(kind) if each.default is each.default_factory is MISSING}
    readers = {each.name: _reader(hints[each.name]) for each in fields(kind)}

    def read(data: Any) -> Any:
        given = {name: data[name] for name in readers if name in required or name in data}
        return kind(**{name: readers[name](value) for name, value in given.items()})

    return read


def _named_tuple(kind: Any) -> _Reader:
    readers, is_list = [_reader(hint) for hint in get_type_hints(kind).values()], _plain(list)
    return lambda data: kind(*(read(value) for read, value in zip(readers, is_list(data), strict=True)))


def _plain(kind: Any) -> _Reader:
    if not isinstance(kind, type):
        raise TypeError(f"the codec has no reader for {kind}: write Mapping, tuple[X, ...] or frozenset")

    def read(data: Any) -> Any:
        if not isinstance(data, kind):
            raise TypeError(f"not a {kind.__name__}")
        return data

    return read
