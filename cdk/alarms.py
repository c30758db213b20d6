"""What tells people that Thingwatch itself is unwell: the operators' topic, and the alarms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from cdk.context import Settings
from cdk.delivery import Delivery
from cdk.detection import Detection
from cdk.function import PythonFunction
from cdk.summaries import Summaries
from rulebook.config import Operators

_PUBLISHERS = ("cloudwatch.amazonaws.com", "events.amazonaws.com")

_LATE_SECONDS = 1800
"""A delivery that nobody took for so long: its function does not run."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A metric of AWS's, and when it says that something is wrong. No data is no sign."""

    name: str
    """Of the alarm, after the stack's name."""
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
    """Of five minutes, one after another."""


class Alarms(Construct):
    """An alarm for each sign that something is lost, stuck or broken; all of them notify the operators."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        operators: Operators,
        detection: Detection,
        summaries: Summaries,
        delivery: Delivery,
        topics: Mapping[str, sns.Topic],
        settings: Settings,
    ) -> None:
        super().__init__(scope, construct_id)
        self.topic = (
            self._make_topic(operators, settings)
            if operators.sns == "create"
            else sns.Topic.from_topic_arn(self, "Operators", operators.sns)
        )
        for sign in (
            *_signs_of_failure_queues(detection, summaries, delivery, settings.stack_name),
            *_signs_of_waiting(delivery),
            *_signs_of_functions(detection, summaries, delivery),
            *_signs_of_the_way_in(detection),
            *_signs_of_topics(topics),
        ):
            self._make_alarm(sign, settings)

    def _make_topic(self, operators: Operators, settings: Settings) -> sns.Topic:
        """A topic that CloudWatch can publish to: it may not use SNS's own key, and a policy that only
        refuses lets no service in:
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html.
        """
        key = None
        of_this_account = {"StringEquals": {"aws:SourceAccount": Stack.of(self).account}}
        publishers: list[iam.IPrincipal] = [iam.ServicePrincipal(name) for name in _PUBLISHERS]
        if operators.encryption != "none":
            key = kms.Key(
                self,
                "Key",
                description="Encrypts what Thingwatch tells its operators",
                enable_key_rotation=True,
                removal_policy=settings.removal_policy,
            )
            key.add_to_resource_policy(
                iam.PolicyStatement(
                    actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                    resources=["*"],
                    principals=publishers,
                    conditions=of_this_account,
                )
            )
        topic = sns.Topic(
            self, "Operators", display_name="Thingwatch operators", enforce_ssl=True, master_key=key
        )
        topic.apply_removal_policy(settings.removal_policy)
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                principals=publishers,
                conditions=of_this_account,
            )
        )
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["sns:Publish"], resources=[topic.topic_arn], principals=[iam.AccountRootPrincipal()]
            )
        )
        return topic

    def _make_alarm(self, sign: Sign, settings: Settings) -> None:
        alarm = cloudwatch.Alarm(
            self,
            sign.name,
            alarm_name=f"{settings.stack_name}-{sign.name}",
            # It is read in an e-mail, where nobody knows which stack and Region it is about.
            alarm_description=f"{sign.says} {sign.todo}: {sign.command} --region {Stack.of(self).region}",
            metric=cloudwatch.Metric(
                namespace=sign.namespace,
                metric_name=sign.metric,
                dimensions_map=dict(sign.dimensions),
                statistic=sign.statistic,
                period=Duration.minutes(5),
            ),
            threshold=sign.at_least,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            evaluation_periods=sign.periods,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))


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


def _signs_of_waiting(delivery: Delivery) -> Iterator[Sign]:
    for name, queue in delivery.queues.items():
        yield Sign(
            f"waiting-{name}",
            "AWS/SQS",
            "ApproximateAgeOfOldestMessage",
            {"QueueName": queue.queue_name},
            f"Alerts have waited for {name} for half an hour: deliver does not take them.",
            *_look_at_log(delivery.deliver),
            statistic="Maximum",
            at_least=_LATE_SECONDS,
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
