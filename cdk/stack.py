"""The stack: state, detection, delivery, alarms, dashboard, and what each may touch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from aws_cdk import ArnFormat, CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from constructs import Construct

from cdk.alarms import Alarms
from cdk.canary import Canary
from cdk.context import Settings
from cdk.dashboard import Dashboard
from cdk.delivery import Delivery
from cdk.detection import Detection
from cdk.summaries import Summaries
from handlers.core.destinations import Destination
from handlers.core.digest import digest
from handlers.core.questions import OPERATIONS
from handlers.core.ruleset import Ruleset
from handlers.core.ruleset_file import dump_ruleset
from rulebook.config import Operators
from rulebook.services import Service


class ThingwatchStack(Stack):
    """Everything that one Region of one account needs."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        asset: Path,
        ruleset: Ruleset,
        services: Sequence[Service],
        reads: bool,
        operators: Operators,
        canary: bool,
        settings: Settings,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description="Thingwatch: alerts on changes to an AWS IoT fleet's control plane",
            stack_name=settings.stack_name,
            termination_protection=settings.termination_protection,
            tags=settings.tags,
        )
        destinations = tuple(ruleset.destinations.values())
        code = lambda_.Code.from_asset(str(asset))
        table = self._make_state()
        topics = {
            destination.name: self._make_topic(destination, settings)
            for destination in destinations
            if destination.kind == "sns" and destination.topic is None
        }
        made = {name: topic.topic_arn for name, topic in topics.items()}
        delivery = Delivery(
            self,
            "Delivery",
            code=code,
            destinations=[each.name for each in destinations],
            topic_arns=made,
            table_name=table.table_name,
            settings=settings,
        )
        summaries = Summaries(
            self, "Summaries", code=code, delivery=delivery, table_name=table.table_name, settings=settings
        )
        our_canary = Canary(self, "Canary", settings=settings) if canary else None
        detection = Detection(
            self,
            "Detection",
            code=code,
            services=services,
            reads=reads,
            delivery=delivery,
            summary_queue=summaries.queue,
            settings=settings,
            table_name=table.table_name,
            canary=our_canary,
        )
        secrets = {each.name: each.secret for each in destinations if each.secret is not None}
        topic_arns = [*made.values(), *(each.topic for each in destinations if each.topic is not None)]
        self._grant(
            detection,
            summaries,
            delivery,
            table=table,
            topic_arns=topic_arns,
            secrets=secrets,
            destinations=destinations,
        )
        alarms = Alarms(
            self,
            "Alarms",
            operators=operators,
            detection=detection,
            summaries=summaries,
            delivery=delivery,
            topics=topics,
            canary=our_canary,
            settings=settings,
        )
        Dashboard(
            self,
            "Dashboard",
            alarms=alarms,
            detection=detection,
            summaries=summaries,
            delivery=delivery,
            has_canary=canary,
            settings=settings,
        )
        CfnOutput(
            self,
            "OperatorsTopicArn",
            value=alarms.topic.topic_arn,
            description="Subscribe here to hear that Thingwatch itself is unwell",
        )
        if ruleset.enrich:
            self._grant_questions(delivery.deliver.role)
        CfnOutput(
            self,
            "GraceSeconds",
            value=str(int(settings.grace.total_seconds())),
            description="So long after a dedup window its rollup is told",
        )
        CfnOutput(
            self,
            "RulesetDigest",
            value=digest(dump_ruleset(ruleset)),
            description="Of the config and the catalog that are deployed",
        )
        CfnOutput(
            self, "StateTable", value=table.table_name, description="Windows, what was told, mutes, claims"
        )
        self._tell_names(detection, summaries, delivery, topics=topics, secrets=secrets)

    def _make_state(self) -> dynamodb.Table:
        return dynamodb.Table(
            self,
            "State",
            partition_key=dynamodb.Attribute(name="key", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="place", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            time_to_live_attribute="lapses",
            # Windows, what is held, claims: they end by themselves and are worth nothing without the stack.
            removal_policy=RemovalPolicy.DESTROY,
        )

    def _make_topic(self, destination: Destination, settings: Settings) -> sns.Topic:
        topic = sns.Topic(self, f"Topic-{destination.name}", display_name="Thingwatch", enforce_ssl=True)
        # Its subscriptions were confirmed by people.
        topic.apply_removal_policy(settings.removal_policy)
        # The bare alias, as SNS's API takes it: then SNS makes its key where there is none yet. The construct
        # would write the alias's ARN, which leaves it to be resolved: https://github.com/aws/aws-cdk/issues/22605
        resource = cast("sns.CfnTopic", topic.node.default_child)
        resource.kms_master_key_id = destination.kms_key or "alias/aws/sns"
        return topic

    def _grant(
        self,
        detection: Detection,
        summaries: Summaries,
        delivery: Delivery,
        *,
        table: dynamodb.Table,
        topic_arns: Sequence[str],
        secrets: Mapping[str, str],
        destinations: Sequence[Destination],
    ) -> None:
        """Let each function touch what it works with, and nothing else."""
        for role in (detection.detect.role, summaries.summarise.role):
            delivery.take_from(role)
            summaries.queue.grant(role, "sqs:SendMessage")
        table.grant(detection.detect.role, "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem")
        table.grant(summaries.summarise.role, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem")
        table.grant(delivery.deliver.role, "dynamodb:PutItem", "dynamodb:DeleteItem")
        if topic_arns:
            # Not grant_publish: it adds rights on KMS keys, and for SNS's own key none are needed:
            # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
            delivery.deliver.role.add_to_policy(
                iam.PolicyStatement(actions=["sns:Publish"], resources=list(topic_arns))
            )
        for secret in secrets.values():
            self._grant_secret(delivery.deliver.role, secret)
        for destination in destinations:
            if destination.kms_key is not None:
                self._grant_key(delivery.deliver.role, destination, destination.kms_key)

    def _grant_key(self, role: iam.Role, destination: Destination, key: str) -> None:
        """Let a role use the operator's key for what is under it, by way of that service alone:
        https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html.
        """
        if destination.secret is None:
            actions, service = ["kms:Decrypt", "kms:GenerateDataKey"], "sns"
        else:
            actions, service = ["kms:Decrypt"], destination.secret.partition(":")[0]
        region = key.split(":")[3]
        via = {"StringEquals": {"kms:ViaService": f"{service}.{region}.{self.url_suffix}"}}
        role.add_to_policy(iam.PolicyStatement(actions=actions, resources=[key], conditions=via))

    def _grant_questions(self, role: iam.Role) -> None:
        """Let a role read what AWS IoT says of a policy, a template or a certificate."""
        for kind in dict.fromkeys(OPERATIONS.values()):
            resource = (
                "*" if kind is None else self.format_arn(service="iot", resource=kind, resource_name="*")
            )
            actions = [operation for operation, of in OPERATIONS.items() if of == kind]
            role.add_to_policy(iam.PolicyStatement(actions=actions, resources=[resource]))

    def _tell_names(
        self,
        detection: Detection,
        summaries: Summaries,
        delivery: Delivery,
        *,
        topics: Mapping[str, sns.Topic],
        secrets: Mapping[str, str],
    ) -> None:
        """The stack's outputs: where everything is, and what is left to do by hand."""
        for name, topic in topics.items():
            CfnOutput(
                self,
                f"TopicArn-{name}",
                value=topic.topic_arn,
                description=f"Subscribe here to hear of {name}",
            )
        for output, queue, holds in (
            *(
                (f"DeliveryQueueUrl-{name}", queue, f"Alerts on their way to {name}")
                for name, queue in delivery.queues.items()
            ),
            ("DeadLetterQueueUrl", delivery.dead_letters, "Alerts that a destination refuses for good"),
            ("SummaryQueueUrl", summaries.queue, "Summaries that are not due yet"),
            ("SummaryDeadLetterQueueUrl", summaries.dead_letters, "Summaries that could not be told"),
            ("DetectFailureQueueUrl", detection.detect_failures, "Events that could not be judged"),
            ("HandoverFailureQueueUrl", detection.handover_failures, "Events that did not reach detect"),
        ):
            CfnOutput(self, output, value=queue.queue_url, description=holds)
        for name, function in (
            ("Detect", detection.detect),
            ("Summarise", summaries.summarise),
            ("Deliver", delivery.deliver),
        ):
            CfnOutput(
                self,
                f"{name}FunctionName",
                value=function.function.function_name,
                description=f"The function {name.lower()}",
            )
            CfnOutput(
                self,
                f"{name}RoleArn",
                value=function.role.role_arn,
                description=f"The role of {name.lower()}, for policies of keys, topics and secrets elsewhere",
            )
        for name, secret in secrets.items():
            self._tell_how_to_set(name, secret)

    def _grant_secret(self, role: iam.Role, secret: str) -> None:
        store, _, name = secret.partition(":")
        if store == "ssm":
            action, resource = "ssm:GetParameter", self._parameter_arn(name)
        else:
            # Secrets Manager adds a hyphen and six characters of its own to the name in the ARN.
            action, resource = "secretsmanager:GetSecretValue", self._secret_arn(f"{name}-??????")
        role.add_to_policy(iam.PolicyStatement(actions=[action], resources=[resource]))

    def _parameter_arn(self, name: str) -> str:
        return self.format_arn(service="ssm", resource="parameter", resource_name=name.lstrip("/"))

    def _secret_arn(self, name: str) -> str:
        return self.format_arn(
            service="secretsmanager",
            resource="secret",
            resource_name=name,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )

    def _tell_how_to_set(self, destination: str, secret: str) -> None:
        store, _, name = secret.partition(":")
        command = (
            f"aws ssm put-parameter --type SecureString --name {name} --value file:///dev/stdin"
            if store == "ssm"
            else f"aws secretsmanager create-secret --name {name} --secret-string file:///dev/stdin"
        )
        CfnOutput(
            self,
            f"SetWebhook-{destination}",
            value=f"{command} --region {self.region}",
            description=f"Run once, paste the Slack webhook of {destination}; until then alerts wait",
        )
