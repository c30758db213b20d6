"""What waits for one destination on the deployed stack: it becomes digests, and delays no other."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from handlers.core.alerts import Alert, Delivery, write_delivery
from local.slack import Answer, Message
from local.waiting import wait_until
from tests.e2e.conftest import PATIENCE, World
from tests.support.alerts import make_alert


def make_alerts(count: int, name: str) -> list[Alert]:
    """Alerts of different actors, so that each has a short id of its own."""
    identities = [{"type": "IAMUser", "userName": f"{name}-{n}", "arn": f"{name}-{n}"} for n in range(count)]
    parameters = {"certificateId": name, "newStatus": "ACTIVE"}
    return [
        make_alert(eventID=each["arn"], userIdentity=each, requestParameters=parameters)
        for each in identities
    ]


def put(world: World, alerts: list[Alert], destination: str) -> None:
    """Leave deliveries, as `detect` does."""
    sqs, url = world.aws.client("sqs"), world.outputs[f"DeliveryQueueUrl{destination}"]
    for start in range(0, len(alerts), 10):
        bodies = [write_delivery(Delivery(each, destination)) for each in alerts[start : start + 10]]
        sqs.send_message_batch(
            QueueUrl=url,
            Entries=[{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)],
        )


def short_ids(messages: list[Message]) -> Counter[str]:
    """How often each alert is told in these messages."""
    said = "\n".join(each.readable() for each in messages)
    return Counter(re.findall(r"alert ([0-9a-f]{8})", said))


@pytest.fixture
def quiet(world: World) -> Iterator[World]:
    """The world with nothing on its way, before and after."""
    world.settle()
    yield world
    world.slack.limit(None)
    world.slack.answer_always(None)
    for name, url in world.outputs.items():
        if name.startswith("DeliveryQueueUrl"):
            world.aws.client("sqs").purge_queue(QueueUrl=url)


def test_a_backlog_drains_at_a_message_a_second_and_nothing_is_lost_or_told_twice(
    quiet: World, size: Callable[[int], int]
) -> None:
    alerts = make_alerts(size(1000), "backlog")
    before = len(quiet.slack.messages)
    quiet.slack.limit(1.0)
    began = time.monotonic()
    put(quiet, alerts, "secops")
    expected = Counter(each.short_id for each in alerts)
    wait_until(lambda: short_ids(quiet.slack.messages[before:]).keys() >= expected.keys(), 150)
    took = time.monotonic() - began
    quiet.slack.limit(None)
    quiet.settle()
    told = short_ids(quiet.slack.messages[before:])
    assert expected == Counter({each: told[each] for each in expected})
    assert took < 150 * len(alerts) / 1000 + PATIENCE
    assert 0 == quiet.depth("DeadLetterQueueUrl")


def test_a_destination_that_hangs_delays_no_other(quiet: World, size: Callable[[int], int]) -> None:
    quiet.slack.answer_always(Answer(503, breaks="hang"), about="waits-")
    put(quiet, make_alerts(size(2000), "waits"), "secops")
    wait_until(lambda: any("waits-" in each.body for each in quiet.slack.refused), PATIENCE)
    (alert,) = make_alerts(1, "hurries")
    began = time.monotonic()
    put(quiet, [alert], "audit")
    wait_until(
        lambda: [each for each in quiet.inbox.poll() if each["actor"]["name"] == "hurries-0"], PATIENCE
    )
    assert time.monotonic() - began < 5
