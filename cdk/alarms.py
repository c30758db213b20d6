"""What tells people that Thingwatch itself is unwell: the operators' topic, and the alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from aws_cdk import ArnFormat, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from cdk.canary import MINUTES, Canary
from cdk.context import BadContext, Settings
from cdk.delivery import Delivery
from cdk.detection import Detection
from cdk.signs import Sign, alarm_name, list_signs
from cdk.summaries import Summaries
from handlers.core.alarm_events import DETAIL_TYPE
from handlers.core.metrics import NAMESPACE, STACK
from rulebook.config import Operators

_UNSEEN_MINUTES = 20
"""Three such spans without a call. CloudWatch looks at two more before it takes what is missing for bad:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html"""
_LONGEST_RULE = 10_240
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html"""
_NOTIFY_NOBODY = ("unwell", "canary-unseen", "canary-made")
_PUBLISHERS = ("cloudwatch.amazonaws.com", "events.amazonaws.com")


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
        canary: Canary | None,
        settings: Settings,
    ) -> None:
        super().__init__(scope, construct_id)
        self.topic = (
            self._make_topic(operators, settings)
            if operators.sns == "create"
            else sns.Topic.from_topic_arn(self, "Operators", operators.sns)
        )
        self.alarms: list[cloudwatch.AlarmBase] = [
            self._make_alarm(sign, settings)
            for sign in list_signs(detection, summaries, delivery, topics, settings.stack_name)
        ]
        if canary is not None:
            self.alarms.append(self._watch_canary(canary, settings.stack_name))
        # For dashboards, and those who want one light: each of the alarms notifies by itself.
        self.unwell = cloudwatch.CompositeAlarm(
            self,
            "Unwell",
            composite_alarm_name=alarm_name(settings.stack_name, "unwell"),
            alarm_description="Thingwatch is unwell: at least one of its alarms is on.",
            alarm_rule=_any_of(self.alarms, settings.stack_name),
        )
        self.unwell.node.add_dependency(*self.alarms)
        if operators.to:
            self._tell_destinations(detection, settings.stack_name)

    def _tell_destinations(self, detection: Detection, stack: str) -> None:
        """Bring each beginning and end of an alarm to `detect`, which tells the operators' destinations."""
        prefix = Stack.of(self).format_arn(
            service="cloudwatch",
            resource="alarm",
            resource_name=alarm_name(stack, ""),
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        silent = events.Match.anything_but(*(alarm_name(stack, each) for each in _NOTIFY_NOBODY))
        rule = events.Rule(
            self,
            "States",
            description="Our own alarms, for the destinations of the operators",
            event_pattern=events.EventPattern(
                source=["aws.cloudwatch"],
                detail_type=[DETAIL_TYPE],
                resources=events.Match.prefix(prefix),
                detail={"alarmName": silent},
            ),
            targets=[detection.target],
        )
        # The construct knows no `$or`.
        resource = cast("events.CfnRule", rule.node.default_child)
        began, ended = ({each: {"value": ["ALARM"]}} for each in ("state", "previousState"))
        resource.add_property_override("EventPattern.detail.$or", [began, ended])

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

    def _watch_canary(self, canary: Canary, stack: str) -> cloudwatch.AlarmBase:
        """An alarm that is on when about three calls of the canary were missed, and not before some were
        made: right after the deployment there is no record of any. Two others tell it so, and notify nobody.
        """
        region = Stack.of(self).region
        unseen = cloudwatch.Alarm(
            self,
            "canary-unseen",
            alarm_name=alarm_name(stack, "canary-unseen"),
            alarm_description="detect has seen no call of the canary for more than an hour.",
            metric=cloudwatch.Metric(
                namespace=NAMESPACE,
                metric_name="SecondsToCanary",
                dimensions_map={STACK: stack},
                statistic="SampleCount",
                period=Duration.minutes(_UNSEEN_MINUTES),
            ),
            threshold=1,
            comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            evaluation_periods=3,
            treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
        )
        made = cloudwatch.Alarm(
            self,
            "canary-made",
            alarm_name=alarm_name(stack, "canary-made"),
            alarm_description="The canary has made calls for long enough: from now on it can be missed.",
            metric=cloudwatch.Metric(
                namespace="AWS/Scheduler",
                metric_name="InvocationAttemptCount",
                dimensions_map={"ScheduleGroup": canary.group.schedule_group_name},
                statistic="Sum",
                period=Duration.minutes(MINUTES),
            ),
            threshold=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            evaluation_periods=3,
            # There is never a zero, so it stays on: who deletes the schedule does not silence the alarm.
            treat_missing_data=cloudwatch.TreatMissingData.IGNORE,
        )
        missed = cloudwatch.CompositeAlarm(
            self,
            "canary-missed",
            composite_alarm_name=alarm_name(stack, "canary-missed"),
            alarm_description="Thingwatch has not heard of its canary's last three calls, so it hears of no"
            " other call either: no trail logs, or the rule or detect is off. Look for the calls:"
            " aws cloudtrail lookup-events"
            " --lookup-attributes AttributeKey=EventName,AttributeValue=TagResource"
            f" --region {region}",
            alarm_rule=cloudwatch.AlarmRule.all_of(unseen, made),
        )
        missed.add_alarm_action(actions.SnsAction(self.topic))
        return missed

    def _make_alarm(self, sign: Sign, settings: Settings) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            sign.name,
            alarm_name=alarm_name(settings.stack_name, sign.name),
            # It is read in an e-mail, where nobody knows which stack and Region it is about.
            alarm_description=f"{sign.says} {sign.todo}: {sign.command} --region {Stack.of(self).region}",
            metric=cloudwatch.Metric(
                namespace=sign.namespace,
                metric_name=sign.metric,
                dimensions_map=dict(sign.dimensions),
                statistic=sign.statistic,
                period=Duration.minutes(sign.minutes),
            ),
            threshold=sign.at_least,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            evaluation_periods=sign.periods,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))
        return alarm


def _any_of(alarms: Sequence[cloudwatch.AlarmBase], stack: str) -> cloudwatch.IAlarmRule:
    """By the names of the alarms: their ARNs would be too long for many. Raises `BadContext`."""
    names = [each.node.id for each in alarms]
    rule = " OR ".join(f'ALARM("{alarm_name(stack, each)}")' for each in names)
    if len(rule) > _LONGEST_RULE:
        raise BadContext(
            f"the context key `stack`: the name has {len(stack)} letters, which is too long for so many"
            " destinations; choose a shorter one"
        )
    return cloudwatch.AlarmRule.from_string(rule)
