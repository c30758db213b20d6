"""The alert as an SNS message: a text for people, JSON for machines, attributes for filters.

Limits: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html (a subject has fewer than
100 ASCII characters and no line break; a message with its attributes 256 KiB).
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from handlers.core.alerts import Alert
from handlers.core.codec import to_json
from handlers.core.renderings.text import render_text, render_title

_SUBJECT_LIMIT = 99

_MACHINES = ("email-json", "firehose", "http", "https", "lambda", "sqs")


@dataclass(frozen=True, slots=True)
class SnsMessage:
    """What Publish takes, with MessageStructure=json: `message` holds one body for each protocol."""

    subject: str
    message: str
    attributes: dict[str, str]


def render_sns(alert: Alert) -> SnsMessage:
    """People (e-mail, and any protocol not named) get the text, machines get the alert as JSON."""
    # Not as \\u escapes: they would make a hostile name six times as long.
    data = json.dumps(to_json(alert), ensure_ascii=False)
    bodies = {"default": render_text(alert), **dict.fromkeys(_MACHINES, data)}
    return SnsMessage(
        subject=_subject(render_title(alert)),
        message=json.dumps(bodies, ensure_ascii=False),
        attributes={
            "severity": alert.severity.value,
            "kind": alert.kind,
            "rule": alert.rule,
            **({"operation": alert.operation} if alert.operation is not None else {}),
            "category": alert.category,
            "account": alert.account,
            "region": alert.region,
        },
    )


def _subject(title: str) -> str:
    # SNS wants the subject to begin with a letter, a number or punctuation, in ASCII only.
    text = title.encode("ascii", "replace").decode("ascii")
    return text if len(text) <= _SUBJECT_LIMIT else text[: _SUBJECT_LIMIT - 3] + "..."
