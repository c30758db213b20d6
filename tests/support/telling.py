"""A world in which alerts are told: state and queues that last, and runs that may die at any call."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from handlers.adapters.memory_buckets import MemoryBuckets
from handlers.adapters.memory_mutes import MemoryMutes
from handlers.core.mutes import Mute
from handlers.core.record_pattern import RecordPattern
from handlers.core.severity import Severity
from handlers.pipeline.detection import Detection, detect
from handlers.pipeline.outside import Outside, Warm
from tests.support.outside import MemoryQueue, MemorySummaries, make_outside
from tests.support.records import make_event
from tests.support.rules import make_ruleset
from tests.support.windows import NoWindows

NOW = datetime(2026, 11, 22, 9, 31, tzinfo=UTC)
"""Some seconds after the calls, which lie in the bucket from 09:30 to 09:40."""
ENDS = datetime(2026, 11, 22, 9, 40, tzinfo=UTC)


class Died(Exception):
    """The run ends here, as when Lambda stops it."""


@dataclass
class World:
    """State and queues that last, and runs that each count what they ask of the state."""

    ruleset: Any = field(
        default_factory=lambda: make_ruleset(
            dedup={each.value: {"window": 600, "first": 2} for each in Severity}
        )
    )
    now: datetime = NOW
    warm: Warm = field(default_factory=Warm)
    calls: list[str] = field(default_factory=list)
    dies_at: int | None = None

    def __post_init__(self) -> None:
        self.buckets, self.mutes = MemoryBuckets(), MemoryMutes()
        self.queue, self.summaries = MemoryQueue(), MemorySummaries()

    def detect(self, event_id: str = "e1", *, is_cold: bool = True, **fields: Any) -> Detection:
        """Judge a call; a warm function knows what the runs before it learnt."""
        self.calls.clear()
        return detect(
            make_event(**{"eventID": event_id, **fields}),
            ruleset=self.ruleset,
            windows=NoWindows(),
            outside=self._outside(Warm() if is_cold else self.warm),
        )

    def _outside(self, warm: Warm) -> Outside:
        return make_outside(
            self.now,
            buckets=Watched(self.buckets, self._call),
            mutes=Watched(self.mutes, self._call),
            deliveries=Watched(self.queue, self._call),
            summaries=Watched(self.summaries, self._call),
            clock=lambda: self.now,
            warm=warm,
        )

    def _call(self, name: str) -> None:
        if len(self.calls) == self.dies_at:
            self.dies_at = None
            raise Died
        self.calls.append(name)

    @property
    def told(self) -> set[str]:
        """Ids of the events that are told one by one, in whatever number of tries."""
        return {each.alert.event_id for each in self.queue.sent}

    def held(self, audience: tuple[str, ...] = ("audit", "secops")) -> int:
        """How many are held for all that asked for a summary."""
        keys = {each.bucket.key for each in self.summaries.asked if set(each.destinations) == set(audience)}
        return sum(self.buckets.read_held(key).total for key in keys)


def dying(parts: Sequence[object], dies_at: int | None) -> list[Any]:
    """Parts of the outside, of which the call number `dies_at`, counted from 0, is not made."""
    numbers = count()

    def say(_: str) -> None:
        if next(numbers) == dies_at:
            raise Died

    return [Watched(part, say) for part in parts]


class Watched:
    """A part of the outside that says each call before it is made."""

    def __init__(self, part: object, say: Callable[[str], None]) -> None:
        self._part, self._say = part, say

    def __getattr__(self, name: str) -> Any:
        """The method of this name."""
        method = getattr(self._part, name)

        def call(*arguments: Any, **named: Any) -> Any:
            self._say("read mutes" if isinstance(self._part, MemoryMutes) and name == "read" else name)
            return method(*arguments, **named)

        return call


def muted(**changes: Any) -> Mute:
    """A mute of everything, from before the calls until long after them."""
    fields: dict[str, Any] = {
        "name": "quiet",
        "match": RecordPattern({"awsRegion": [{"exists": True}]}),
        "reason": "load test",
        "by": "arn:aws:iam::111122223333:user/alice",
        "begins": NOW - timedelta(hours=1),
        "ends": NOW + timedelta(hours=1),
    }
    return Mute(**{**fields, **changes})
