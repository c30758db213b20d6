"""One Lambda function of ours: its code, its log group, and a role that may write to it alone."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk.context import Settings

_ARCHITECTURES = {"arm64": lambda_.Architecture.ARM_64, "x86_64": lambda_.Architecture.X86_64}


class PythonFunction(Construct):
    """A function that runs `handlers/<module>.py` of the shared asset. It may do nothing but log
    until the stack grants more.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        module: str,
        code: lambda_.Code,
        description: str,
        timeout: Duration,
        environment: Mapping[str, str],
        settings: Settings,
    ) -> None:
        super().__init__(scope, construct_id)
        self.log_group = logs.LogGroup(
            self, "Logs", retention=logs.RetentionDays.THREE_MONTHS, removal_policy=RemovalPolicy.DESTROY
        )
        # Not Lambda's default role: its managed policy may write to every log group of the account.
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.log_group.grant_write(self.role)
        self.function = lambda_.Function(
            self,
            "Function",
            code=code,
            handler=f"handlers.{module}.handler",
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=_ARCHITECTURES[settings.architecture],
            memory_size=512,
            timeout=timeout,
            description=description,
            environment={**environment, "STACK_NAME": settings.stack_name},
            role=self.role.without_policy_updates(),
            log_group=self.log_group,
            logging_format=lambda_.LoggingFormat.JSON,
        )
