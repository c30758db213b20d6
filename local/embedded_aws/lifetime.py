"""One life of the emulator's state, from its start or a reset to the next reset.

Work that was begun in an earlier life (an asynchronous event waiting for its retry, a record on its way to
the bus) must not reach the state of a later one: a test would see the events of the test before it.
"""

_life = 0


def current() -> int:
    """Return the number of the present life."""
    return _life


def begin_next() -> None:
    """End the present life, and with it everything that was begun in it."""
    global _life  # noqa: PLW0603 - the one piece of state that this module is about
    _life += 1
