"""The Slack adapter against a real HTTP server that answers as Slack does."""

import logging
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from handlers.adapters.slack_webhook import SlackWebhook
from handlers.core.destinations import Destination
from handlers.core.renderings.slack import render_slack
from handlers.pipeline import TryAgain, Undeliverable
from local.slack import Answer, LocalSlack
from tests.support.alerts import make_alert
from tests.support.secrets import OneSecret

SECRET = "ssm:/thingwatch/slack/secops"
SECOPS = Destination(name="secops", kind="slack", secret=SECRET, test_host="127.0.0.1")


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    with LocalSlack() as running:
        yield running


def _send(url: str, destination: Destination = SECOPS) -> None:
    _send_with(OneSecret(url), destination)


def _send_with(secrets: OneSecret, destination: Destination = SECOPS) -> None:
    (wrong,) = SlackWebhook(secrets).send([make_alert()], destination)
    if wrong is not None:
        raise wrong


def test_an_alert_is_posted_as_its_slack_rendering(slack: LocalSlack) -> None:
    _send(slack.webhook_url)
    assert [render_slack(make_alert())] == [message.payload for message in slack.messages]


def test_429_is_tried_again_after_as_long_as_slack_asks(slack: LocalSlack) -> None:
    slack.answer_next(Answer(429, "rate_limited", {"Retry-After": "30"}))
    with pytest.raises(TryAgain, match=r"^Slack answered 429$") as caught:
        _send(slack.webhook_url)
    assert timedelta(seconds=30) == caught.value.after


@pytest.mark.parametrize("retry_after", ["soon", "", "9" * 30])
def test_429_with_an_unreadable_wait_is_tried_again_at_our_own_pace(
    slack: LocalSlack, retry_after: str
) -> None:
    slack.answer_next(Answer(429, "", {"Retry-After": retry_after}))
    with pytest.raises(TryAgain) as caught:
        _send(slack.webhook_url)
    assert timedelta(seconds=1) <= caught.value.after < timedelta(seconds=3)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_a_fault_of_slack_is_tried_again(slack: LocalSlack, status: int) -> None:
    slack.answer_next(Answer(status))
    with pytest.raises(TryAgain, match=f"^Slack answered {status}$"):
        _send(slack.webhook_url)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "invalid_payload"),
        (400, "no_text"),
        (403, "action_prohibited"),
        (403, "invalid_token"),
        (404, "no_service"),
        (404, "no_active_hooks"),
        (410, "channel_is_archived"),
    ],
)
def test_a_permanent_answer_is_given_up_with_slacks_reason(slack: LocalSlack, status: int, code: str) -> None:
    slack.answer_next(Answer(status, code))
    with pytest.raises(Undeliverable, match=f"^Slack answered {status} {code}$"):
        _send(slack.webhook_url)


def test_a_webhook_that_was_replaced_in_the_meantime_is_not_given_up_with_the_old_one(
    slack: LocalSlack,
) -> None:
    slack.answer_next(Answer(404, "no_service"))
    secrets = OneSecret(slack.webhook_url, set_since="https://hooks.slack.com/services/new")
    with pytest.raises(TryAgain, match=r"^the webhook was changed in the meantime$"):
        _send_with(secrets)


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_page_instead_of_slacks_code_is_not_slacks_word_and_is_not_quoted(
    slack: LocalSlack, status: int
) -> None:
    slack.answer_next(Answer(status, "<html>who knows what</html>"))
    with pytest.raises(TryAgain, match=f"^Slack answered {status}$"):
        _send(slack.webhook_url)


def test_a_redirect_is_not_followed(slack: LocalSlack) -> None:
    slack.answer_next(Answer(302, "", {"Location": slack.webhook_url}))
    with pytest.raises(TryAgain, match=r"^Slack answered 302$"):
        _send(slack.webhook_url)
    assert [] == slack.messages


def test_a_broken_answer_puts_the_webhook_into_no_log(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:

        def answer_badly() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 500 Oops\r\nno header at all\r\nContent-Length: 0\r\n\r\n")

        answered = pool.submit(answer_badly)
        with caplog.at_level(logging.DEBUG), pytest.raises(TryAgain):
            _send(f"http://127.0.0.1:{server.getsockname()[1]}/services/T0/B0/hidden")
        answered.result()
    assert "hidden" not in caplog.text


def test_a_server_that_is_not_there_is_tried_again_and_its_address_is_not_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(TryAgain, match=r"^Slack can not be reached: ConnectionError$") as caught:
            _send(f"http://127.0.0.1:{port}/services/T0/B0/secret")
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.slack.com/services/T0/B0/x",
        "https://hooks.slack.com.evil.example/services/T0/B0/x",
        "https://evil.example/hooks.slack.com",
        "https://hooks.slack.com@evil.example/services",
        "https://user@hooks.slack.com/services",
        "https://hooks.slack.com:8443/services",
        "https://[hooks.slack.com",
        "http://127.0.0.1:1/services/T0/B0/x",
        "changeme",
        "",
    ],
)
def test_a_value_that_is_no_webhook_of_slack_waits_to_be_set_again_and_is_not_told(url: str) -> None:
    with pytest.raises(
        TryAgain, match=r"^the value of ssm:/thingwatch/slack/secops is not an https webhook"
    ) as caught:
        _send(url, replace(SECOPS, test_host=None))
    assert not url or url not in str(caught.value)
