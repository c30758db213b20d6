"""Windows for tests of rulesets that have no rule over time."""

from collections.abc import Mapping
from datetime import datetime

from handlers.core.windows import Pane
from handlers.pipeline.windows import SavedPane


class NoWindows:
    """Windows that nothing may touch."""

    def read(self, key: str, first: int, last: int) -> Mapping[int, SavedPane]:
        """See `Windows.read`."""
        raise AssertionError(key, first, last)

    def write(self, key: str, number: int, pane: Pane, *, version: int, lapses: datetime) -> SavedPane | None:
        """See `Windows.write`."""
        raise AssertionError(key, number, pane, version, lapses)

    def mark(self, key: str, number: int) -> None:
        """See `Windows.mark`."""
        raise AssertionError(key, number)
