"""Slack incoming webhooks.

What Slack answers, and what it means:
https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors.
The webhook's URL is a secret: it is in no log, no message and no exception of ours.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Protocol
from urllib.parse import urlsplit

import requests

from handlers.core.alerts import Alert
from handlers.core.renderings.slack import render_slack
from handlers.core.ruleset import Destination
from handlers.pipeline import TryAgain, Undeliverable

SLACK_HOSTS = frozenset({"hooks.slack.com", "hooks.slack-gov.com"})

_TIMEOUTS = (3.05, 10)
"""Seconds to connect, and between two reads."""

_SLACK_CODE = re.compile(r"[a-z_]{1,64}")


class SecretReader(Protocol):
    """Reads a secret by the name that config gives it."""

    def read(self, name: str) -> str:
        """The secret's text, or `TryAgain`."""


class SlackWebhook:
    """Posts alerts to webhooks on Slack's own hosts, and on `test_host` when config sets one."""

    def __init__(self, secrets: SecretReader, *, test_host: str | None = None) -> None:
        self._secrets = secrets
        self._test_host = test_host
        self._session = requests.Session()

    def send(self, alert: Alert, destination: Destination) -> None:
        """See `Sender.send`."""
        if destination.secret is None:
            raise Undeliverable(f"destination {destination.name} names no webhook")
        url = self._secrets.read(destination.secret)
        if not self._is_webhook(url):
            raise TryAgain(
                f"the value of {destination.secret} is not an https webhook of Slack: set it again"
            )
        try:
            # A redirect could carry the alert to another host.
            answer = self._session.post(
                url, json=render_slack(alert), timeout=_TIMEOUTS, allow_redirects=False
            )
        except requests.RequestException as error:
            # The error's text quotes the URL.
            raise TryAgain(f"Slack can not be reached: {type(error).__name__}") from None
        _check(answer)

    def _is_webhook(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            return False
        if self._test_host is not None and host == self._test_host:
            return parts.scheme in ("http", "https")
        return parts.scheme == "https" and host in SLACK_HOSTS and port in (None, 443) and not parts.username


def _check(answer: requests.Response) -> None:
    if answer.status_code == requests.codes.ok:
        return
    said = f"Slack answered {answer.status_code}"
    if answer.status_code == requests.codes.too_many_requests:
        raise TryAgain(said, after=_retry_after(answer))
    if (
        answer.status_code >= requests.codes.server_error
        or answer.status_code == requests.codes.request_timeout
    ):
        raise TryAgain(said)
    code = answer.text.strip()
    raise Undeliverable(f"{said} {code}" if _SLACK_CODE.fullmatch(code) else said)


def _retry_after(answer: requests.Response) -> timedelta | None:
    try:
        return timedelta(seconds=int(answer.headers["Retry-After"]))
    except (KeyError, ValueError, OverflowError):
        return None
