"""From an alarm of our own to those who keep Thingwatch running."""

from __future__ import annotations

from handlers.core.alarm_events import read_alarm
from handlers.core.alerts import Alert, Delivery
from handlers.core.ruleset import Ruleset
from handlers.pipeline.outside import Outside


def tell_alarm(event: object, ruleset: Ruleset, outside: Outside) -> Alert | None:
    """Tell the operators of an alarm, and return what was told; None for an event of another kind.

    Nothing is held back or muted. Raises `BadAlarm`, and whatever the adapters raise.
    """
    alert = read_alarm(event)
    if alert is not None:
        outside.deliveries.send([Delivery(alert, name) for name in ruleset.operators])
    return alert
