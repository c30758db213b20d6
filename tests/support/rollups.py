"""Rollups for tests of what shows them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from handlers.core.alerts import Alert, EndedMute
from handlers.core.dedup import Bucket
from handlers.core.digest import digest
from handlers.core.rollups import HeldAlert, HeldAlerts, Summary, build_rollups
from handlers.core.severity import Severity
from tests.support.alerts import make_alert

ENDS = datetime(2026, 11, 22, 9, 40, tzinfo=UTC)
MUTE = EndedMute(
    name="load-test",
    reason="weekly load test",
    by="arn:aws:iam::111122223333:user/alice",
    begins=ENDS - timedelta(hours=2),
    ends=ENDS,
)


def make_rollup(
    *,
    alert: Alert | None = None,
    held: int = 7,
    rolled: int = 0,
    mute: EndedMute | None = None,
    subject: str = "lamp",
    address: str = "198.51.100.7",
) -> Alert:
    """The rollup of so many held alerts, of which `rolled` were told before."""
    summary = Summary(
        bucket=Bucket("k", ENDS, 3),
        due=ENDS,
        alert=alert or make_alert(),
        destinations=("secops",),
        lapses=ENDS,
        mute=mute,
    )
    starts = int(ENDS.timestamp()) - 600
    alerts = tuple(
        HeldAlert(digest(str(number)), starts + number, Severity.HIGH, f"{subject}-{number}", address)
        for number in range(held)
    )
    (delivery,) = build_rollups(summary, HeldAlerts(held, alerts, alerts[-1]), rolled=rolled, upto=held)
    return delivery.alert


def windowed_alert(alert: Alert, **changes: Any) -> Alert:
    """The alert as that of a rule over time, as far as a rollup keeps it."""
    fields = {name: getattr(alert, name) for name in Alert.__dataclass_fields__}
    return Alert(**{**fields, "operation": None, "rule": "certificate-burst", "kind": "windowed", **changes})
