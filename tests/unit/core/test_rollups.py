"""Summaries: when they are due, and their form in the queue, which releases read of each other."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.core.alerts import Delivery, EndedMute, read_delivery, write_delivery
from handlers.core.dedup import Bucket
from handlers.core.renderings.content import list_links
from handlers.core.renderings.finding import make_finding
from handlers.core.rollups import (
    BadSummary,
    Summary,
    UnknownSummary,
    find_due,
    hold,
    read_summary,
    write_summary,
)
from tests.support.alerts import make_alert
from tests.support.rollups import MUTE, make_rollup

ENDS = datetime(2026, 11, 22, 9, 40, tzinfo=UTC)
SUMMARY = Summary(
    bucket=Bucket("k", ENDS, 3),
    due=ENDS + timedelta(minutes=5),
    alert=make_alert(),
    destinations=("secops", "audit"),
    lapses=ENDS + timedelta(days=35),
    mute=MUTE,
)
FIRST_RELEASE = Path(__file__).with_name("summary_of_the_first_release.json")


@pytest.mark.parametrize(
    ("now", "minutes", "due"),
    [
        ("09:31:00", 5, "09:45:00"),
        ("09:40:00", 5, "09:45:00"),
        ("09:40:01", 5, "09:50:00"),
        ("09:31:00", 7, "09:47:00"),
    ],
)
def test_a_summary_is_due_after_the_end_and_the_grace_at_a_multiple_of_it(
    now: str, minutes: int, due: str
) -> None:
    asked = datetime.fromisoformat(f"2026-11-22T{now}Z")
    assert datetime.fromisoformat(f"2026-11-22T{due}Z") == find_due(ENDS, asked, timedelta(minutes=minutes))


@given(st.integers(-2000, 2000), st.integers(1, 900))
def test_a_summary_is_never_due_before_the_grace_is_over_nor_a_second_grace_later(
    seconds: int, grace: int
) -> None:
    now, span = ENDS + timedelta(seconds=seconds), timedelta(seconds=grace)
    due = find_due(ENDS, now, span)
    assert max(ENDS, now) + span <= due < max(ENDS, now) + 2 * span


def test_a_summary_is_read_as_it_was_written() -> None:
    assert SUMMARY == read_summary(write_summary(SUMMARY))
    assert replace(SUMMARY, mute=None) == read_summary(write_summary(replace(SUMMARY, mute=None)))


def test_a_summary_that_the_first_release_wrote_is_read_by_every_later_one() -> None:
    summary = read_summary(FIRST_RELEASE.read_text())
    assert SUMMARY.alert.alert_id == summary.alert.alert_id
    assert SUMMARY == replace(summary, alert=SUMMARY.alert)


def test_a_field_of_a_newer_release_is_passed_over() -> None:
    data = json.loads(write_summary(SUMMARY))
    assert SUMMARY == read_summary(json.dumps({**data, "mood": "blue"}))


@pytest.mark.parametrize("text", ["", "7", "[]", "{}", '{"kind": "summary", "version": 1}', "[" * 100_000])
def test_what_is_no_summary_is_told_apart(text: str) -> None:
    with pytest.raises(BadSummary, match=r"^not a summary: "):
        read_summary(text)


@pytest.mark.parametrize("change", [{"kind": "alert"}, {"version": 2}])
def test_a_kind_or_a_version_of_a_newer_release_is_told_apart(change: dict[str, object]) -> None:
    with pytest.raises(UnknownSummary, match="a newer release wrote it"):
        read_summary(json.dumps({**json.loads(write_summary(SUMMARY)), **change}))


def test_a_rollup_has_the_same_id_whenever_it_is_made_and_another_after_an_earlier_one() -> None:
    assert make_rollup().alert_id == make_rollup(held=9).alert_id
    assert make_rollup().alert_id != make_rollup(rolled=5).alert_id


@pytest.mark.parametrize("mute", [None, MUTE])
def test_a_rollup_is_a_delivery_as_any(mute: EndedMute | None) -> None:
    delivery = Delivery(make_rollup(mute=mute), "audit")
    assert delivery == read_delivery(write_delivery(delivery))


def test_a_rollup_asks_nothing_because_it_is_about_many() -> None:
    assert (True, None) == (make_alert().question is not None, make_rollup().question)


def test_what_is_remembered_of_a_held_alert_is_short() -> None:
    held = hold(make_alert(requestParameters={"certificateId": "x" * 5000}, sourceIPAddress="y" * 5000), 0)
    assert (80, 80) == (len(held.subject or ""), len(held.source_ip))


def test_a_rollup_points_at_no_call_that_it_does_not_count() -> None:
    told_before = make_alert(eventID="told before", eventTime="2026-11-22T01:00:00Z")
    rollup = make_rollup(alert=told_before)
    assert rollup.rollup is not None
    assert ("", rollup.rollup.last_seen) == (rollup.event_id, rollup.time)
    finding = make_finding(rollup)
    assert "record_id" not in finding["unmapped"]
    assert finding["finding_info"]["last_seen_time"] == finding["time"]
    assert "Certificate activated" == finding["finding_info"]["title"]
    assert [] == [label for label, _ in list_links(rollup) if "record" in label]
