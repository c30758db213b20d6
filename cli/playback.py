"""The pipeline's outside in memory, with a clock that history moves: nothing is sent, and a summary is told
when it is due.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush

from handlers.adapters.memory_buckets import MemoryBuckets
from handlers.adapters.memory_mutes import MemoryMutes
from handlers.adapters.memory_windows import MemoryWindows
from handlers.core.alerts import Delivery
from handlers.core.record import Record
from handlers.core.rollups import Summary
from handlers.core.ruleset import Ruleset
from handlers.pipeline.detection import Detection, detect_record
from handlers.pipeline.outside import Outside, Warm
from handlers.pipeline.summaries import summarise

GRACE = timedelta(minutes=5)
"""As the stack has it, unless it is deployed with another one."""


@dataclass
class Playback:
    """One history as it is played: records go in by time, deliveries come out."""

    ruleset: Ruleset
    now: datetime
    _windows: MemoryWindows = field(default_factory=MemoryWindows)
    _buckets: MemoryBuckets = field(default_factory=MemoryBuckets)
    _sent: list[Delivery] = field(default_factory=list)
    _delivered: set[str] = field(default_factory=set)
    _due: list[tuple[datetime, int, Summary]] = field(default_factory=list)
    _asked: int = 0

    def __post_init__(self) -> None:
        self._outside = Outside(
            buckets=self._buckets,
            mutes=MemoryMutes(),
            deliveries=self,
            summaries=self,
            clock=lambda: self.now,
            grace=GRACE,
            warm=Warm(),
        )

    def play(self, record: Record) -> tuple[Detection, Sequence[Delivery]]:
        """What becomes of a record, at its own time, and what is delivered of it."""
        self.now = record.event_time
        detection = detect_record(record, ruleset=self.ruleset, windows=self._windows, outside=self._outside)
        return detection, self._take()

    def next_rollup(self, until: datetime | None = None) -> Sequence[Delivery] | None:
        """What is delivered of the summary that is due next; None if none is due by `until`."""
        if not self._due or (until is not None and self._due[0][0] > until):
            return None
        self.now, _, summary = heappop(self._due)
        summarise(summary, buckets=self._buckets, deliveries=self, summaries=self, clock=lambda: self.now)
        return self._take()

    def send(self, deliveries: Sequence[Delivery]) -> None:
        """See `DeliveryQueue.send`."""
        self._sent.extend(deliveries)

    def ask(self, summary: Summary, *, delay: timedelta) -> None:  # noqa: ARG002 - it says when it is due
        """See `SummaryQueue.ask`."""
        self._asked += 1
        heappush(self._due, (summary.due, self._asked, summary))

    def _take(self) -> Sequence[Delivery]:
        """What was sent since it was taken last, each delivery once, as `deliver` claims it."""
        sent = [each for each in self._sent if each.key not in self._delivered]
        self._delivered.update(each.key for each in sent)
        self._sent.clear()
        return sent
