"""The private parts of MiniStack that this package touches, checked before they are touched."""

import inspect
from importlib.metadata import version
from typing import Any

PINNED = "1.5.33"


class MiniStackChangedError(RuntimeError):
    """The installed MiniStack is not the one that the patches were written for."""

    def __init__(self, part: str) -> None:
        super().__init__(f"MiniStack {version('ministack')}: {part} has changed; pinned is {PINNED}")


def function(owner: Any, name: str, parameters: str) -> Any:
    """Return `owner.name` if it still is a function of these parameters ("first, second")."""
    found = getattr(owner, name, None)
    if not callable(found) or ", ".join(inspect.signature(found).parameters) != parameters:
        raise MiniStackChangedError(f"{_name_of(owner)}.{name}")
    return found


def attribute(owner: Any, name: str) -> Any:
    """Return `owner.name` if it still exists."""
    if not hasattr(owner, name):
        raise MiniStackChangedError(f"{_name_of(owner)}.{name}")
    return getattr(owner, name)


def replace(owner: Any, name: str, parameters: str, replacement: Any) -> Any:
    """Put `replacement` in the place of the function `owner.name`, and return the original."""
    original = function(owner, name, parameters)
    setattr(owner, name, replacement)
    return original


def _name_of(owner: Any) -> str:
    return str(getattr(owner, "__name__", type(owner).__name__))
