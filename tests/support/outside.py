"""What telling works with, in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from handlers.adapters.memory_buckets import MemoryBuckets
from handlers.adapters.memory_mutes import MemoryMutes
from handlers.core.alerts import Delivery
from handlers.core.rollups import Summary
from handlers.pipeline.outside import DeliveryQueue, Outside, Warm


@dataclass
class MemoryQueue:
    """A queue of deliveries that refuses while it has `faults`."""

    sent: list[Delivery] = field(default_factory=list)
    faults: list[BaseException] = field(default_factory=list)

    def send(self, deliveries: Sequence[Delivery]) -> None:
        """See `DeliveryQueue.send`."""
        if self.faults:
            raise self.faults.pop()
        self.sent.extend(deliveries)


@dataclass
class MemorySummaries:
    """A queue of summaries."""

    asked: list[Summary] = field(default_factory=list)
    delays: list[timedelta] = field(default_factory=list)

    def ask(self, summary: Summary, *, delay: timedelta) -> None:
        """See `SummaryQueue.ask`."""
        self.asked.append(summary)
        self.delays.append(delay)


def make_outside(now: datetime, *, deliveries: DeliveryQueue | None = None, **changes: Any) -> Outside:
    """An outside whose clock stands still at `now`."""
    parts: dict[str, Any] = {
        "buckets": MemoryBuckets(),
        "mutes": MemoryMutes(),
        "deliveries": deliveries or MemoryQueue(),
        "summaries": MemorySummaries(),
        "clock": lambda: now,
        "grace": timedelta(minutes=5),
        "warm": Warm(),
    }
    return Outside(**{**parts, **changes})
