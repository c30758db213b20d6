"""The alert as an SNS message: a text for people, JSON for machines, attributes for filters.

Limits: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html (a subject has fewer than
100 ASCII characters and no line break; a message with its attributes 256 KiB).
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from handlers.core.alerts import Alert
from handlers.core.renderings.content import is_of_one_place
from handlers.core.renderings.finding import SEVERITY_IDS, render_finding
from handlers.core.renderings.text import render_text, render_title

_SUBJECT_LIMIT = 99

_MACHINES = ("email-json", "firehose", "http", "https", "lambda", "sqs")


@dataclass(frozen=True, slots=True)
class SnsMessage:
    """What Publish takes, with MessageStructure=json: `message` holds one body for each protocol."""

    subject: str
    message: str


def render_sns(alert: Alert) -> SnsMessage:
    """People (e-mail, and any protocol not named) get the text, machines get the alert as JSON."""
    bodies = {"default": render_text(alert), **dict.fromkeys(_MACHINES, render_finding(alert))}
    return SnsMessage(
        subject=render_subject(alert),
        message=json.dumps(bodies, ensure_ascii=False),
    )


def list_attributes(alert: Alert) -> dict[str, str | int]:
    """Texts and numbers that a subscription can filter by; what the alert does not have is absent."""
    has_place = is_of_one_place(alert)
    attributes: dict[str, str | int | None] = {
        "severity": alert.severity.value,
        "severity_number": SEVERITY_IDS[alert.severity],
        "kind": alert.kind,
        "rule": alert.rule,
        "operation": alert.operation,
        "category": alert.category,
        "account": alert.account if has_place else None,
        "region": alert.region if has_place else None,
    }
    return {name: value for name, value in attributes.items() if value is not None}


def render_subject(alert: Alert) -> str:
    """The title as the subject of an e-mail."""
    # SNS wants the subject to begin with a letter, a number or punctuation, in ASCII only.
    text = render_title(alert).replace("…", "...").encode("ascii", "replace").decode("ascii")
    return text if len(text) <= _SUBJECT_LIMIT else text[: _SUBJECT_LIMIT - 3] + "..."
