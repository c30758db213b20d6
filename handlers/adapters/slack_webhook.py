"""Slack incoming webhooks.

What Slack answers, and what it means:
https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors.
The webhook's URL is a secret: it is in no log, no message and no exception of ours.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Protocol
from urllib.parse import urlsplit

import requests

from handlers.core.alerts import Alert
from handlers.core.destinations import Destination
from handlers.core.renderings.slack import render_slack
from handlers.pipeline import TryAgain, Undeliverable

SLACK_HOSTS = frozenset({"hooks.slack.com", "hooks.slack-gov.com"})

TIMEOUTS = (3.05, 10)
"""Seconds to connect, and between two reads."""

_PERMANENT = frozenset(
    {
        "action_prohibited",
        "channel_is_archived",
        "channel_not_found",
        "invalid_blocks",
        "invalid_payload",
        "invalid_token",
        "msg_blocks_too_long",
        "no_active_hooks",
        "no_service",
        "no_service_id",
        "no_team",
        "no_text",
        "posting_to_general_channel_denied",
        "team_disabled",
        "too_many_attachments",
        "user_not_found",
    }
)
"""What Slack says when trying again is of no use. Any other answer may come from something between
us and Slack, and is tried again."""

# urllib3 quotes the URL in its warnings.
logging.getLogger("urllib3").setLevel(logging.CRITICAL)


class SecretReader(Protocol):
    """Reads a secret by the name that config gives it."""

    def read(self, name: str, *, fresh: bool = False) -> str:
        """The secret's text, or `TryAgain`; `fresh` passes over what is kept in memory."""


class SlackWebhook:
    """Posts alerts to webhooks on Slack's own hosts, and on a destination's test host."""

    def __init__(self, secrets: SecretReader) -> None:
        self._secrets = secrets
        self._session = requests.Session()

    def send(self, alert: Alert, destination: Destination) -> None:
        """See `Sender.send`."""
        if destination.secret is None:
            raise Undeliverable(f"destination {destination.name} names no webhook")
        url = self._secrets.read(destination.secret)
        if not _is_webhook(url, destination.test_host):
            raise TryAgain(
                f"the value of {destination.secret} is not an https webhook of Slack: set it again"
            )
        try:
            self._post(url, alert)
        except Undeliverable:
            if self._secrets.read(destination.secret, fresh=True) != url:
                raise TryAgain("the webhook was changed in the meantime") from None
            raise

    def _post(self, url: str, alert: Alert) -> None:
        try:
            # A redirect could carry the alert to another host.
            answer = self._session.post(
                url, json=render_slack(alert), timeout=TIMEOUTS, allow_redirects=False
            )
        except requests.RequestException as error:
            # The error's text quotes the URL.
            raise TryAgain(f"Slack can not be reached: {type(error).__name__}") from None
        _check(answer)


def _is_webhook(url: str, test_host: str | None) -> bool:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    if test_host is not None and host == test_host:
        return parts.scheme in ("http", "https")
    return parts.scheme == "https" and host in SLACK_HOSTS and port in (None, 443) and not parts.username


def _check(answer: requests.Response) -> None:
    if answer.status_code == requests.codes.ok:
        return
    code = answer.text.strip()
    if code in _PERMANENT:
        raise Undeliverable(f"Slack answered {answer.status_code} {code}")
    raise TryAgain(f"Slack answered {answer.status_code}", after=_retry_after(answer))


def _retry_after(answer: requests.Response) -> timedelta:
    try:
        return timedelta(seconds=int(answer.headers["Retry-After"]))
    except (KeyError, ValueError, OverflowError):
        return timedelta(0)
