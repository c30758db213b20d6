"""The played AWS and Slack: a clock, queues, the stores, and what goes wrong with them.

    SQS        hands a message out from when it is visible, again after its visibility timeout, in any order
    DynamoDB   the stores in memory, which keep the same contract as the table (tests/contract); a count takes
               time, and what is written meanwhile is counted or not
    Lambda     retries an event one and two minutes later; then it lies in the failure queue and is redriven
    Slack      takes a message, refuses it, or takes it and the answer is lost

Every call to them may fail without effect, take effect and lose its answer, or be made twice by the SDK.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Literal, NamedTuple, TypeVar

from handlers.adapters.memory_buckets import MemoryBuckets
from handlers.adapters.memory_claims import MemoryClaims
from handlers.adapters.memory_mutes import MemoryMutes
from handlers.core.alerts import Alert
from handlers.core.rollups import HeldAlerts
from handlers.pipeline import Claims
from handlers.pipeline.outside import Buckets, Mutes
from tests.simulation.story import BEGIN, Story

T = TypeVar("T")
Function = Literal["detect", "summarise", "deliver", "operator"]

NEVER = datetime.max.replace(tzinfo=UTC)
VISIBILITY = {"deliver": timedelta(seconds=450), "summarise": timedelta(seconds=270)}
"""How long a message that was handed out is hidden."""
RETRIES = (timedelta(minutes=1), timedelta(minutes=2))
"""When Lambda tries an event again."""
REDRIVE = timedelta(minutes=10)
"""How long an event lies in the failure queue at most. Operators are slower; nothing depends on it."""


class ServiceError(Exception):
    """A call to AWS failed, or its answer was lost."""


@dataclass(eq=False, slots=True)
class Task:
    """What makes a function run: an event, a queue message, a command."""

    function: Function
    name: str
    work: Any
    ready: datetime
    """From when on it may be handed out."""
    tries: int = 0


class Message(NamedTuple):
    """What Slack took."""

    alert: Alert
    destination: str
    run: str


class Line(NamedTuple):
    """A line of the trace."""

    time: datetime
    who: str
    call: str
    key: str
    answer: str


@dataclass(slots=True)
class World:
    """All that runs share."""

    story: Story
    random: Random
    trace: list[Line] | None = None
    """What happened; None where nobody will read it."""
    now: datetime = BEGIN - timedelta(minutes=2)
    faults: int = 0
    """So many things may still go wrong."""
    last_fault: datetime = BEGIN
    buckets: Buckets = field(default_factory=MemoryBuckets)
    mutes: Mutes = field(default_factory=MemoryMutes)
    claims: Claims = field(default_factory=MemoryClaims)
    tasks: list[Task] = field(default_factory=list)
    slack: list[Message] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    """The runs that died or failed."""
    held_at: dict[tuple[str, str], datetime] = field(default_factory=dict)
    """By bucket and alert: when it was first held."""
    sent_at: dict[str, datetime] = field(default_factory=dict)
    """By alert: when its delivery was first queued."""

    def __post_init__(self) -> None:
        self.faults = self.story.faults

    def note(self, who: str, call: str, key: str = "", answer: object = "") -> None:
        """Write a line of the trace."""
        if self.trace is not None:
            self.trace.append(Line(self.now, who, call, key, str(answer)))

    def pass_time(self) -> None:
        """The clock moves while a call is made: mostly by nothing worth a mention."""
        if self.random.random() < 0.3:
            pace = self.story.pace if self.faults else 0.01
            self.now += timedelta(seconds=self.random.random() * pace)

    def goes_wrong(self, rate: float) -> bool:
        """Whether something goes wrong now, while anything may."""
        if self.faults and self.random.random() < rate:
            self.spend_fault()
            return True
        return False

    def spend_fault(self) -> None:
        """Something went wrong."""
        self.faults = max(0, self.faults - 1)
        self.last_fault = self.now

    def call(
        self, who: str, call: str, key: str, act: Callable[[], T], *, error: type[Exception] = ServiceError
    ) -> T | Exception:
        """Make a call: its answer, or the error that it raises."""
        self.pass_time()
        answer: T | Exception
        if not self.goes_wrong(self.story.fault_rate):
            answer = act()
            self.note(who, call, key, "" if answer is None else answer)
            return answer
        fault = self.random.choice(("fails", "loses its answer", "is made twice"))
        if fault == "fails":
            answer = error("it failed")
        elif fault == "is made twice" and error is ServiceError:
            act()
            answer = act()
        else:
            act()
            answer = error("its answer was lost")
        self.note(who, call, key, f"{fault}: {answer}")
        return answer

    def tear(self, before: HeldAlerts, after: HeldAlerts) -> HeldAlerts:
        """A count that took time: of what was written meanwhile it counts some."""
        if before.total == after.total:
            return after
        old = frozenset(before.first)
        first = tuple(each for each in after.first if each in old or self.random.random() < 0.5)
        return HeldAlerts(len(first), first, first[-1] if first else None)

    def queue(self, function: Function, name: str, work: Any, delay: timedelta = timedelta(0)) -> None:
        """Put a message into a queue."""
        self.tasks.append(Task(function, name, work, self.now + delay))
