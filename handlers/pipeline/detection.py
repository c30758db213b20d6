"""From an event to alerts: of the call itself, then of the rules over time that it completes."""

from __future__ import annotations

from typing import NamedTuple

from handlers.core.alert_building import build_alert
from handlers.core.alerts import Alert
from handlers.core.judgement import Finding, Judged, judge_event, with_finding
from handlers.core.operations import name_operation
from handlers.core.questions import is_our_question
from handlers.core.record import Record, parse_event
from handlers.core.ruleset import Ruleset
from handlers.pipeline.outside import Outside
from handlers.pipeline.telling import Candidate, Fate, tell
from handlers.pipeline.windows import WindowedAlert, Windows, enter_windows


class Detection(NamedTuple):
    """What became of one event. `alert` is None when there is no finding; `windowed` are
    the alerts of rules over time that it completed.
    """

    judged: Judged
    alert: Alert | None = None
    fate: Fate = Fate.NOBODY
    windowed: tuple[WindowedAlert, ...] = ()


def detect(
    event: object, *, ruleset: Ruleset, windows: Windows, outside: Outside, deliver_role: str | None = None
) -> Detection:
    """Judge one EventBridge event and tell its alerts. Questions of `deliver`, by its role, make none.

    Nothing is claimed here: whatever is done twice has the same ids, and `deliver` claims each delivery.

    Raises `BadRecord` for an event that can not be judged, and whatever the adapters raise: Lambda then
    retries the event and, in the end, keeps it whole in the failure queue.
    """
    record = parse_event(event)
    operation = name_operation(record.event_source, record.event_name)
    if deliver_role is not None and is_our_question(record, operation, deliver_role):
        return Detection(Judged(record, operation, {}, None))
    return detect_record(record, ruleset=ruleset, windows=windows, outside=outside)


def detect_record(record: Record, *, ruleset: Ruleset, windows: Windows, outside: Outside) -> Detection:
    """As `detect`, of a record that was read."""
    judged = judge_event(record, ruleset)
    finding = judged.finding
    alert, fate = None, Fate.NOBODY
    if finding is not None:
        alert = build_alert(judged, finding, ruleset)
        if finding.destinations:
            fate = tell(_propose(alert, finding, judged, ruleset), ruleset, outside)
    windowed = enter_windows(judged, ruleset=ruleset, windows=windows, outside=outside)
    return Detection(judged, alert, fate, windowed)


def _propose(alert: Alert, finding: Finding, judged: Judged, ruleset: Ruleset) -> Candidate:
    return Candidate(
        alert=alert,
        destinations=finding.destinations,
        dedup=ruleset.dedup_of(finding.rule, finding.severity),
        view=with_finding(judged.view, finding.verdicts),
        second=int(alert.time.timestamp()),
    )
