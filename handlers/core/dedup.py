"""Dedup: of alerts of one kind the first few are told one by one, the rest of a window is counted.

The kind (`Alert.dedup_key`) is rule, operation, outcome, actor, account, Region and severity; of a rule over
time it is rule, group and severity. A bucket is an aligned window of event time, of one kind and one
audience.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from handlers.core.digest import digest


@dataclass(frozen=True, slots=True)
class Dedup:
    """In each window of `window` seconds the `first` alerts of a kind are told one by one."""

    window: int
    first: int

    @property
    def is_off(self) -> bool:
        """Whether every alert is told one by one."""
        return self.window == 0


OFF = Dedup(window=0, first=0)


class Bucket(NamedTuple):
    """Alerts that are counted together."""

    key: str
    """Identifies it in the state by all that defines it: another window or `first` makes another bucket."""
    ends: datetime
    first: int
    """So many are told one by one: none of those that a mute holds."""


def find_bucket(dedup_key: str, dedup: Dedup, audience: Iterable[str], second: int) -> Bucket:
    """The bucket of an alert of this kind, for these destinations, at a second since 1970."""
    number = second // dedup.window
    return Bucket(
        key=digest("bucket", dedup_key, *audience, "", *map(str, (dedup.window, dedup.first, number))),
        ends=datetime.fromtimestamp((number + 1) * dedup.window, UTC),
        first=dedup.first,
    )
