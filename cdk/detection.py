"""From the default event bus to `detect`, and where an event goes that `detect` can not take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk.canary import Canary
from cdk.context import Settings
from cdk.delivery import Delivery
from cdk.function import PythonFunction
from cdk.queues import make_failure_queue
from rulebook.services import Service

DETAIL_TYPES = ("AWS API Call via CloudTrail", "Amazon API Call via CloudTrail")
"""What EventBridge calls an API call that CloudTrail records. AWS's reference for China prints the second:
https://docs.amazonaws.cn/eventbridge/latest/ref/events-ref-cloudtrail.html"""


class Detection(Construct):
    """The rule, the function, and two failure queues, because two things can fail.

    - EventBridge can not hand an event over: `handover_failures` keeps the event.
    - `detect` fails three times on it: `detect_failures` keeps the event in Lambda's record of the failure.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        code: lambda_.Code,
        services: Sequence[Service],
        reads: bool,
        delivery: Delivery,
        summary_queue: sqs.IQueue,
        table_name: str,
        canary: Canary | None,
        settings: Settings,
    ) -> None:
        super().__init__(scope, construct_id)
        self.handover_failures = make_failure_queue(self, "HandoverFailures", settings, holds="event")
        self.detect_failures = make_failure_queue(self, "DetectFailures", settings, holds="event")
        self.detect = PythonFunction(
            self,
            "Detect",
            module="detect",
            code=code,
            description="Judges AWS IoT API calls, queues an alert for each destination or holds it back",
            # With the age of the mutes that a function knows, a minute: see MUTES_ARE_FRESH in the pipeline.
            timeout=Duration.seconds(45),
            environment={
                "STATE_TABLE": table_name,
                **delivery.addresses,
                "SUMMARY_QUEUE_URL": summary_queue.queue_url,
                "GRACE_SECONDS": str(int(settings.grace.total_seconds())),
                "DELIVER_ROLE_ARN": delivery.deliver.role.role_arn,
                **({} if canary is None else canary.addresses),
            },
            settings=settings,
        )
        self.detect_failures.grant(self.detect.role, "sqs:SendMessage")
        on_failure = lambda_.EventInvokeConfig(
            self,
            "OnFailure",
            function=self.detect.function,
            on_failure=destinations.SqsDestination(self.detect_failures),
            retry_attempts=2,
            max_event_age=Duration.hours(6),
        )
        self.target = targets.LambdaFunction(
            self.detect.function,
            dead_letter_queue=self.handover_failures,
            retry_attempts=185,
            max_event_age=Duration.hours(24),
        )
        """For a rule whose events `detect` takes."""
        self.rule = events.Rule(
            self,
            "ApiCalls",
            description="AWS IoT API calls that CloudTrail records",
            # The operations are not named: the mutating ones of iot alone do not fit a pattern's
            # 2,048 characters, and the catalog, not the template, says which are judged.
            event_pattern=events.EventPattern(
                source=sorted({service.bus_source for service in services}),
                detail_type=list(DETAIL_TYPES),
                detail={
                    "eventSource": sorted({name for service in services for name in service.event_sources})
                },
            ),
            targets=[self.target],
        )
        if reads:
            # The construct knows no such state; only the resource below it does:
            # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
            resource = cast("events.CfnRule", self.rule.node.default_child)
            resource.add_property_override("State", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")
        # No event may come before it is settled where a failed one goes.
        self.rule.node.add_dependency(on_failure)
