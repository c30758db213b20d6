"""Our own alarms as alerts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.core.alarm_events import BadAlarm, read_alarm
from handlers.core.alerts import Alert
from handlers.core.renderings.slack import render_slack
from handlers.core.severity import Severity
from tests.support.alarms import SAYS, make_alarm
from tests.support.records import make_event


def read(event: dict[str, Any]) -> Alert:
    alert = read_alarm(event)
    assert alert is not None
    return alert


def test_an_alarm_that_goes_on_says_what_it_says_and_where_to_look() -> None:
    alert = read(make_alarm())
    assert ("Alarm Thingwatch/refused-secops is on", Severity.HIGH) == (alert.title, alert.severity)
    payload = render_slack(alert)
    assert "🟠 Alarm Thingwatch/refused-secops is on, by CloudWatch" == payload["text"]
    said = str(payload["blocks"])
    assert (True, True, True) == (
        f"says: `{SAYS}`" in said,
        "thingwatch doctor" in said,
        "#alarmsV2:alarm/Thingwatch%2Frefused-secops|AWS console" in said,
    )
    assert "CloudTrail" not in said


def test_an_alarm_that_is_over_is_no_cause_for_alarm() -> None:
    alert = read(make_alarm("OK", before="ALARM"))
    assert ("Alarm Thingwatch/refused-secops is over", Severity.INFORMATIONAL, ()) == (
        alert.title,
        alert.severity,
        alert.runbook,
    )


def test_the_same_event_makes_the_same_alert_and_another_one_another() -> None:
    first, repeated, another = (read(make_alarm(**change)) for change in ({}, {}, {"id": "another"}))
    assert first == repeated
    assert (True, first.short_id) == (first.alert_id != another.alert_id, another.short_id)


def test_an_api_call_is_none() -> None:
    assert None is read_alarm(make_event())
    assert None is read_alarm({}) is read_alarm([]) is read_alarm("CloudWatch Alarm State Change")


@pytest.mark.parametrize(
    "event",
    [
        make_alarm(detail=None),
        make_alarm(detail={"alarmName": 7, "state": {"value": "ALARM"}}),
        make_alarm(detail={"alarmName": "x"}),
        make_alarm(time="soon"),
        make_alarm(time=None),
    ],
)
def test_an_event_that_lacks_what_alarms_have_is_refused_and_not_passed_over(event: dict[str, Any]) -> None:
    with pytest.raises(BadAlarm):
        read_alarm(event)


@given(st.text(max_size=2000) | st.just("<!channel> `x` <https://evil.example|y> *b*"))
def test_text_of_an_alarm_mentions_nobody_and_links_nowhere(says: str) -> None:
    blocks = render_slack(read(make_alarm(says=says)))["blocks"]
    (changed,) = [each["text"]["text"] for each in blocks if "says: " in str(each.get("text"))] or [""]
    outside, *_ = changed.split("`")
    assert "<" not in outside
    assert 2 == changed.count("`") or not says


@pytest.mark.parametrize("state", ["INSUFFICIENT_DATA", "who knows"])
def test_an_alarm_without_data_is_not_said_to_be_over(state: str) -> None:
    alert = read(make_alarm(state, before="ALARM"))
    assert ("Alarm Thingwatch/refused-secops can not tell", Severity.MEDIUM) == (alert.title, alert.severity)


def test_alarms_of_long_names_are_told_apart_and_linked_whole() -> None:
    names = [f"{'S' * 128}/late-{number}" for number in range(2)]
    first, second = (
        read(make_alarm(detail={"alarmName": name, "state": {"value": "ALARM"}})) for name in names
    )
    assert first.short_id != second.short_id
    assert str(first.link).endswith("%2Flate-0")
    assert len(first.title) < 130
