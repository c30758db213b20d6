"""The signs that Thingwatch is unwell: what is measured, when that is bad, and what to do then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aws_cdk import aws_sns as sns

from cdk.delivery import Delivery
from cdk.detection import Detection
from cdk.function import PythonFunction
from cdk.summaries import Summaries
from handlers.core.metrics import DESTINATION, NAMESPACE, STACK

_LATE_MINUTES = 30
"""A delivery that waits for so long is late."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A metric, and when it says that something is wrong. No data is no sign."""

    name: str
    """Of the alarm, see `alarm_name`."""
    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    says: str
    """What happened, and what it means."""
    todo: str
    """What to do, before the command that does it."""
    command: str
    """Without the Region."""
    statistic: str = "Sum"
    at_least: int = 1
    periods: int = 1
    """One after another."""
    minutes: int = 5
    """Of a period."""


def alarm_name(stack: str, sign: str) -> str:
    """The name of an alarm. No name of a stack has a slash, so none begins another."""
    return f"{stack}/{sign}"


def list_signs(
    detection: Detection,
    summaries: Summaries,
    delivery: Delivery,
    topics: Mapping[str, sns.Topic],
    stack: str,
) -> Iterator[Sign]:
    """Every sign of a stack."""
    yield from _signs_of_failure_queues(detection, summaries, delivery, stack)
    yield from _signs_of_destinations(delivery, stack)
    yield from _signs_of_functions(detection, summaries, delivery)
    yield from _signs_of_the_way_in(detection)
    yield from _signs_of_topics(topics)


def _signs_of_failure_queues(
    detection: Detection, summaries: Summaries, delivery: Delivery, stack: str
) -> Iterator[Sign]:
    for name, queue, kind, says in (
        (
            "alerts-refused",
            delivery.dead_letters,
            "delivery",
            "Alerts were not sent: a destination refuses them for good, such as an archived Slack channel, "
            "or did not take them for four days.",
        ),
        (
            "events-not-judged",
            detection.detect_failures,
            "event",
            "Events were not judged: detect failed three times on each. Alerts are missing.",
        ),
        (
            "events-not-handed-over",
            detection.handover_failures,
            "event",
            "Events did not reach detect: EventBridge could not invoke it for a day. Alerts are missing.",
        ),
        (
            "rollups-not-told",
            summaries.dead_letters,
            "summary",
            "Rollups were not told: summarise failed on them. Nobody knows how many alerts were held back.",
        ),
    ):
        yield Sign(
            name,
            "AWS/SQS",
            "ApproximateNumberOfMessagesVisible",
            {"QueueName": queue.queue_name},
            f"{says} They are kept for 14 days.",
            f"See what and why, mend it, then send again with --send --kind {kind}",
            f"thingwatch redrive --stack {stack}",
            statistic="Maximum",
        )


def _signs_of_destinations(delivery: Delivery, stack: str) -> Iterator[Sign]:
    for name, queue in delivery.queues.items():
        yield Sign(
            f"waiting-{name}",
            "AWS/SQS",
            "ApproximateAgeOfOldestMessage",
            {"QueueName": queue.queue_name},
            f"Alerts have waited for {name} for half an hour: deliver does not take them.",
            *_look_at_log(delivery.deliver),
            statistic="Maximum",
            at_least=60 * _LATE_MINUTES,
        )
        ours = {STACK: stack, DESTINATION: name}
        yield Sign(
            f"late-{name}",
            NAMESPACE,
            "SecondsOfRetries",
            ours,
            f"{name} has not taken an alert for half an hour. It is tried again for four days.",
            *_look_at_log(delivery.deliver),
            statistic="Maximum",
            at_least=60 * _LATE_MINUTES,
            # In the end a quarter of an hour is between two tries, and half an hour where Slack asks for it.
            minutes=60,
        )
        yield Sign(
            f"refused-{name}",
            NAMESPACE,
            "Refused",
            ours,
            f"{name} refused alerts for good. They are kept for 14 days.",
            "See why, mend it, then send again with --send --kind delivery",
            f"thingwatch redrive --stack {stack}",
        )


def _signs_of_functions(detection: Detection, summaries: Summaries, delivery: Delivery) -> Iterator[Sign]:
    functions: Mapping[str, PythonFunction] = {
        "detect": detection.detect,
        "summarise": summaries.summarise,
        "deliver": delivery.deliver,
    }
    for name, ours in functions.items():
        yield Sign(
            f"{name}-fails",
            "AWS/Lambda",
            "Errors",
            {"FunctionName": ours.function.function_name},
            f"{name} has failed for a quarter of an hour. What it fails on is tried again.",
            *_look_at_log(ours),
            periods=3,
        )
        yield Sign(
            f"{name}-throttled",
            "AWS/Lambda",
            "Throttles",
            {"FunctionName": ours.function.function_name},
            f"{name} was throttled for a quarter of an hour: the account's concurrent executions are used "
            "up. Alerts come late.",
            "See how many there are",
            "aws lambda get-account-settings",
            periods=3,
        )
    for name, metric, says in (
        ("events-dropped", "AsyncEventsDropped", "Lambda dropped events without running detect."),
        ("failures-not-kept", "DestinationDeliveryFailures", "Lambda could not keep what detect failed on."),
    ):
        place = {"FunctionName": detection.detect.function.function_name}
        yield Sign(name, "AWS/Lambda", metric, place, f"{says} Alerts are lost.", *_FIND_CALLS)


def _signs_of_the_way_in(detection: Detection) -> Iterator[Sign]:
    place = {"RuleName": detection.rule.rule_name}
    yield Sign(
        "handover-fails",
        "AWS/Events",
        "FailedInvocations",
        place,
        "EventBridge can not invoke detect and gave up on events; they are kept.",
        "See whether it may",
        f"aws lambda get-policy --function-name {detection.detect.function.function_name}",
    )
    yield Sign(
        "handover-lost",
        "AWS/Events",
        "InvocationsFailedToBeSentToDlq",
        place,
        "EventBridge could neither invoke detect nor keep the events. Alerts are lost.",
        *_FIND_CALLS,
    )


def _signs_of_topics(topics: Mapping[str, sns.Topic]) -> Iterator[Sign]:
    for name, topic in topics.items():
        yield Sign(
            f"not-received-{name}",
            "AWS/SNS",
            "NumberOfNotificationsFailed",
            {"TopicName": topic.topic_name},
            f"A subscription of {name} did not take an alert.",
            "See which there are",
            f"aws sns list-subscriptions-by-topic --topic-arn {topic.topic_arn}",
        )


_FIND_CALLS = (
    "List the calls of that time, and judge them with thingwatch replay",
    "aws cloudtrail lookup-events --lookup-attributes "
    "AttributeKey=EventSource,AttributeValue=iot.amazonaws.com",
)


def _look_at_log(ours: PythonFunction) -> tuple[str, str]:
    return "Look at its log", f"aws logs tail {ours.log_group.log_group_name} --since 1h"
