"""Queues as we make them: encrypted, only over TLS, and keeping what they hold for two weeks."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

RETENTION = Duration.days(14)
"""The longest that SQS offers."""


def make_failure_queue(scope: Construct, construct_id: str) -> sqs.Queue:
    """A queue that keeps whole what could not be processed, until somebody looks."""
    return sqs.Queue(
        scope,
        construct_id,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=RETENTION,
    )
