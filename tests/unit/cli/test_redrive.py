"""Failed messages in people's words; tests/e2e/test_redrive.py sends them on the deployed stack."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from cli.failures import read_deliveries, read_events, read_summaries
from cli.main import app
from handlers.core.alerts import Delivery, write_delivery
from tests.support.alerts import make_alert
from tests.support.records import make_event


def test_a_delivery_is_told_by_its_headline_and_the_reason() -> None:
    body = write_delivery(Delivery(make_alert(), "secops"))
    headline = "High: Certificate 7a1f7a1f… activated, by fleet-admin"
    assert (headline, "Slack answered 404 no_service", "secops", body) == read_deliveries(
        body, {"reason": "Slack answered 404 no_service"}
    )
    assert "it was tried again for days without success" == read_deliveries(body, {}).why


@pytest.mark.parametrize(
    ("body", "attributes", "what", "why"),
    [
        (
            {"requestPayload": make_event(), "responsePayload": {"errorType": "BadRecord"}},
            {},
            "iot:UpdateCertificate, event 5d0c1d4e-0000-4000-8000-000000000002",
            "BadRecord: no message",
        ),
        (
            {"requestPayload": {"detail": {}}, "requestContext": {"condition": "EventAgeExceeded"}},
            {},
            "an unknown service:an unknown call",
            "EventAgeExceeded: no message",
        ),
        (
            make_event(),
            {"ERROR_CODE": "NO_PERMISSIONS", "ERROR_MESSAGE": "not authorized"},
            "iot:UpdateCertificate, event 5d0c1d4e-0000-4000-8000-000000000002",
            "EventBridge could not hand it over: NO_PERMISSIONS, not authorized",
        ),
    ],
)
def test_an_event_is_told_by_its_call_and_why_it_was_not_judged(
    body: dict[str, Any], attributes: dict[str, str], what: str, why: str
) -> None:
    told = read_events(json.dumps(body), attributes)
    assert (what, why, None) == (told.what, told.why, told.destination)
    assert json.loads(told.payload or "") == body.get("requestPayload", body)


@given(st.text() | st.just("[" * 100_000) | st.just('{"requestPayload": 7}') | st.just("null"))
def test_whatever_lies_in_a_queue_is_told(body: str) -> None:
    for read in (read_deliveries, read_summaries, read_events):
        told = read(body, {})
        assert (str, str, None) == (type(told.what), type(told.why), told.destination)
        assert told.payload is None or json.loads(told.payload)


def test_an_id_that_is_too_short_is_refused() -> None:
    result = CliRunner().invoke(app, ["redrive", "--only", "abc"])
    assert (2, "--only takes at least 6 characters of an id\n") == (result.exit_code, result.stderr)
