"""From an event to deliveries on the queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from handlers.core.alert_building import build_alert
from handlers.core.alerts import Alert, Delivery
from handlers.core.judgement import Judged, judge_event
from handlers.core.record import Record, parse_event
from handlers.core.ruleset import Ruleset
from handlers.pipeline import Claims, Run, act_once
from handlers.pipeline.windows import WindowedAlert, Windows, enter_windows


class DeliveryQueue(Protocol):
    """Where `detect` leaves deliveries for `deliver`."""

    def send(self, deliveries: Sequence[Delivery]) -> None:
        """Queue all of them, or raise."""


@dataclass(frozen=True, slots=True)
class Detection:
    """What became of one event. `alert` is None when there is no finding; `repeated` says that an earlier
    run queued the deliveries; `windowed` are the alerts of rules over time that it completed.
    """

    judged: Judged
    alert: Alert | None = None
    repeated: bool = False
    windowed: tuple[WindowedAlert, ...] = ()


def detect(
    event: object, *, ruleset: Ruleset, claims: Claims, windows: Windows, queue: DeliveryQueue, run: Run
) -> Detection:
    """Judge one EventBridge event and queue a delivery for each destination: first of the call itself, then
    of the rules over time that it completes.

    Raises `BadRecord` for an event that can not be judged, `ClaimHeld` when another run is at
    it, and whatever the adapters raise: Lambda then retries the event and, in the end,
    keeps it whole in the failure queue.
    """
    return detect_record(
        parse_event(event), ruleset=ruleset, claims=claims, windows=windows, queue=queue, run=run
    )


def detect_record(
    record: Record, *, ruleset: Ruleset, claims: Claims, windows: Windows, queue: DeliveryQueue, run: Run
) -> Detection:
    """As `detect`, of a record that was read."""
    judged = judge_event(record, ruleset)
    alert, is_first = None, True
    if judged.finding is not None:
        alert = build_alert(judged, judged.finding, ruleset)
        deliveries = [Delivery(alert=alert, destination=name) for name in judged.finding.destinations]
        is_first = not deliveries or act_once(
            f"alert#{alert.alert_id}", partial(queue.send, deliveries), claims=claims, run=run
        )
    windowed = enter_windows(judged, ruleset=ruleset, windows=windows, send=queue.send, run=run)
    return Detection(judged, alert, repeated=not is_first, windowed=windowed)
