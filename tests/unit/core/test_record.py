from copy import deepcopy
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.core.alert_building import build_alert
from handlers.core.alerts import Delivery, read_delivery, write_delivery
from handlers.core.judgement import judge_event
from handlers.core.record import BadRecord, parse_event, value_at
from tests.support.records import ACCOUNT, CERTIFICATE, REGION, make_event
from tests.support.rules import make_ruleset

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def test_a_record_is_read_out_of_its_envelope() -> None:
    record = parse_event(make_event())
    assert (
        "iot.amazonaws.com",
        "UpdateCertificate",
        datetime(2026, 11, 22, 9, 30, 15, tzinfo=UTC),
        REGION,
        ACCOUNT,
        "198.51.100.7",
        None,
    ) == (
        record.event_source,
        record.event_name,
        record.event_time,
        record.region,
        record.account,
        record.source_ip,
        record.error_code,
    )


def test_a_record_repeated_with_corrected_data_keeps_the_identity_of_the_first() -> None:
    addendum = {"reason": "UPDATED_DATA", "originalEventID": "the-first"}
    assert "the-first" == parse_event(make_event(eventID="the-second", addendum=addendum)).event_id


def test_a_late_record_is_its_own() -> None:
    addendum = {"reason": "DELIVERY_DELAY"}
    assert "the-only" == parse_event(make_event(eventID="the-only", addendum=addendum)).event_id


def test_null_parameters_read_as_none_at_all() -> None:
    assert {} == parse_event(make_event(requestParameters=None)).request_parameters


def test_the_account_is_found_where_old_records_have_it() -> None:
    event = make_event()
    del event["detail"]["recipientAccountId"]
    assert ACCOUNT == parse_event(event).account


def test_a_time_in_another_zone_is_the_same_moment() -> None:
    record = parse_event(make_event(eventTime="2026-11-22T10:30:15+01:00"))
    assert datetime(2026, 11, 22, 10, 30, 15, tzinfo=timezone(timedelta(hours=1))) == record.event_time


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ([], "the event is a list, not an object"),
        ({}, "detail is missing or null, not a CloudTrail record"),
        ({"detail": "x"}, "detail is a text, not a CloudTrail record"),
        (make_event(eventName=None), "eventName is missing or null, not a text"),
        (make_event(eventID=""), "eventID is empty, not a text"),
        (make_event(eventTime="yesterday"), "eventTime is not an ISO 8601 time"),
        (make_event(eventTime="0001-01-01T00:00:00+14:00"), "eventTime is not an ISO 8601 time"),
        (make_event(requestParameters=[1]), "requestParameters is a list, not an object or null"),
        (make_event(userIdentity=True), "userIdentity is a boolean, not an object or null"),
    ],
)
def test_what_is_no_record_is_refused_with_the_part_at_fault(event: Any, message: str) -> None:
    with pytest.raises(BadRecord) as caught:
        parse_event(event)
    assert message == str(caught.value)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("requestParameters.certificateId", CERTIFICATE),
        ("requestParameters.CertificateId", CERTIFICATE),
        ("requestParameters.absent.deeper", None),
        ("eventName.deeper", None),
    ],
)
def test_a_dotted_path_finds_a_value_or_nothing(path: str, expected: str | None) -> None:
    assert expected == value_at(make_event()["detail"], path)


@pytest.mark.parametrize(
    ("record", "category", "is_management"),
    [
        ({}, "Management", True),
        ({"eventCategory": "Data"}, "Data", False),
        ({"eventCategory": "NetworkActivity", "eventType": "AwsVpceEvent"}, "NetworkActivity", False),
        ({"eventCategory": "Insight", "eventType": "AwsCloudTrailInsight"}, "Insight", False),
        ({"eventCategory": None}, "Management", True),
        ({"eventCategory": None, "eventType": "AwsVpceEvent"}, "NetworkActivity", False),
        ({"eventCategory": None, "eventType": "AwsVpceEvents"}, "NetworkActivity", False),
        ({"eventCategory": None, "eventType": "AwsCloudTrailInsight"}, "Insight", False),
        ({"eventCategory": None, "managementEvent": False}, "Data", False),
        ({"eventCategory": None, "managementEvent": None}, "Management", True),
        ({"eventCategory": ["Data"], "eventType": ["AwsVpceEvent"]}, "Management", True),
        ({"eventCategory": "OfTomorrow"}, "OfTomorrow", True),
    ],
)
def test_a_record_is_of_the_category_that_it_says_or_that_its_type_tells(
    record: dict[str, Any], category: str, is_management: bool
) -> None:
    found = parse_event(make_event(**record))
    assert (category, is_management) == (found.category, found.is_management)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"errorCode": "X", "errorMessage": "no", "responseElements": {"Message": "because"}}, "no"),
        ({"errorCode": "X", "responseElements": {"Message": "because"}}, "because"),
        ({"errorCode": "X", "responseElements": {"message": "because"}}, "because"),
        ({"errorCode": "X", "responseElements": {"Message": ["because"]}}, None),
        ({"errorCode": "X"}, None),
        ({"responseElements": {"message": "a message of the resource"}}, None),
    ],
)
def test_why_a_call_failed_may_stand_in_its_answer_alone(
    record: dict[str, Any], expected: str | None
) -> None:
    assert expected == parse_event(make_event(**record)).error_message


def _paths(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(value, dict):
        return [path]
    return [path, *(deeper for key, inner in value.items() for deeper in _paths(inner, (*path, key)))]


@given(st.sampled_from(_paths(make_event()["detail"])), JSON)
def test_any_json_in_any_place_of_a_record_gives_an_alert_or_bad_record_and_nothing_else(
    path: tuple[str, ...], value: Any
) -> None:
    event = deepcopy(make_event())
    place: Any = event
    for key in ("detail", *path)[:-1]:
        place = place[key]
    place[("detail", *path)[-1]] = value
    try:
        record = parse_event(event)
    except BadRecord:
        return
    ruleset = make_ruleset()
    judged = judge_event(record, ruleset)
    if judged.finding is not None:
        delivery = Delivery(alert=build_alert(judged, judged.finding, ruleset), destination="audit")
        assert delivery == read_delivery(write_delivery(delivery))


def test_an_insight_is_read_by_the_call_that_it_is_about_and_is_no_management_event() -> None:
    details = {"eventSource": "iot.amazonaws.com", "eventName": "UpdateCertificate", "state": "Start"}
    event = make_event(
        eventSource=None,
        eventName=None,
        eventType="AwsCloudTrailInsight",
        eventCategory="Insight",
        insightDetails=details,
    )
    record = parse_event(event)
    assert ("UpdateCertificate", False) == (record.event_name, record.is_management)


@pytest.mark.parametrize("part", ["requestParameters", "responseElements", "userIdentity"])
def test_a_part_that_cloudtrail_masks_whole_is_empty_and_the_record_is_judged(part: str) -> None:
    record = parse_event(make_event(**{part: "***"}))
    read = {"requestParameters": record.request_parameters, "userIdentity": record.user_identity}
    assert {} == read.get(part, {})
    assert judge_event(record, make_ruleset()).finding is not None
