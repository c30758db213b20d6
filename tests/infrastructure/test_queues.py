"""Queues and times of the template: who waits how long for whom."""

from datetime import timedelta
from typing import Any

import pytest

from cdk.queues import TRIES
from handlers import deliver
from handlers.core.backoff import retry_delay
from handlers.pipeline.muting import TAKES_EFFECT
from handlers.pipeline.telling import MUTES_ARE_FRESH
from tests.support.templates import function, resources


def _queue_of(template: dict[str, Any], construct: str) -> dict[str, Any]:
    queues = resources(template, "AWS::SQS::Queue").items()
    (found,) = [each for name, each in queues if name.startswith(f"{construct}Queue")]
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
    for spread in (0, 1):
        for asked in (timedelta(0), timedelta(seconds=1), timedelta(days=1)):
            tries = range(1, TRIES + 1)
            waits = sum((retry_delay(each, spread=spread, asked=asked) for each in tries), timedelta(0))
            assert timedelta(days=2) < waits < retention - timedelta(days=3)


def test_failed_messages_of_a_batch_are_handed_out_again(template: dict[str, Any]) -> None:
    sources = resources(template, "AWS::Lambda::EventSourceMapping").values()
    assert [(["ReportBatchItemFailures"], 1)] * 2 == [
        (each["FunctionResponseTypes"], each["BatchSize"]) for each in sources
    ]
    assert [2, 5] == sorted(each["ScalingConfig"]["MaximumConcurrency"] for each in sources)
