"""What `deliver` tells the queue of a message, and what it logs, on in-memory adapters."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from handlers import deliver
from handlers.adapters.memory_claims import MemoryClaims
from handlers.core.alarm_events import read_alarm
from handlers.core.alerts import Alert, Answer, Delivery, Question, write_delivery
from handlers.core.backoff import retry_delay, spread_of
from handlers.core.destinations import Destination
from handlers.pipeline import ClaimHeld, TryAgain, Undeliverable
from tests.support.alarms import make_alarm
from tests.support.alerts import make_alert
from tests.support.records import ACCOUNT, CERTIFICATE, REGION
from tests.support.rollups import make_rollup
from tests.support.rules import make_ruleset

SENT = "1795339860000"
"""When the message was sent to the queue: long ago."""
BODY = write_delivery(Delivery(alert=make_alert(), destination="secops"))


@dataclass(frozen=True)
class Context:
    aws_request_id: str = "run-1"
    invoked_function_arn: str = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"


@dataclass
class World:
    """A destination that raises `fault`, and a record of what became of the message."""

    fault: Exception | None = None
    sent: list[Alert] = field(default_factory=list)
    asked: list[Question] = field(default_factory=list)
    waits: list[tuple[str, timedelta]] = field(default_factory=list)
    given_up: list[tuple[str, str]] = field(default_factory=list)

    def send(self, alerts: Sequence[Alert], destination: Destination) -> Sequence[Exception | None]:
        del destination
        self.sent += alerts
        return [self.fault] * len(alerts)

    def ask(self, questions: Mapping[Question, datetime]) -> Mapping[Question, tuple[Answer, ...]]:
        self.asked += questions
        return dict.fromkeys(questions, (Answer("Its things", "none"),))

    def wait(self, receipt_handle: str, delay: timedelta) -> None:
        self.waits.append((receipt_handle, delay))

    def give_up(self, body: str, reason: str) -> None:
        self.given_up.append((body, reason))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    wiring = deliver._Wiring(
        destinations=make_ruleset().destinations,
        claims=MemoryClaims(),
        senders={"slack": made},
        answers=made,
        retries_of=lambda _: made,
        stack="Thingwatch",
    )
    monkeypatch.setattr(deliver, "_wire", lambda: wiring)
    return made


def _handle(body: str = BODY, *, receives: int = 5) -> Any:
    record = {
        "messageId": "message-1",
        "receiptHandle": "handle-1",
        "body": body,
        "attributes": {"ApproximateReceiveCount": str(receives), "SentTimestamp": SENT},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:111122223333:deliveries",
    }
    return deliver.handler({"Records": [record]}, Context())


def _logged(caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    (record,) = caplog.records
    return vars(record)


def test_a_message_that_was_sent_is_forgotten(world: World) -> None:
    assert ({"batchItemFailures": []}, [], []) == (_handle(), world.waits, world.given_up)


def test_an_alert_of_the_functions_own_account_and_region_is_asked_about(world: World) -> None:
    _handle()
    (question,) = world.asked
    assert [(Answer("Its things", "none"),)] == [each.answers for each in world.sent]
    assert ("certificate", f"arn:aws:iot:{REGION}:{ACCOUNT}:cert/{CERTIFICATE}") == (
        question.about,
        question.name,
    )


def test_a_message_that_must_wait_is_handed_out_again(world: World) -> None:
    world.fault = TryAgain("Slack answered 500")
    assert {"batchItemFailures": [{"itemIdentifier": "message-1"}]} == _handle(receives=5)
    assert [("handle-1", retry_delay(5, spread=spread_of(Context().aws_request_id, 5)))] == world.waits


def test_a_message_that_can_never_be_sent_is_given_up_with_the_reason_and_forgotten(world: World) -> None:
    world.fault = Undeliverable("Slack answered 404 no_service")
    assert {"batchItemFailures": []} == _handle()
    assert [(BODY, "Slack answered 404 no_service")] == world.given_up


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (None, None),
        (TryAgain("Slack answered 500"), "Slack answered 500"),
        (ClaimHeld("another run", timedelta(seconds=90)), "another run"),
        (Undeliverable("Slack answered 404 no_service"), "Slack answered 404 no_service"),
        (KeyError("audit"), "KeyError: 'audit'"),
    ],
)
def test_every_line_of_the_log_names_the_alert_and_the_destination(
    world: World, caplog: pytest.LogCaptureFixture, fault: Exception | None, reason: str | None
) -> None:
    world.fault = fault
    _handle()
    line = _logged(caplog)
    assert (make_alert().alert_id, "secops", reason) == (
        line["alert_id"],
        line["destination"],
        line.get("reason"),
    )
    assert bool(line["exc_info"]) == isinstance(fault, KeyError)
    assert ("delay_seconds" in line) == isinstance(fault, TryAgain | ClaimHeld | KeyError)


@pytest.mark.parametrize(
    ("fault", "measured"),
    [
        (None, {"Sent", "SecondsToSend"}),
        (TryAgain("Slack answered 500"), {"SecondsOfRetries"}),
        (Undeliverable("Slack answered 404 no_service"), {"Refused"}),
    ],
)
def test_what_became_of_a_delivery_is_measured_by_destination(
    world: World, capsys: pytest.CaptureFixture[str], fault: Exception | None, measured: set[str]
) -> None:
    world.fault = fault
    _handle()
    line = json.loads(capsys.readouterr().out)
    assert ("Thingwatch", "secops") == (line["Stack"], line["Destination"])
    assert measured == line.keys() - {"_aws", "Stack", "Destination"}
    in_queue = time.time() - int(SENT) / 1000
    assert [pytest.approx(in_queue, abs=60)] * ("SecondsOfRetries" in measured) == line.get(
        "SecondsOfRetries", []
    )


def test_a_rollup_is_measured_as_sent_and_not_as_late(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    del world
    _handle(write_delivery(Delivery(make_rollup(), "secops")))
    line = json.loads(capsys.readouterr().out)
    assert {"Sent"} == line.keys() - {"_aws", "Stack", "Destination"}


def test_what_becomes_of_an_alarm_makes_no_metric_that_could_be_the_cause_of_another(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    alarm = read_alarm(make_alarm())
    assert alarm is not None
    for fault in (
        None,
        TryAgain("Slack answered 500"),
        Undeliverable("Slack answered 410 channel_is_archived"),
    ):
        world.fault = fault
        _handle(write_delivery(Delivery(alarm, "secops")))
    assert "" == capsys.readouterr().out


def test_what_can_not_be_read_or_is_of_an_unknown_destination_makes_no_metric(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    del world
    _handle("hello")
    _handle(write_delivery(Delivery(make_alert(), "who-knows")))
    assert "" == capsys.readouterr().out


def test_the_log_names_a_message_that_can_not_be_read(world: World, caplog: pytest.LogCaptureFixture) -> None:
    _handle("hello")
    line = _logged(caplog)
    assert ("message-1", "not a delivery: JSONDecodeError") == (line["message_id"], line["reason"])
    assert [("hello", line["reason"])] == world.given_up
