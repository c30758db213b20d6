"""From an event to deliveries on the queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from handlers.core.alert_building import build_alert
from handlers.core.alerts import Alert, Delivery
from handlers.core.judgement import Judged, judge_event
from handlers.core.record import parse_event
from handlers.core.ruleset import Ruleset
from handlers.pipeline import Claims, Run, act_once


class DeliveryQueue(Protocol):
    """Where `detect` leaves deliveries for `deliver`."""

    def send(self, deliveries: Sequence[Delivery]) -> None:
        """Queue all of them, or raise."""


@dataclass(frozen=True, slots=True)
class Detection:
    """What became of one event. `alert` is None when there is no finding; `repeated` says that an earlier
    run queued the deliveries.
    """

    judged: Judged
    alert: Alert | None = None
    repeated: bool = False


def detect(event: object, *, ruleset: Ruleset, claims: Claims, queue: DeliveryQueue, run: Run) -> Detection:
    """Judge one EventBridge event and queue a delivery for each destination.

    Raises `BadRecord` for an event that can not be judged, `ClaimHeld` when another run is at
    it, and whatever the adapters raise: Lambda then retries the event and, in the end,
    keeps it whole in the failure queue.
    """
    judged = judge_event(parse_event(event), ruleset)
    finding = judged.finding
    if finding is None:
        return Detection(judged)
    alert = build_alert(judged, finding, ruleset)
    deliveries = [Delivery(alert=alert, destination=name) for name in finding.destinations]
    is_first = not deliveries or act_once(
        f"alert#{alert.alert_id}", partial(queue.send, deliveries), claims=claims, run=run
    )
    return Detection(judged, alert, repeated=not is_first)
