"""The message of an alert, as it would be sent."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Literal

from cli.event_files import Unreadable
from cli.explain import explain_event
from cli.replay import Tally, replay
from handlers.core.alert_building import build_alert
from handlers.core.alerts import Alert, Kind
from handlers.core.record import Record
from handlers.core.renderings.amazon_q import render_amazon_q
from handlers.core.renderings.finding import make_finding
from handlers.core.renderings.page import render_message, render_page
from handlers.core.renderings.slack import render_slack
from handlers.core.renderings.sns import render_subject
from handlers.core.renderings.text import render_text
from handlers.core.ruleset import Ruleset

Form = Literal["slack", "text", "email", "json", "amazon-q", "html"]
"""Slack's JSON, the text that SNS sends, the e-mail of it, the JSON for machines, Amazon Q's notification,
and a page that shows the Slack message.
"""


class NothingToTell(Exception):
    """No alert would be told; the message says why."""


def find_alert(found: Iterable[Record | Unreadable], kind: Kind, ruleset: Ruleset) -> Alert:
    """The alert of one event, or the first of a kind that all of them make. Raises `NothingToTell`."""
    if kind != "alert":
        told = replay(found, ruleset, Tally())
        alert = next((each.alert for each in told if each.alert.kind == kind), None)
        if alert is None:
            what = "complete no rule over time" if kind == "windowed" else "make no rollup: none is held back"
            raise NothingToTell(f"these events {what}")
        return alert
    (record,) = found
    if isinstance(record, Unreadable):
        raise NothingToTell(record.why)
    explained = explain_event(record, ruleset)
    finding = explained.judged.finding
    if finding is None:
        raise NothingToTell(f"no finding: {explained.why_no_finding}")
    return build_alert(explained.judged, finding, ruleset)


def render_alert(alert: Alert, form: Form) -> str:
    """The message of an alert in a form, with a line break at its end."""
    if form == "slack":
        return _print_json(render_slack(alert))
    if form == "text":
        return render_text(alert)
    if form == "email":
        return f"Subject: {render_subject(alert)}\n\n{render_text(alert)}"
    if form == "json":
        return _print_json(make_finding(alert))
    if form == "amazon-q":
        return _print_json(json.loads(render_amazon_q(alert)))
    return render_page([render_message(render_slack(alert), alert.time)], title=f"Alert {alert.short_id}")


def _print_json(data: object) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
