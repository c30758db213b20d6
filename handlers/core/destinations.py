"""Where alerts go, and the part of the ruleset file that `deliver` reads: it needs no rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from handlers.core.codec import from_json
from handlers.core.ruleset_format import read_envelope

SLACK_HOSTS = frozenset({"hooks.slack.com", "hooks.slack-gov.com"})


@dataclass(frozen=True, slots=True)
class Destination:
    """A configured place that alerts go to."""

    name: str
    kind: Literal["slack", "sns"]
    secret: str | None = None
    """Names a Slack webhook, never holds it."""
    test_host: str | None = None
    """In tests, a loopback host that may stand in for Slack."""
    topic: str | None = None
    """The ARN of an existing SNS topic; None where the stack makes one."""
    dedup: bool = True
    """False for an archive: it gets every alert at once, and neither rollups nor mutes concern it."""
    form: Literal["alert", "amazon-q"] = "alert"
    """What a topic is sent: text and JSON, or notifications that Amazon Q shows in a chat."""
    kms_key: str | None = None
    """ARN of the operator's key, under which the secret or the topic is."""


def load_destinations(text: str) -> Mapping[str, Destination]:
    """The destinations of the ruleset in a file, by name. Raises `BadRuleset`."""
    kind: Any = Mapping[str, Destination]
    found: Mapping[str, Destination] = read_envelope(text, lambda data: from_json(kind, data["destinations"]))
    return found


def is_webhook(url: str, test_host: str | None) -> bool:
    """Whether an address is an https webhook on Slack's own hosts, or on a loopback host for tests."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    if test_host is not None and host == test_host:
        return parts.scheme in ("http", "https")
    return parts.scheme == "https" and host in SLACK_HOSTS and port in (None, 443) and not parts.username
