"""Claims in memory: for running the pipeline without AWS. The same contract as the table."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from handlers.pipeline import Claimed


@dataclass(frozen=True, slots=True)
class _Claim:
    owner: str
    lapses: datetime
    done: bool


@dataclass(slots=True)
class MemoryClaims:
    """Claims of one process."""

    _claims: dict[str, _Claim] = field(default_factory=dict)

    def claim(self, key: str, *, owner: str, now: datetime, lease: timedelta) -> Claimed:
        """See `Claims.claim`."""
        found = self._claims.get(key)
        if found is not None and found.lapses > now:
            if found.done:
                return Claimed.DONE
            if found.owner != owner:
                return Claimed.HELD
        self._claims[key] = _Claim(owner=owner, lapses=now + lease, done=False)
        return Claimed.OURS

    def confirm(self, key: str, *, now: datetime, keep: timedelta) -> None:
        """See `Claims.confirm`."""
        self._claims[key] = _Claim(owner="", lapses=now + keep, done=True)

    def release(self, key: str, *, owner: str) -> None:
        """See `Claims.release`."""
        found = self._claims.get(key)
        if found is not None and found.owner == owner and not found.done:
            del self._claims[key]
