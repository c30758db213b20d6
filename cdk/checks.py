"""cdk-nag on every synth, and the findings that we accept, each at its place and with its reason."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Acknowledgment, App, Stack, Validations
from cdk_nag import AwsSolutionsChecks, ServerlessChecks
from constructs import IConstruct


@dataclass(frozen=True, slots=True)
class Accepted:
    """A rule that a reviewer need not raise again, for the constructs at these paths in the stack."""

    rule: str
    at: tuple[str, ...]
    reason: str


_FAILURE_QUEUES = ("Detection/HandoverFailures", "Detection/DetectFailures")
_FED_BY_QUEUES = ("Delivery/Deliver", "Summaries/Summarise")
_FUNCTIONS = ("Detection/Detect", *_FED_BY_QUEUES)

_OF_IOT = "arn:<AWS::Partition>:iot:<AWS::Region>:<AWS::AccountId>"

ACCEPTED = (
    *(
        Accepted(
            f"AwsSolutions::AwsSolutions-IAM5[Resource::{resource}]",
            at=("Delivery/Deliver",),
            reason=reason,
        )
        for resource, reason in (
            ("*", "It reads what hangs on a certificate: two List actions, for which IAM knows no resource."),
            (
                f"{_OF_IOT}:policy/*",
                "It reads the policy that an alert is about; which, only the event says.",
            ),
            (
                f"{_OF_IOT}:provisioningtemplate/*",
                "It reads the template that an alert is about; which, only the event says.",
            ),
        )
    ),
    Accepted(
        "AwsSolutions::AwsSolutions-SQS3",
        at=_FAILURE_QUEUES,
        reason="It is itself where failures end: no function consumes it, so nothing can fail on it.",
    ),
    Accepted(
        "Serverless::Serverless-SQSRedrivePolicy",
        at=(*_FAILURE_QUEUES, "Delivery/DeadLetters", "Summaries/DeadLetters"),
        reason="It is the end of the line, read by people; a message must not move on from here by itself.",
    ),
    Accepted(
        "Serverless::Serverless-LambdaDLQ",
        at=("Detection/Detect",),
        reason="Its on-failure destination keeps the event and the error; a DLQ keeps only the event.",
    ),
    Accepted(
        "Serverless::Serverless-LambdaDLQ",
        at=_FED_BY_QUEUES,
        reason="It is never invoked asynchronously: SQS invokes it, and the queue has the dead-letter queue.",
    ),
    Accepted(
        "Serverless::Serverless-LambdaEventSourceMappingDestination",
        at=_FED_BY_QUEUES,
        reason="Lambda offers none for an SQS source; the queue's redrive policy does this.",
    ),
    Accepted(
        "AwsSolutions::AwsSolutions-DDB3",
        at=("State",),
        reason="What it holds lapses; restored claims are stale, lost ones cost a repeated alert.",
    ),
    Accepted(
        "Serverless::Serverless-LambdaTracing",
        at=_FUNCTIONS,
        reason="X-Ray needs a permission on every resource; the alert id joins the functions' logs.",
    ),
)


def add_checks(app: App, stack: Stack) -> None:
    """Make `cdk synth` fail on a finding of cdk-nag's AwsSolutions or Serverless packs."""
    Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))
    for accepted in ACCEPTED:
        for path in accepted.at:
            Validations.of(_find(stack, path)).acknowledge(
                Acknowledgment(id=accepted.rule, reason=accepted.reason)
            )


def _find(stack: Stack, path: str) -> IConstruct:
    construct: IConstruct = stack
    for name in path.split("/"):
        construct = construct.node.find_child(name)
    return construct
