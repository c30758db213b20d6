"""Runs of functions that interleave at every call, without threads.

A run is a pure function of the answers to its calls. So a run that waits is simply left (`Paused` unwinds
it), and when it is its turn again it is executed anew from its start: it is given the answers that it had,
and then makes its next calls. What it would have done between two calls it does again, and that touches
nothing but its own memory (`Warm` is copied for each execution). A run that dies is never executed again.

Threads that pass a baton would do as well, but cost more to start and to switch than these few calls cost to
repeat, and a generator in each function would be a second version of the code.
"""

from collections.abc import Callable
from copy import copy
from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeVar

from handlers.adapters.memory_windows import MemoryWindows
from handlers.core.mutes import Mute
from handlers.pipeline import Run as Lease
from handlers.pipeline import delivery, detection, messages, muting, outside, summaries, telling
from tests.simulation.ports import Ports, open_ports
from tests.simulation.story import BEGIN, Command, make_story
from tests.simulation.world import NEVER, REDRIVE, RETRIES, VISIBILITY, Function, Line, Task, World

T = TypeVar("T")

TIMEOUTS: dict[Function, timedelta] = {
    "detect": timedelta(seconds=45),
    "summarise": timedelta(seconds=45),
    "deliver": timedelta(seconds=75),
    "operator": timedelta(seconds=30),
}
LEASE = timedelta(seconds=90)
"""As that of `deliver`."""
MOST_STEPS = 10_000
"""A story that takes more does not come to rest."""


class Paused(BaseException):
    """The run waits before its next call."""


class Run:
    """One run of a function."""

    def __init__(self, name: str, task: Task, world: World, warm: outside.Warm) -> None:
        self.name, self.task, self.world = name, task, world
        self.began = world.now
        self.ports: Ports = open_ports(self)
        self.warm = self._warm_before = warm
        self._answers: list[Any] = []
        self._next = self._may_make = 0

    def execute(self, act: Callable[["Run"], bool], *, calls: int) -> bool:
        """Go on for so many calls; whether the work is done. Raises `Paused`, or what `act` raises."""
        self._next, self._may_make = 0, calls
        self.warm = copy(self._warm_before)
        self.warm.settled = dict(self._warm_before.settled)
        self.warm.asked = dict(self._warm_before.asked)
        return act(self)

    def call(self, call: str, key: str, act: Callable[[], T], **error: Any) -> T:
        """See `ports.Caller`."""
        if self._next == len(self._answers):
            if not self._may_make:
                raise Paused
            self._may_make -= 1
            self._answers.append(self.world.call(self.name, call, key, act, **error))
        answer: T = self._take()
        return answer

    def clock(self) -> datetime:
        """The time. Nobody else notices that it is read, so it is no call."""
        if self._next == len(self._answers):
            self.world.pass_time()
            self._answers.append(self.world.now)
        moment: datetime = self._take()
        return moment

    def _take(self) -> Any:
        answer = self._answers[self._next]
        self._next += 1
        if isinstance(answer, Exception):
            raise answer
        return answer


def _detect(run: Run) -> bool:
    story, ports, recorded = run.world.story, run.ports, run.task.work
    around = outside.Outside(
        ports.buckets, ports.mutes, ports.deliveries, ports.summaries, run.clock, story.grace, run.warm
    )
    if recorded.event is None:
        telling.tell(recorded.candidate, story.ruleset, around)
    else:
        detection.detect(recorded.event, ruleset=story.ruleset, windows=MemoryWindows(), outside=around)
    return True


def _summarise(run: Run) -> bool:
    ports = run.ports

    def act() -> None:
        summaries.summarise(
            run.task.work,
            buckets=ports.buckets,
            deliveries=ports.deliveries,
            summaries=ports.summaries,
            clock=run.clock,
        )

    return _process(run, act)


def _deliver(run: Run) -> bool:
    def act() -> None:
        (result,) = delivery.deliver(
            [run.task.work],
            destinations=run.world.story.ruleset.destinations,
            senders={"slack": run.ports.slack},
            claims=run.ports.claims,
            run=Lease(run.name, run.clock(), LEASE),
        )
        if isinstance(result, Exception):
            raise result

    return _process(run, act)


def _process(run: Run, act: Callable[[], None]) -> bool:
    message = messages.QueueMessage(run.task.name, run.task.name, "", run.task.tries, BEGIN)
    return messages.process(message, act, retries=run.ports.retries) is None


def _command(run: Run) -> bool:
    command: Command = run.task.work
    if command.lasts is not None:
        in_a_minute = muting.find_effect(run.clock())
        ends = in_a_minute + command.lasts
        mute = Mute(command.name, command.match, "why", "who", in_a_minute, ends, command.critical)
        run.ports.mutes.put(mute)
        return True
    for saved in run.ports.mutes.read():
        # One that has ended too: an earlier try may have ended it, and not have come to ask.
        if saved.mute.name == command.name:
            muting.end_mute(
                saved.mute,
                mutes=run.ports.mutes,
                summaries=run.ports.summaries,
                now=run.clock(),
                grace=run.world.story.grace,
            )
    return True


_ACTS: dict[Function, Callable[[Run], bool]] = {
    "detect": _detect,
    "summarise": _summarise,
    "deliver": _deliver,
    "operator": _command,
}


class Simulation:
    """Plays one story to its end: until every queue is empty and nothing runs."""

    def __init__(self, seed: int, trace: list[Line] | None = None, **stores: Any) -> None:
        self.random = Random(seed)  # noqa: S311 - a seed is to be played again
        self.story = make_story(self.random)
        self.world = World(self.story, self.random, trace, **stores)
        self._runs: list[Run] = []
        self._idle: list[outside.Warm] = []
        """Instances of `detect` that are warm."""
        self._started = 0

    def play(self) -> World:
        """The world when all is over. Raises `AssertionError` if it never is."""
        world, random = self.world, self.random
        for at, recorded in self.story.arrivals:
            world.tasks.append(Task("detect", f"record {recorded.number}", recorded, at))
        for at, command in self.story.commands:
            world.tasks.append(Task("operator", command.name, command, at))
        for _ in range(MOST_STEPS):
            ready = [task for task in world.tasks if task.ready <= world.now]
            may_start = bool(ready) and len(self._runs) < self.story.most_runs
            if self._runs and (not may_start or random.random() < 0.6):
                self._step(random.choice(self._runs))
            elif may_start:
                self._start(random.choice(ready))
            elif world.tasks:
                world.now = min(task.ready for task in world.tasks)
            else:
                return world
        raise AssertionError(f"the story does not come to rest in {MOST_STEPS} steps")

    def _start(self, task: Task) -> None:
        world = self.world
        task.tries += 1
        self._started += 1
        warm = outside.Warm()
        if task.function == "detect" and self._idle and self.random.random() < 0.8:
            warm = self._idle.pop(self.random.randrange(len(self._idle)))
        run = Run(f"{task.function}-{self._started}", task, world, warm)
        self._runs.append(run)
        world.note(run.name, "starts", task.name, f"try {task.tries}")
        if task.function in VISIBILITY and not world.goes_wrong(0.03):  # else it is handed out twice at once
            task.ready = world.now + VISIBILITY[task.function]
        elif task.function not in VISIBILITY:
            task.ready = NEVER

    def _step(self, run: Run) -> None:
        world = self.world
        if world.goes_wrong(self.story.fault_rate / 4):
            later = [task.ready for task in world.tasks if world.now < task.ready < NEVER]
            world.now = min(later, default=world.now)
        if world.goes_wrong(self.story.fault_rate / 2):
            self._end(run, "dies", is_done=False)
        elif world.now - run.began > TIMEOUTS[run.task.function]:
            world.spend_fault()
            self._end(run, "times out", is_done=False)
        else:
            self._execute(run)

    def _execute(self, run: Run) -> None:
        try:
            is_done = run.execute(_ACTS[run.task.function], calls=self.random.choice((1, 1, 2, 3, 9)))
        except Paused:
            return
        except Exception as error:  # noqa: BLE001 - Lambda tries again, whatever it is
            is_done = False
            self.world.note(run.name, "fails", run.task.name, error)
        if run.task.function == "detect":
            self._idle.append(run.warm)
        self._end(run, "ends", is_done=is_done)

    def _end(self, run: Run, how: str, *, is_done: bool) -> None:
        world, task = self.world, run.task
        world.note(run.name, how, task.name)
        self._runs.remove(run)
        if is_done:
            if world.goes_wrong(0.03):
                task.ready = world.now + timedelta(minutes=1)  # It comes once more, at least once.
            elif task in world.tasks:
                world.tasks.remove(task)
            return
        world.broken.add(run.name)
        if task.function == "operator":
            task.ready = world.now + timedelta(seconds=5)
        elif task.function == "detect" and task.tries <= len(RETRIES):
            task.ready = world.now + RETRIES[task.tries - 1]
        elif task.function == "detect":
            task.tries, task.ready = 0, world.now + REDRIVE * self.random.random()
