"""Waiting for something to become true: by asking again until a deadline, never by sleeping for luck."""

import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")


def wait_until(condition: Callable[[], Answer], timeout: float = 10.0, *, interval: float = 0.02) -> Answer:
    """Ask `condition` until its answer is true, and return that answer.

    Raises `TimeoutError`, with the last answer in its text, when the deadline passes first.
    """
    deadline = time.monotonic() + timeout
    while not (answer := condition()):
        if time.monotonic() >= deadline:
            name = getattr(condition, "__qualname__", repr(condition))
            raise TimeoutError(f"{name} was still {answer!r} after {timeout:g} s")
        time.sleep(interval)
    return answer
