"""Runs that take turns at every call to the outside, and may die at any: a schedule that repeats exactly."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from threading import Semaphore, Thread

from handlers.core.alerts import Alert, Delivery
from handlers.core.windows import Pane
from handlers.pipeline.windows import SavedPane, Windows


class Died(Exception):
    """The run ends here, as when Lambda stops it."""


@dataclass
class Outside:
    """The store and the queue of one run. It stops before every call until it is told to go on."""

    windows: Windows
    queue: list[Alert]
    dies_at: int | None = None
    """The number of the call that it dies before, counted from 0."""
    writes: int = 0
    conflicts: int = 0
    calls: list[str] = field(default_factory=list)
    before_call: Callable[[], None] = lambda: None

    def _call(self, name: str) -> None:
        self.before_call()
        if len(self.calls) == self.dies_at:
            raise Died
        self.calls.append(name)

    def read(self, key: str, first: int, last: int) -> Mapping[int, SavedPane]:
        """See `Windows.read`."""
        self._call("read")
        return self.windows.read(key, first, last)

    def write(self, key: str, number: int, pane: Pane, *, version: int, lapses: datetime) -> SavedPane | None:
        """See `Windows.write`."""
        self._call("write")
        newer = self.windows.write(key, number, pane, version=version, lapses=lapses)
        self.writes += newer is None
        self.conflicts += newer is not None
        return newer

    def mark(self, key: str, number: int) -> None:
        """See `Windows.mark`."""
        self._call("mark")
        self.windows.mark(key, number)

    def send(self, deliveries: Sequence[Delivery]) -> None:
        """Take an alert, whoever is told."""
        self._call("send")
        self.queue.append(deliveries[0].alert)


class _Runner:
    """One run in a thread of its own, which moves only inside `step`."""

    def __init__(self, act: Callable[[Outside], None], outside: Outside) -> None:
        self._go, self._stopped = Semaphore(0), Semaphore(0)
        self._act, self._outside = act, outside
        self.is_over, self.has_died = False, False
        self.error: BaseException | None = None
        outside.before_call = self._pause
        Thread(target=self._run, daemon=True).start()

    def _pause(self) -> None:
        self._stopped.release()
        self._go.acquire()

    def _run(self) -> None:
        self._go.acquire()
        try:
            self._act(self._outside)
        except Died:
            self.has_died = True
        except BaseException as error:  # noqa: BLE001 - the test's own thread raises it
            self.error = error
        self.is_over = True
        self._stopped.release()

    def step(self) -> None:
        """Go on to just before the next call, or to the end."""
        self._go.release()
        self._stopped.acquire()
        if self.error is not None:
            raise self.error


def interleave(runs: Sequence[tuple[Callable[[Outside], None], Outside]], random: Random) -> list[bool]:
    """Let runs take turns until all are over; for each whether it died."""
    runners = [_Runner(act, outside) for act, outside in runs]
    while alive := [each for each in runners if not each.is_over]:
        random.choice(alive).step()
    return [each.has_died for each in runners]
