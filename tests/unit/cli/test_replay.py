"""A file of records judged again: what is told, in which order, and how the sums reconcile."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.event_files import Unreadable, read_records
from cli.replay import Tally, replay, told_data
from cli.replay_text import render_told, render_unreadable
from handlers.core.record import Record, parse_record
from handlers.core.ruleset import Ruleset
from tests.support.records import ACCOUNT, CERTIFICATE, REGION, make_event
from tests.support.rules import CUSTOM_RULE, UPDATE_CERTIFICATE, make_ruleset
from tests.support.windowed_rules import BURST, FIRST_TOUCH, SEQUENCE

START = datetime(2019, 5, 1, 12, 0, tzinfo=UTC)
ACTOR = f"arn:aws:iam::{ACCOUNT}:role/fleet-admin"
EVERYTHING = {"name": "lull", "match": {"eventName": [{"prefix": "Update"}]}, "reason": "a test"}


def call(
    seconds: int, event_id: str | None = None, operation: str = "UpdateCertificate", **fields: Any
) -> Any:
    """A record of a call so many seconds after the start, as it stands in a file."""
    time = f"{START + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"
    event_id = event_id or f"{operation}-{seconds}"
    return make_event(operation, **{"eventTime": time, "eventID": event_id, **fields})["detail"]


def as_read(details: Iterable[Any]) -> list[Record | Unreadable]:
    return [each if isinstance(each, Unreadable) else parse_record(each) for each in details]


def replayed(
    *details: Mapping[str, Any] | Unreadable, ruleset: Ruleset | None = None
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """The alerts and the totals, both as JSON types."""
    tally = Tally()
    told = [told_data(each) for each in replay(as_read(details), ruleset or make_ruleset(), tally)]
    return json.loads(json.dumps(told)), tally.totals()


def reconcile(totals: Mapping[str, int]) -> None:
    apart = ("judged", "other_services", "read_only", "unreadable", "repeated")
    assert totals["read"] == sum(totals[name] for name in apart)
    fates = ("told", "held", "suppressed", "muted", "below_routes")
    assert totals["judged"] == sum(totals[name] for name in fates)
    over_time = ("told", "held", "muted", "to_nobody")
    assert totals["windowed"] == sum(totals[f"windowed_{name}"] for name in over_time)


BURSTING = make_ruleset(windowed_rules=[BURST])


def test_an_alert_of_one_call_has_every_key() -> None:
    (alert,), totals = replayed(call(0))
    assert {
        "kind": "alert",
        "rule": "iot:UpdateCertificate",
        "operation": "iot:UpdateCertificate",
        "severity": "high",
        "title": "High: Certificate 7a1f7a1f… activated, by fleet-admin",
        "reasons": ["an identity becomes usable", "changes whether a device may connect"],
        "actor": ACTOR,
        "account": ACCOUNT,
        "region": REGION,
        "subject": CERTIFICATE,
        "first_seen": "2019-05-01T12:00:00Z",
        "last_seen": "2019-05-01T12:00:00Z",
        "count": 1,
        "destinations": ["secops", "audit"],
    } == {name: value for name, value in alert.items() if name != "alert_id"}
    assert {"read": 1, "judged": 1, "told": 1} == {name: n for name, n in totals.items() if n}


def test_a_burst_of_long_ago_makes_one_windowed_alert_that_has_every_key() -> None:
    told, totals = replayed(*(call(60 * number) for number in range(5)), ruleset=BURSTING)
    assert ["alert", "alert", "alert", "windowed", "alert", "alert"] == [each["kind"] for each in told]
    assert {
        "kind": "windowed",
        "rule": "burst",
        "operation": None,
        "severity": "high",
        "title": "High: burst: at least 3 calls within 5 minutes, by fleet-admin",
        "reasons": ["many certificates changed"],
        "actor": ACTOR,
        "account": ACCOUNT,
        "region": REGION,
        "subject": None,
        "first_seen": "2019-05-01T12:00:00Z",
        "last_seen": "2019-05-01T12:02:00Z",
        "count": 3,
        "destinations": ["secops", "audit"],
    } == {name: value for name, value in told[3].items() if name != "alert_id"}
    expected = {"read": 5, "judged": 5, "told": 5, "windowed": 1, "windowed_told": 1}
    assert expected == {name: n for name, n in totals.items() if n}


def test_a_sequence_follows_a_certificate_whatever_the_order_in_the_file() -> None:
    attach = call(
        90,
        operation="AttachPolicy",
        requestParameters={
            "policyName": "p",
            "target": f"arn:aws:iot:{REGION}:{ACCOUNT}:cert/{CERTIFICATE}",
        },
    )
    told, _ = replayed(attach, call(0), ruleset=make_ruleset(windowed_rules=[SEQUENCE]))
    assert ["iot:UpdateCertificate", "iot:AttachPolicy", None] == [each["operation"] for each in told]
    assert (2, "2019-05-01T12:01:30Z") == (told[-1]["count"], told[-1]["last_seen"])


def test_what_is_read_is_told_in_the_order_of_event_time_and_of_one_time_as_it_stands() -> None:
    records = [call(60, "c"), call(0, "b"), call(60, "a"), call(30, "d")]
    told, _ = replayed(*records)
    by_id = {replayed(each)[0][0]["alert_id"]: each["eventID"] for each in records}
    assert ["b", "d", "c", "a"] == [by_id[each["alert_id"]] for each in told]


def test_a_record_that_stands_twice_is_told_once_and_counted_as_repeated() -> None:
    records = [call(60 * number) for number in range(4)]
    once, twice = replayed(*records, ruleset=BURSTING), replayed(*records, *records, ruleset=BURSTING)
    assert once[0] == twice[0]
    assert {**once[1], "read": 8, "repeated": 4} == twice[1]


@pytest.mark.parametrize("field", [{"awsRegion": "us-east-1"}, {"recipientAccountId": "444455556666"}])
def test_one_event_id_in_two_regions_or_accounts_is_of_two_calls(field: dict[str, str]) -> None:
    told, totals = replayed(call(0), call(0, **field))
    assert (2, 0) == (len({each["alert_id"] for each in told}), totals["repeated"])


def test_a_rule_on_trial_is_told_to_nobody_and_has_its_line_all_the_same() -> None:
    ruleset = make_ruleset(windowed_rules=[{**BURST, "notify": False}])
    told, totals = replayed(*map(call, range(3)), ruleset=ruleset)
    assert ("windowed", []) == (told[-1]["kind"], told[-1]["destinations"])
    assert (1, 3) == (totals["windowed_to_nobody"], totals["told"])


def test_what_is_below_the_minimum_severity_is_an_alert_to_nobody() -> None:
    told, totals = replayed(call(0), ruleset=make_ruleset(minimum_severity="critical"))
    assert [[]] == [each["destinations"] for each in told]
    assert (1, 1, 0) == (totals["judged"], totals["below_routes"], totals["told"])


@pytest.mark.parametrize(
    ("until", "kinds"), [("2019-05-01", []), ("2019-04-30", ["alert"] * 3 + ["windowed"])]
)
def test_what_was_suppressed_on_its_day_has_no_line_and_enters_no_window(
    until: str, kinds: list[str]
) -> None:
    ruleset = make_ruleset(windowed_rules=[BURST], suppressions=[{**EVERYTHING, "until": until}])
    told, totals = replayed(*map(call, range(3)), ruleset=ruleset)
    assert kinds == [each["kind"] for each in told]
    assert (3, 0 if kinds else 3) == (totals["judged"], totals["suppressed"])


def test_first_sights_are_learnt_for_a_week_of_the_history() -> None:
    user = {
        "type": "IAMUser",
        "arn": f"arn:aws:iam::{ACCOUNT}:user/eve",
        "userName": "eve",
        "accountId": ACCOUNT,
    }
    week = 7 * 86_400
    told, _ = replayed(
        call(0),
        call(week + 60),
        call(week, userIdentity=user),
        ruleset=make_ruleset(windowed_rules=[FIRST_TOUCH]),
    )
    assert [user["arn"]] == [each["actor"] for each in told if each["kind"] == "windowed"]


OFF = make_ruleset({**UPDATE_CERTIFICATE, "off": True})


@pytest.mark.parametrize(
    ("record", "ruleset", "expected"),
    [
        (call(0, eventSource="s3.amazonaws.com"), None, "other_services"),
        (call(0, eventCategory="Data"), None, "other_services"),
        (call(0, operation="ListThings"), None, "read_only"),
        (call(0, operation="DescribeEndpoint"), None, "read_only"),
        (call(0), OFF, "below_routes"),
        (Unreadable("f", "is no JSON"), None, "unreadable"),
        (call(0, eventTime="1969-12-31T23:59:59Z"), None, "unreadable"),
        (call(0, eventTime="0001-01-01T00:00:00Z"), None, "unreadable"),
        (call(0, eventTime="9999-12-31T23:59:59Z"), None, "unreadable"),
    ],
)
def test_what_makes_no_alert_is_counted_by_its_reason(
    record: Any, ruleset: Ruleset | None, expected: str
) -> None:
    told, totals = replayed(record, ruleset=ruleset)
    counted = {"read", expected} | ({"judged"} if expected == "below_routes" else set())
    assert ([], counted) == (told, {name for name, number in totals.items() if number})


WATCHING_READS = {
    "name": "read-operation",
    "category": "read",
    "severity": "low",
    "why": "it reads",
    "subject": None,
}


def test_reads_are_judged_where_the_config_watches_them() -> None:
    ruleset = make_ruleset(watches_reads=True, reads=WATCHING_READS)
    told, totals = replayed(call(0, operation="ListThings"), ruleset=ruleset)
    assert (["iot:ListThings"], 1, 0) == (
        [each["operation"] for each in told],
        totals["judged"],
        totals["read_only"],
    )


@pytest.mark.parametrize(("operation", "told"), [("ListThings", 0), ("DescribeEndpoint", 1)])
def test_a_rule_on_everything_judges_only_the_reads_that_eventbridge_brings(
    operation: str, told: int
) -> None:
    ruleset = make_ruleset(custom_rules=[{**CUSTOM_RULE, "match": {"eventSource": ["iot.amazonaws.com"]}}])
    alerts, totals = replayed(call(0, operation=operation), ruleset=ruleset)
    assert (told, told, 1 - told) == (len(alerts), totals["judged"], totals["read_only"])


def test_a_corrected_record_that_is_told_where_the_first_was_not_has_its_line() -> None:
    first = call(0, "a", requestParameters={"newStatus": "INACTIVE"})
    corrected = call(0, "b", addendum={"reason": "UPDATED_DATA", "originalEventID": "a"})
    told, totals = replayed(first, corrected, ruleset=make_ruleset(minimum_severity="high"))
    assert [[], ["secops", "audit"]] == [each["destinations"] for each in told]
    assert 1 == len({each["alert_id"] for each in told})
    reconcile(totals)
    assert (2, 1, 1, 1) == tuple(totals[name] for name in ("read", "judged", "repeated", "told"))


def test_a_deeply_nested_record_is_judged() -> None:
    deep: Any = "x"
    for _ in range(5000):
        deep = {"certificateId": deep}
    told, totals = replayed(*(call(each, requestParameters=deep) for each in range(3)), ruleset=BURSTING)
    assert (4, 3) == (len(told), totals["judged"])


IDENTITIES = [f"event-{number}" for number in range(6)]
RECORDS = st.builds(
    call,
    st.integers(0, 900),
    st.sampled_from(IDENTITIES),
    st.sampled_from(["UpdateCertificate", "ListThings", "DeleteThing"]),
    eventSource=st.sampled_from(["iot.amazonaws.com", "s3.amazonaws.com"]),
    errorCode=st.sampled_from([None, "AccessDenied"]),
)
LAWS = make_ruleset(
    windowed_rules=[BURST, SEQUENCE, {**FIRST_TOUCH, "new_terms": {**FIRST_TOUCH["new_terms"], "learn": 0}}],
    suppressions=[
        {"name": "s", "match": {"errorCode": [{"exists": True}]}, "reason": "r", "until": "2030-01-01"}
    ],
)


@given(st.data(), st.lists(RECORDS | st.just(Unreadable("f", "is no JSON")), max_size=12))
def test_a_shuffled_file_gives_the_same_alert_ids_and_the_same_totals(
    data: st.DataObject, found: list[Any]
) -> None:
    shuffled = data.draw(st.permutations(found))
    (told, totals), (again, same) = replayed(*found, ruleset=LAWS), replayed(*shuffled, ruleset=LAWS)
    assert {each["alert_id"] for each in told} == {each["alert_id"] for each in again}
    assert totals == same
    reconcile(totals)


def test_a_file_is_replayed_from_its_bytes_to_its_alerts(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    path.write_text(json.dumps({"Records": [call(0), {}, call(1)]}))
    tally = Tally()
    assert 2 == len(list(replay(read_records(path), make_ruleset(), tally)))
    assert (3, 1) == (tally.totals()["read"], tally.totals()["unreadable"])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec=None), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*call(0), "Records", "Events", "Body"]), inner, max_size=4)
    ),
    max_leaves=8,
)
CHANGED = st.dictionaries(st.sampled_from(list(call(0))), JSON, max_size=3).map(lambda each: call(0) | each)


@given(st.lists(CHANGED | JSON, max_size=5))
def test_whatever_stands_in_a_file_is_counted_and_told_in_printable_lines(found: list[Any]) -> None:
    text = json.dumps({"Records": found})
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        tally = Tally()
        told = list(replay(read_records(Path("-")), LAWS, tally))
    said = "".join(map(render_told, told)) + render_unreadable(tally, "f")
    assert [] == [line for line in said.splitlines() if not line.isprintable()]
    json.dumps([told_data(each) for each in told])
    reconcile(tally.totals())
