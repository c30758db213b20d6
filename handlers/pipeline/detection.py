"""From an event to alerts: of the call itself, then of the rules over time that it completes."""

from __future__ import annotations

from typing import NamedTuple

from handlers.core.alert_building import build_alert
from handlers.core.alerts import Alert
from handlers.core.judgement import Finding, Judged, judge_event, with_finding
from handlers.core.operations import name_operation
from handlers.core.our_calls import OurCall, OurCalls
from handlers.core.record import Record, parse_event
from handlers.core.ruleset import Ruleset
from handlers.pipeline.outside import Outside
from handlers.pipeline.telling import Candidate, Fate, tell
from handlers.pipeline.windows import WindowedAlert, Windows, enter_windows


class Detection(NamedTuple):
    """What became of one event. `alert` is None when there is no finding; `windowed` are
    the alerts of rules over time that it completed. `ours` says which of our own calls it is: those are not
    judged.
    """

    judged: Judged
    alert: Alert | None = None
    fate: Fate = Fate.NOBODY
    windowed: tuple[WindowedAlert, ...] = ()
    ours: OurCall | None = None


def detect(
    event: object,
    *,
    ruleset: Ruleset,
    windows: Windows,
    outside: Outside,
    our_calls: OurCalls | None = None,
) -> Detection:
    """Judge one EventBridge event and tell its alerts. Our own calls make none.

    Nothing is claimed here: whatever is done twice has the same ids, and `deliver` claims each delivery.

    Raises `BadRecord` for an event that can not be judged, and whatever the adapters raise: Lambda then
    retries the event and, in the end, keeps it whole in the failure queue.
    """
    record = parse_event(event)
    operation = name_operation(record.event_source, record.event_name)
    ours = None if our_calls is None else our_calls.recognize(record, operation)
    if ours is not None:
        return Detection(Judged(record, operation, {}, None), ours=ours)
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
