"""`thingwatch redrive` on the deployed stack: what failed is shown in words, and sent again, told once."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cdk.delivery import DESTINATION_TAG
from cdk.queues import STACK_TAG
from handlers.core.alerts import Delivery, write_delivery
from handlers.core.dedup import Bucket
from handlers.core.rollups import Summary, write_summary
from local.slack import Answer
from local.waiting import wait_until
from tests.e2e.conftest import PATIENCE, World
from tests.support.alerts import make_alert
from tests.support.records import make_event
from tests.support.rollups import ENDS

THINGWATCH = Path(sys.executable).with_name("thingwatch")


def redrive(world: World, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """The command's exit code, and the messages that it tells as JSON."""
    done = subprocess.run(
        [str(THINGWATCH), "redrive", "--json", *arguments],
        env=world.aws.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "" == done.stderr
    return done.returncode, json.loads(done.stdout)["messages"]


def found(world: World, about: str, *arguments: str) -> dict[str, Any]:
    """The one failed message whose words hold `about`."""
    (message,) = wait_until(
        lambda: [each for each in redrive(world, *arguments)[1] if about in each["what"]], PATIENCE
    )
    return dict(message)


def put(world: World, output: str, body: str) -> None:
    world.aws.client("sqs").send_message(QueueUrl=world.outputs[output], MessageBody=body)


def test_what_slack_refused_is_told_in_words_and_arrives_once_when_it_is_sent_again(world: World) -> None:
    certificate = world.make_certificate()
    world.slack.answer_next(Answer(404, "no_service"), about=world.title_of_activation(certificate))
    world.activate(certificate)
    failed = found(world, f"Certificate {certificate[:8]}", "--kind", "delivery")
    assert ("secops", "Slack answered 404 no_service", "waits") == (
        failed["destination"],
        failed["why"],
        failed["fate"],
    )
    for _ in range(2):
        redrive(world, "--send", "--only", failed["id"])
    wait_until(lambda: world.in_slack(certificate), PATIENCE)
    world.settle()
    assert 1 == len(world.in_slack(certificate))
    assert (1, []) == redrive(world, "--only", failed["id"])


def test_an_event_that_detect_or_eventbridge_could_not_take_goes_to_detect_again(world: World) -> None:
    lost = make_event("UpdateThing", eventID="handed over again", awsRegion="us-east-1")
    put(world, "HandoverFailureQueueUrl", json.dumps(lost))
    record = {
        "requestContext": {"condition": "RetriesExhausted"},
        "requestPayload": make_event("UpdateThing", eventID="judged again", awsRegion="us-east-1"),
        "responsePayload": {"errorType": "ClientError", "errorMessage": "Throttled"},
    }
    put(world, "DetectFailureQueueUrl", json.dumps(record))
    by_bus, by_detect = found(world, "handed over again"), found(world, "judged again")
    assert "EventBridge could not hand it over: no code, no message" == by_bus["why"]
    assert ("event", "ClientError: Throttled") == (by_detect["kind"], by_detect["why"])
    code, sent = redrive(world, "--send", "--only", by_bus["id"], "--only", by_detect["id"])
    assert (0, ["sent", "sent"]) == (code, [each["fate"] for each in sent])
    for event_id in ("handed over again", "judged again"):
        wait_until(partial(world.logged, '"judged"', event_id), PATIENCE)


def test_a_summary_goes_back_to_its_queue(world: World) -> None:
    bucket = Bucket("redriven", ENDS, 1)
    summary = Summary(bucket, due=ENDS, alert=make_alert(), destinations=("audit",), lapses=ENDS)
    put(world, "SummaryDeadLetterQueueUrl", write_summary(summary))
    failed = found(world, "the rollup of: Certificate activated")
    assert "it was tried again for days without success" == failed["why"]
    assert 0 == redrive(world, "--send", "--only", failed["id"])[0]
    wait_until(lambda: world.logged('"summarised"', '"redriven"'), PATIENCE)


@pytest.mark.parametrize(("destination", "is_sent"), [("audit", True), ("removed", False)])
def test_what_waits_for_a_removed_destination_is_found_by_its_queues_tags(
    world: World, destination: str, is_sent: bool
) -> None:
    sqs = world.aws.client("sqs")
    url = sqs.create_queue(
        QueueName=f"Thingwatch-DeliveryQueue{destination}-old",
        tags={STACK_TAG: "Thingwatch", DESTINATION_TAG: destination},
    )["QueueUrl"]
    identity = {"type": "IAMUser", "userName": f"orphan-{destination}", "arn": f"orphan-{destination}"}
    parameters = {"certificateId": destination, "newStatus": "ACTIVE"}
    alert = make_alert(eventID=destination, userIdentity=identity, requestParameters=parameters)
    sqs.send_message(QueueUrl=url, MessageBody=write_delivery(Delivery(alert, destination)))
    failed = found(world, f"by orphan-{destination}")
    assert "its destination was removed from the config" == failed["why"]
    code, (sent,) = redrive(world, "--send", "--only", failed["id"])
    if is_sent:
        assert (0, "sent") == (code, sent["fate"])
        wait_until(lambda: [x for x in world.inbox.poll() if x["actor"]["name"] == "orphan-audit"], PATIENCE)
    else:
        assert (1, "stays: the config has no destination removed; add it, deploy, and run this again") == (
            code,
            sent["fate"],
        )
    sqs.delete_queue(QueueUrl=url)


def test_what_can_not_be_read_stays_and_is_shown(world: World) -> None:
    put(world, "DeadLetterQueueUrl", "hello there")
    failed = found(world, "hello there")
    code, (sent,) = redrive(world, "--send", "--only", failed["id"])
    assert (1, "stays: it can not be read") == (code, sent["fate"])
    world.take_message("DeadLetterQueueUrl", about="hello there")
