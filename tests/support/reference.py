"""When rules over time hold, by brute force and from the definitions alone (docs/thresholds.md)."""

from collections.abc import Iterable
from dataclasses import dataclass

from tests.support.small_windows import START, WITHIN


@dataclass(frozen=True)
class Seen:
    """One call of a history; several may have the same `event_id`: the same call, delivered again."""

    event_id: str
    second: int
    actor: str
    operation: str
    certificate: str


Fire = tuple[str, str, object]
"""Rule, group, and the begin of the window's pane, or the term."""

OF_BURST = {"UpdateCertificate", "DeleteCertificate"}
OF_SEQUENCE = {"UpdateCertificate", "DeleteCertificate", "AttachPolicy"}


def fires_of(history: Iterable[Seen]) -> set[Fire]:
    """Everything that a history makes hold, for the four rules of `tests.support.small_windows`."""
    calls = set(history)
    found: set[Fire] = set()
    for last in calls:
        lying = {
            each
            for each in calls
            if each.actor == last.actor and last.second - WITHIN < each.second <= last.second
        }
        pane = START + last.second // WITHIN * WITHIN
        counted = {each for each in lying if each.operation in OF_BURST}
        if last in counted and len({each.event_id for each in counted}) >= 3:
            found.add(("burst", last.actor, pane))
        if last in counted and len({each.certificate for each in counted}) >= 3:
            found.add(("spread", last.actor, pane))
        if last.operation in OF_SEQUENCE and {each.operation for each in lying} >= OF_SEQUENCE:
            found.add(("sequence", last.actor, pane))
        if last in counted:
            found.add(("first", last.actor, last.certificate))
    return found
