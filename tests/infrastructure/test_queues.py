"""Queues and times of the template: who waits how long for whom."""

import itertools
from datetime import timedelta
from typing import Any

import pytest

from cdk.delivery import DESTINATION_TAG
from cdk.queues import FAILURES_TAG, STACK_TAG, TRIES
from handlers import deliver
from handlers.core.backoff import retry_delay
from handlers.pipeline.muting import TAKES_EFFECT
from handlers.pipeline.telling import MUTES_ARE_FRESH
from tests.support.templates import function, resources


def _queue_of(template: dict[str, Any], construct: str) -> dict[str, Any]:
    queues = resources(template, "AWS::SQS::Queue").items()
    found, *others = [each for name, each in queues if name.startswith(f"{construct}Queue")]
    assert [] == [each for each in others if {**each, "Tags": ""} != {**found, "Tags": ""}]
    return found


def test_the_lease_outlives_its_function_and_ends_before_the_next_try(template: dict[str, Any]) -> None:
    timeout = timedelta(seconds=function(template, "deliver")["Timeout"])
    visibility = timedelta(seconds=_queue_of(template, "Delivery")["VisibilityTimeout"])
    assert timeout < deliver.LEASE < visibility


@pytest.mark.parametrize(("module", "construct"), [("deliver", "Delivery"), ("summarise", "Summaries")])
def test_a_message_is_hidden_for_six_times_as_long_as_its_function_may_run(
    template: dict[str, Any], module: str, construct: str
) -> None:
    assert 6 * function(template, module)["Timeout"] == _queue_of(template, construct)["VisibilityTimeout"]


def test_a_mute_takes_effect_after_every_run_that_does_not_know_it(template: dict[str, Any]) -> None:
    timeout = timedelta(seconds=function(template, "detect")["Timeout"])
    assert timeout + MUTES_ARE_FRESH <= TAKES_EFFECT


def test_a_summary_waits_five_minutes_longer_than_its_bucket_and_longer_than_detect_runs(
    template: dict[str, Any],
) -> None:
    detect = function(template, "detect")
    grace = int(detect["Environment"]["Variables"]["GRACE_SECONDS"])
    assert (300, True) == (grace, detect["Timeout"] < grace)


def test_a_delivery_reaches_the_dead_letter_queue_before_sqs_lets_it_expire(template: dict[str, Any]) -> None:
    queue = _queue_of(template, "Delivery")
    assert (TRIES, TRIES) == (
        queue["RedrivePolicy"]["maxReceiveCount"],
        _queue_of(template, "Summaries")["RedrivePolicy"]["maxReceiveCount"],
    )
    retention = timedelta(seconds=queue["MessageRetentionPeriod"])
    asked_for = (timedelta(0), timedelta(seconds=1), timedelta(days=1))
    for spread, asked, crowded in itertools.product((0, 1), asked_for, (False, True)):
        tries = range(1, TRIES + 1)
        delays = [retry_delay(each, spread=spread, asked=asked, crowded=crowded) for each in tries]
        waits = sum(delays, timedelta(0))
        assert timedelta(days=2) < waits < retention - timedelta(days=3)


def test_failed_messages_of_a_batch_are_handed_out_again(template: dict[str, Any]) -> None:
    sources = resources(template, "AWS::Lambda::EventSourceMapping").values()
    assert [["ReportBatchItemFailures"]] * 3 == [each["FunctionResponseTypes"] for each in sources]


def test_each_destination_has_a_queue_and_two_runs_of_ten_of_its_own(template: dict[str, Any]) -> None:
    sources = resources(template, "AWS::Lambda::EventSourceMapping").values()
    found = {
        each["EventSourceArn"]["Fn::GetAtt"][0][:-8]: (
            each["BatchSize"],
            each["ScalingConfig"]["MaximumConcurrency"],
        )
        for each in sources
    }
    assert {
        "DeliveryQueueaudit": (10, 2),
        "DeliveryQueuesecops": (10, 2),
        "SummariesQueue": (1, 2),
    } == found


def test_the_queue_of_a_removed_destination_is_kept_and_found_by_its_tags(template: dict[str, Any]) -> None:
    queues = {name: each for name, each in template["Resources"].items() if name.startswith("DeliveryQueue")}
    kept = [each for each in queues.values() if each["Type"] == "AWS::SQS::Queue"]
    assert {("Retain", "Retain")} == {(each["DeletionPolicy"], each["UpdateReplacePolicy"]) for each in kept}
    tags = [{tag["Key"]: tag["Value"] for tag in each["Properties"]["Tags"]} for each in kept]
    assert [{"Thingwatch"}, {"audit", "secops"}] == [
        {each[tag] for each in tags} for tag in (STACK_TAG, DESTINATION_TAG)
    ]


def test_a_failure_queue_that_outlives_its_stack_is_found_by_its_tags(template: dict[str, Any]) -> None:
    tags = {
        name[:-8]: {tag["Key"]: tag["Value"] for tag in each.get("Tags", [])}
        for name, each in resources(template, "AWS::SQS::Queue").items()
    }
    assert {
        "DeliveryDeadLetters": "delivery",
        "SummariesDeadLetters": "summary",
        "DetectionDetectFailures": "event",
        "DetectionHandoverFailures": "event",
    } == {name: each[FAILURES_TAG] for name, each in tags.items() if FAILURES_TAG in each}
    assert {"Thingwatch"} == {each[STACK_TAG] for each in tags.values() if FAILURES_TAG in each}
