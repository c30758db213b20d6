"""What the stack and Lambda tell the functions: the only place where environment variables are read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple, Protocol

from handlers.core.our_calls import OurCalls

RULESET = Path(__file__).with_name("ruleset.json")
"""The compiled ruleset, which lies beside this file in the Lambda asset."""


class LambdaContext(Protocol):
    """What Lambda tells a function of the run; of it we use this."""

    @property
    def aws_request_id(self) -> str:
        """The same when Lambda retries the event of an asynchronous invocation."""

    @property
    def invoked_function_arn(self) -> str:
        """Of the function itself: its Region is the fourth part, its account the fifth."""


class DetectSettings(NamedTuple):
    """Names of what `detect` works with, and how long after a bucket's end its summary is due."""

    stack: str
    state_table: str
    delivery_queue_urls: Mapping[str, str]
    """By destination."""
    delivery_dead_letter_queue_url: str
    summary_queue_url: str
    grace: timedelta
    our_calls: OurCalls


class SummariseSettings(NamedTuple):
    """Names of what `summarise` works with."""

    stack: str
    state_table: str
    delivery_queue_urls: Mapping[str, str]
    """By destination."""
    delivery_dead_letter_queue_url: str
    queue_url: str
    dead_letter_queue_url: str


class DeliverSettings(NamedTuple):
    """Names of what `deliver` works with. `topic_arns` maps destinations to topics that the stack made."""

    stack: str
    state_table: str
    dead_letter_queue_url: str
    topic_arns: Mapping[str, str]


def read_detect_settings(environ: Mapping[str, str]) -> DetectSettings:
    """Raises `KeyError` naming the variable that the stack did not set."""
    return DetectSettings(
        stack=environ["STACK_NAME"],
        state_table=environ["STATE_TABLE"],
        delivery_queue_urls=json.loads(environ["DELIVERY_QUEUE_URLS"]),
        delivery_dead_letter_queue_url=environ["DELIVERY_DEAD_LETTER_QUEUE_URL"],
        summary_queue_url=environ["SUMMARY_QUEUE_URL"],
        grace=timedelta(seconds=int(environ["GRACE_SECONDS"])),
        our_calls=OurCalls(
            deliver_role=environ["DELIVER_ROLE_ARN"],
            canary_role=environ.get("CANARY_ROLE_ARN"),
            canary=environ.get("CANARY_ARN"),
        ),
    )


def read_summarise_settings(environ: Mapping[str, str]) -> SummariseSettings:
    """Raises `KeyError` naming the variable that the stack did not set."""
    return SummariseSettings(
        stack=environ["STACK_NAME"],
        state_table=environ["STATE_TABLE"],
        delivery_queue_urls=json.loads(environ["DELIVERY_QUEUE_URLS"]),
        delivery_dead_letter_queue_url=environ["DELIVERY_DEAD_LETTER_QUEUE_URL"],
        queue_url=environ["SUMMARY_QUEUE_URL"],
        dead_letter_queue_url=environ["DEAD_LETTER_QUEUE_URL"],
    )


def read_deliver_settings(environ: Mapping[str, str]) -> DeliverSettings:
    """Raises `KeyError` naming the variable that the stack did not set."""
    return DeliverSettings(
        stack=environ["STACK_NAME"],
        state_table=environ["STATE_TABLE"],
        dead_letter_queue_url=environ["DEAD_LETTER_QUEUE_URL"],
        topic_arns=json.loads(environ["TOPIC_ARNS"]),
    )
