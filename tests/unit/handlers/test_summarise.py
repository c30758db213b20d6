"""What `summarise` tells the queue of a message, and what it logs, on in-memory adapters."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handlers import summarise
from handlers.adapters.memory_buckets import MemoryBuckets
from handlers.core.dedup import Bucket
from handlers.core.digest import digest
from handlers.core.rollups import HeldAlert, Summary, write_summary
from handlers.core.severity import Severity
from tests.support.alerts import make_alert
from tests.support.outside import MemoryQueue, MemorySummaries
from tests.support.records import ACCOUNT, REGION

ENDS = datetime(2026, 11, 22, 9, 40, tzinfo=UTC)
BODY = write_summary(
    Summary(Bucket("k", ENDS, 1), due=ENDS, alert=make_alert(), destinations=("audit",), lapses=ENDS)
)


@dataclass
class World:
    """The state, the queues, and a record of what became of the message."""

    buckets: MemoryBuckets = field(default_factory=MemoryBuckets)
    queue: MemoryQueue = field(default_factory=MemoryQueue)
    summaries: MemorySummaries = field(default_factory=MemorySummaries)
    waits: list[timedelta] = field(default_factory=list)
    given_up: list[tuple[str, str]] = field(default_factory=list)

    def wait(self, _receipt_handle: str, delay: timedelta) -> None:
        self.waits.append(delay)

    def give_up(self, body: str, reason: str) -> None:
        self.given_up.append((body, reason))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    wiring = summarise._Wiring(
        buckets=made.buckets,
        deliveries=made.queue,
        summaries=made.summaries,
        retries=made,
        stack="Thingwatch",
    )
    monkeypatch.setattr(summarise, "_wire", lambda: wiring)
    for number in range(3):
        held = HeldAlert(digest(str(number)), int(ENDS.timestamp()) - 1, Severity.LOW, None, "")
        made.buckets.hold("k", held, lapses=ENDS)
    return made


@dataclass(frozen=True)
class Context:
    aws_request_id: str = "run-1"
    invoked_function_arn: str = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"


def _handle(body: str = BODY) -> Any:
    attributes = {"ApproximateReceiveCount": "1", "SentTimestamp": "1795339860000"}
    record = {"messageId": "m", "receiptHandle": "h", "body": body, "attributes": attributes}
    return summarise.handler({"Records": [record]}, Context())


def test_a_summary_that_is_due_becomes_a_rollup_and_is_forgotten(world: World) -> None:
    assert {"batchItemFailures": []} == _handle()
    assert [3] == [each.alert.rollup.count for each in world.queue.sent if each.alert.rollup]


def test_the_log_says_what_was_counted(world: World, caplog: pytest.LogCaptureFixture) -> None:
    del world
    _handle()
    (line,) = map(vars, caplog.records)
    assert ("summarised", "k", "iot:UpdateCertificate", 1) == (
        line["message"],
        line["bucket"],
        line["rule"],
        line["rollups"],
    )


def test_rollups_are_measured(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    del world
    _handle()
    line = json.loads(capsys.readouterr().out)
    assert ("Thingwatch", [1]) == (line["Stack"], line["Rollups"])


def test_a_summary_that_fails_is_hidden_and_handed_out_again(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.queue.faults = [ConnectionError("throttled")]
    assert {"batchItemFailures": [{"itemIdentifier": "m"}]} == _handle()
    assert ([], 1) == (world.given_up, len(world.waits))
    (line,) = map(vars, caplog.records)
    assert ("WARNING", "ConnectionError: throttled", "k") == (
        line["levelname"],
        line["reason"],
        line["bucket"],
    )
    _handle()
    assert [3] == [each.alert.rollup.count for each in world.queue.sent if each.alert.rollup]


def test_what_is_no_summary_is_kept_with_the_reason(world: World, caplog: pytest.LogCaptureFixture) -> None:
    assert {"batchItemFailures": []} == _handle("hello")
    assert [("hello", "not a summary: JSONDecodeError")] == world.given_up
    assert ["CRITICAL"] == [each.levelname for each in caplog.records]


def test_a_summary_of_a_newer_release_waits(world: World) -> None:
    assert {"batchItemFailures": [{"itemIdentifier": "m"}]} == _handle(
        BODY.replace('"summary"', '"digest"', 1)
    )
    assert ([], 1) == (world.given_up, len(world.waits))
