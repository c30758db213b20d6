import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.core.renderings.finding import make_finding
from handlers.core.renderings.sns import list_attributes, render_sns
from handlers.core.renderings.text import render_text
from tests.support.alerts import make_alert
from tests.support.rollups import MUTE, make_rollup
from tests.support.rules import UPDATE_CERTIFICATE


def test_people_read_text_and_machines_get_the_alert_as_json() -> None:
    alert = make_alert()
    bodies = json.loads(render_sns(alert).message)
    assert (render_text(alert), make_finding(alert)) == (
        bodies["default"],
        json.loads(bodies["sqs"]),
    )


@pytest.mark.parametrize("protocol", ["sqs", "lambda", "http", "https", "email-json", "firehose"])
def test_every_machine_protocol_gets_json(protocol: str) -> None:
    bodies = json.loads(render_sns(make_alert()).message)
    assert "High" == json.loads(bodies[protocol])["severity"]


def test_filter_policies_can_select_by_severity_operation_category_and_place() -> None:
    assert {
        "severity": "high",
        "severity_number": 4,
        "kind": "alert",
        "rule": "iot:UpdateCertificate",
        "operation": "iot:UpdateCertificate",
        "category": "certificate",
        "account": "111122223333",
        "region": "eu-west-1",
    } == list_attributes(make_alert())


def test_the_end_of_a_mute_is_of_no_account_region_or_operation() -> None:
    attributes = list_attributes(make_rollup(mute=MUTE))
    assert {"severity", "severity_number", "kind", "rule", "category"} == set(attributes)


def test_a_subject_reads_well() -> None:
    assert "High: Certificate 7a1f7a1f... activated, by fleet-admin" == render_sns(make_alert()).subject


@given(st.text(max_size=400))
def test_a_subject_has_fewer_than_100_printable_ascii_characters(name: str) -> None:
    subject = render_sns(make_alert(requestParameters={"certificateId": name})).subject
    assert 0 < len(subject) < 100
    assert subject.isascii()
    assert subject.isprintable()


def test_the_most_that_a_hostile_event_can_say_fits_into_a_message() -> None:
    most = "\N{PILE OF POO}" * 300
    shown = [f"requestParameters.p{number}" for number in range(8)]
    message = render_sns(
        make_alert(
            {**UPDATE_CERTIFICATE, "shown": shown, "runbook": ["x" * 300] * 4},
            requestParameters={"certificateId": most, **{f"p{number}": most for number in range(8)}},
            userIdentity={"type": "IAMUser", "userName": most, "arn": most},
            sourceIPAddress=most,
            errorCode=most,
        )
    )
    assert len(message.message.encode()) < 250 * 1024
