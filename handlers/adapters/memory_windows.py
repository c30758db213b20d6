"""Panes in memory: for running the pipeline without AWS. The same contract as the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from handlers.core.windows import Pane
from handlers.pipeline.windows import NOTHING, SavedPane


@dataclass(slots=True)
class MemoryWindows:
    """Panes of one process."""

    _panes: dict[tuple[str, int], SavedPane] = field(default_factory=dict)

    def read(self, key: str, first: int, last: int) -> Mapping[int, SavedPane]:
        """See `Windows.read`."""
        found = ((number, self._panes.get((key, number))) for number in range(first, last + 1))
        return {number: saved for number, saved in found if saved is not None}

    def write(
        self,
        key: str,
        number: int,
        pane: Pane,
        *,
        version: int,
        lapses: datetime,  # noqa: ARG002 - a process ends
    ) -> SavedPane | None:
        """See `Windows.write`."""
        stored = self._panes.get((key, number), NOTHING)
        if stored.version != version:
            return stored
        self._panes[key, number] = SavedPane(pane, version + 1, stored.marked)
        return None

    def mark(self, key: str, number: int) -> None:
        """See `Windows.mark`."""
        stored = self._panes.get((key, number), NOTHING)
        self._panes[key, number] = stored._replace(marked=True)
