"""Buckets in memory: for running the pipeline without AWS. The same contract as the table."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from handlers.core.rollups import HeldAlert, HeldAlerts
from handlers.pipeline.outside import Head


@dataclass(slots=True)
class MemoryBuckets:
    """Buckets of one process."""

    _heads: dict[str, Head] = field(default_factory=dict)
    _held: dict[str, dict[tuple[int, int, str], HeldAlert]] = field(default_factory=dict)
    """By bucket and order."""

    def tell(
        self,
        key: str,
        alert_id: str,
        *,
        first: int,
        lapses: datetime,  # noqa: ARG002 - a process ends
    ) -> Head | None:
        """See `Buckets.tell`."""
        head = self._heads.get(key, Head())
        if alert_id not in head.told and len(head.told) >= first:
            return head
        self._heads[key] = head._replace(told=head.told | {alert_id})
        return None

    def hold(
        self,
        key: str,
        held: HeldAlert,
        *,
        lapses: datetime,  # noqa: ARG002 - a process ends
    ) -> None:
        """See `Buckets.hold`."""
        self._held.setdefault(key, {})[held.order] = held

    def read(self, key: str) -> Head:
        """See `Buckets.read`."""
        return self._heads.get(key, Head())

    def read_held(self, key: str) -> HeldAlerts:
        """See `Buckets.read_held`."""
        held = [each for _, each in sorted(self._held.get(key, {}).items())]
        return HeldAlerts(len(held), tuple(held), held[-1] if held else None)

    def begin_rollup(
        self,
        key: str,
        *,
        rolled: int,
        upto: int,
        lapses: datetime,  # noqa: ARG002 - a process ends
    ) -> bool:
        """See `Buckets.begin_rollup`."""
        head = self._heads.get(key, Head())
        if head.rolled != rolled or head.pending is not None:
            return False
        self._heads[key] = head._replace(pending=upto)
        return True

    def end_rollup(self, key: str, *, upto: int) -> None:
        """See `Buckets.end_rollup`."""
        head = self._heads.get(key, Head())
        if head.pending == upto:
            self._heads[key] = head._replace(rolled=upto, pending=None)
