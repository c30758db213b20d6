"""The stand-in for Slack: whose post gets which answer."""

import json
import socket
import struct
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from local.slack import Answer, LocalSlack
from local.waiting import wait_until

LAMP, DOOR = b'{"text": "lamp"}', b'{"text": "door"}'


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    with LocalSlack() as running:
        yield running


def _statuses(slack: LocalSlack, *bodies: bytes) -> list[int]:
    return [slack.take("/services/T/B/x", body).status for body in bodies]


def test_an_answer_about_one_thing_is_not_given_to_a_post_about_another(slack: LocalSlack) -> None:
    slack.answer_next(Answer(429), Answer(404, "no_service"), about="lamp")
    assert [200, 429, 200, 404, 200] == _statuses(slack, DOOR, LAMP, DOOR, LAMP, LAMP)
    assert ["door", "door", "lamp"] == [message.text for message in slack.messages]
    assert [LAMP.decode()] * 2 == [refusal.body for refusal in slack.refused]


def test_an_answer_about_nothing_is_given_to_the_next_post_whatever_it_says(slack: LocalSlack) -> None:
    slack.answer_next(Answer(500))
    assert [500, 200] == _statuses(slack, DOOR, LAMP)


def test_a_refusal_knows_when_it_was_given(slack: LocalSlack) -> None:
    slack.answer_always(Answer(500))
    _statuses(slack, LAMP)
    slack.answer_always(None)
    _statuses(slack, LAMP)
    assert timedelta(0) <= slack.messages[0].received - slack.refused[0].received


def test_a_message_is_read_without_its_markup_but_with_every_letter_of_its_code(slack: LocalSlack) -> None:
    said = "*Newly* allowed: `iot:* on every resource` <https://example.com|link> &amp; <!date^1^{date}|now>"
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "5 * 2 < 11"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": said}},
    ]
    slack.take("/services/T/B/x", json.dumps({"text": "x", "blocks": blocks}).encode())
    (message,) = slack.messages
    assert "5 * 2 < 11\nNewly allowed: iot:* on every resource link & now" == message.readable()


def test_a_client_that_leaves_before_the_end_of_the_answer_is_no_error(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with LocalSlack() as slack:
        for _ in range(20):
            with socket.create_connection(urlsplit(slack.webhook_url).netloc.split(":")) as connection:  # type: ignore[arg-type]
                body = b'{"text": "x"}'
                head = f"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                connection.sendall(head + body)
                connection.recv(1)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wait_until(lambda: len(slack.messages) == 20)
    assert ("", "") == capfd.readouterr()
