"""Mutes in memory: for running the pipeline without AWS. The same contract as the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from handlers.core.alerts import Alert
from handlers.core.mutes import Mute, SavedMute


@dataclass(slots=True)
class MemoryMutes:
    """Mutes of one process."""

    _saved: dict[str, SavedMute] = field(default_factory=dict)

    def read(self) -> Sequence[SavedMute]:
        """See `Mutes.read`."""
        return tuple(self._saved.values())

    def register(self, mute: Mute, audience: tuple[str, ...], alert: Alert) -> datetime:
        """See `Mutes.register`."""
        saved = self._saved.get(mute.mute_id)
        if saved is None:
            return mute.ends
        self._saved[mute.mute_id] = saved._replace(audiences={audience: alert, **saved.audiences})
        return saved.mute.ends

    def put(self, mute: Mute) -> None:
        """See `Mutes.put`."""
        self._saved[mute.mute_id] = SavedMute(mute)

    def end(self, mute: Mute, ends: datetime) -> SavedMute:
        """See `Mutes.end`."""
        saved = self._saved.get(mute.mute_id)
        if saved is None:
            return SavedMute(mute)
        self._saved[mute.mute_id] = saved._replace(mute=replace(mute, ends=min(ends, saved.mute.ends)))
        return self._saved[mute.mute_id]
