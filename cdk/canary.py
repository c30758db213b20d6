"""The canary: a harmless call to AWS IoT every half hour, whose record must come back (docs/adr/0022)."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import CfnTag, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_iot as iot
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from constructs import Construct

from cdk.context import Settings
from handlers.core.digest import digest
from handlers.core.our_calls import CANARY_PREFIX

MINUTES = 30
"""Between two calls."""
_LONGEST_NAME = 64
"""Of the policy: its ARN stands in a small environment."""
_TAG, _SIGN_OF_LIFE = "thingwatch:canary", "alive"
_NOTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "iot:*", "Resource": "*"}]}


def _name(stack: str) -> str:
    name = f"{CANARY_PREFIX}{stack}"
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 9]}-{digest(stack)[:8]}"


class Canary(Construct):
    """An IoT policy that is attached to nothing and allows nothing, and a schedule that gives it the tag
    that it has already. No function runs for it, and nothing of the fleet changes.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        self.name = _name(settings.stack_name)
        iot.CfnPolicy(
            self,
            "Policy",
            policy_name=self.name,
            policy_document=_NOTHING,
            tags=[CfnTag(key=_TAG, value=_SIGN_OF_LIFE)],
        )
        self.arn = stack.format_arn(service="iot", resource="policy", resource_name=self.name)
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": stack.account}}
            ),
        )
        self.group = scheduler.ScheduleGroup(self, "Group", removal_policy=RemovalPolicy.DESTROY)
        tag = iam.PolicyStatement(actions=["iot:TagResource"], resources=[self.arn])
        schedule = scheduler.Schedule(
            self,
            "Schedule",
            description="Calls AWS IoT; Thingwatch must hear of it",
            schedule=scheduler.ScheduleExpression.rate(Duration.minutes(MINUTES)),
            schedule_group=self.group,
            target=targets.Universal(
                service="iot",
                action="tagResource",
                # Scheduler wants names of parameters with a capital, whatever the API calls them.
                input=scheduler.ScheduleTargetInput.from_object(
                    {"ResourceArn": self.arn, "Tags": [{"Key": _TAG, "Value": _SIGN_OF_LIFE}]}
                ),
                role=self.role,
                policy_statements=[tag],
                retry_attempts=2,
                max_event_age=Duration.minutes(MINUTES),
            ),
        )
        schedule.node.add_dependency(self.role)

    @property
    def addresses(self) -> Mapping[str, str]:
        """What a function has to know to recognize the call."""
        return {"CANARY_ROLE_ARN": self.role.role_arn, "CANARY_ARN": self.arn}
