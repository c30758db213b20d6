"""A stand-in for Slack's incoming webhooks, on loopback.

It imitates what https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks says:
a JSON body with `text` or `blocks` is answered 200 "ok", anything else 400 with Slack's code, and
block limits are enforced. It can be told to answer otherwise for a while, to break the connection,
and to take so many messages a second. It shows what it took as a page, and knows no workspace: every path is
a webhook.
"""

from __future__ import annotations

import html
import json
import re
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self

from handlers.core.renderings.page import render_message, render_page
from handlers.core.renderings.slack import SIGNS

_MARKUP = re.compile(r"<[^<>|]*\|(?P<label>[^<>]*)>|`(?P<code>[^`\n]*)`|\*")
_LIMITS = {"header": 150, "section": 3000}
_MOST_BLOCKS = 50
_MOST_FIELDS = 10
_FIELD_LIMIT = 2000
_HANGS_SECONDS = 60
"""Longer than anybody waits."""


_SEVERITIES = {f"{sign} ": severity.value for severity, sign in SIGNS.items()}


class Told(NamedTuple):
    """An alert as a message tells it."""

    severity: str
    name: str
    """The operation, or the rule."""
    headline: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message that the webhook took."""

    path: str
    payload: Mapping[str, Any]
    received: datetime

    @property
    def text(self) -> str:
        """The notification text: the alert's title."""
        return str(self.payload.get("text", ""))

    @property
    def told(self) -> list[Told]:
        """The alerts that it tells: one, or those of a digest."""
        lines, found = self.readable().splitlines(), []
        for line, below in pairwise(lines):
            if line[:2] in _SEVERITIES:
                # In a digest the sign alone says how bad it is.
                names = [each for each in below.split(" · ") if each.lower() not in _SEVERITIES.values()]
                found.append(Told(_SEVERITIES[line[:2]], names[0], line[2:]))
        return found

    def readable(self) -> str:
        """All of it, about as a person reads it: links by their label, the time in UTC, no markup."""
        return "\n".join(text for block in self.payload["blocks"] for text in _texts(block))


@dataclass(frozen=True, slots=True)
class Answer:
    """What the webhook answers instead of accepting."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    breaks: Literal["hang", "reset", "drip", "reset-body", "drip-body"] | None = None
    """How the connection goes wrong: no answer at all, a reset in the middle of it, or a byte now and then;
    in the head, before its status is known for sure, or in the body. With status 200 the message was taken
    before.
    """


@dataclass(frozen=True, slots=True)
class Refusal:
    """One post that the webhook did not accept, and what it answered."""

    body: str
    answer: Answer
    received: datetime


def _texts(block: Mapping[str, Any]) -> Iterator[str]:
    for entry in (block.get("text"), *block.get("elements", [])):
        if entry:
            yield _without_markup(entry)
    for entry in block.get("fields", []):
        name, _, value = _without_markup(entry).partition("\n")
        yield f"{name}: {value}".replace("\n", ", ")


def _without_markup(entry: Mapping[str, Any]) -> str:
    text: str = entry["text"]
    if entry["type"] != "mrkdwn":
        return text
    return html.unescape(_MARKUP.sub(r"\g<label>\g<code>", text))


class LocalSlack:
    """A running stand-in: `with LocalSlack() as slack: …`."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.refused: list[Refusal] = []
        self._answers: list[tuple[str, Answer]] = []
        self._always: tuple[str, Answer] | None = None
        self._most_a_second: float | None = None
        self._free_from = 0.0
        self._stopped = threading.Event()
        self._connections: list[socket.socket] = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"slack": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def webhook_url(self) -> str:
        """A webhook of this Slack."""
        return f"{self.inbox_url}services/T000/B000/local-secret"

    @property
    def inbox_url(self) -> str:
        """The page of all messages, which renews itself."""
        return f"http://127.0.0.1:{self._server.server_port}/"

    def draw(self) -> list[str]:
        """The messages as HTML elements, the newest first."""
        return [render_message(each.payload, each.received) for each in reversed(self.messages)]

    def answer_next(self, *answers: Answer, about: str = "") -> None:
        """Give these answers, in order, to the next posts whose body holds `about`, and accept none of those
        meanwhile. What else arrives is answered as ever.
        """
        with self._lock:
            self._answers.extend((about, answer) for answer in answers)

    def answer_always(self, answer: Answer | None, *, about: str = "") -> None:
        """Give this answer to every post whose body holds `about`, until told None."""
        with self._lock:
            self._always = None if answer is None else (about, answer)

    def limit(self, most_a_second: float | None) -> None:
        """Answer 429 to what comes sooner after a message than this rate lets, until told None."""
        with self._lock:
            self._most_a_second = most_a_second
            self._free_from = 0.0

    def take(self, path: str, body: bytes) -> Answer:
        """What a post to `path` is answered; an accepted message is kept."""
        with self._lock:
            text = body.decode(errors="replace")
            answer = self._take_answer(text) or self._constant(text) or self._too_soon() or _judge(body)
            if answer.status == 200:
                self.messages.append(Message(path, json.loads(body), datetime.now(UTC)))
            else:
                self.refused.append(Refusal(body.decode(errors="replace"), answer, datetime.now(UTC)))
            return answer

    def _constant(self, text: str) -> Answer | None:
        return self._always[1] if self._always is not None and self._always[0] in text else None

    def _too_soon(self) -> Answer | None:
        if self._most_a_second is None:
            return None
        now = time.monotonic()
        if now < self._free_from:
            return Answer(429, "rate_limited", {"Retry-After": "1"})
        self._free_from = now + 1 / self._most_a_second
        return None

    def drop_connections(self) -> None:
        """Close every connection that waits for another post."""
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._connections.clear()

    def keep(self, connection: socket.socket) -> None:
        """Remember a connection that was opened."""
        with self._lock:
            self._connections.append(connection)

    def wait_for_end(self, seconds: float) -> bool:
        """Whether this Slack is stopped within so many seconds."""
        return self._stopped.wait(seconds)

    def _take_answer(self, text: str) -> Answer | None:
        for number, (about, answer) in enumerate(self._answers):
            if about in text:
                del self._answers[number]
                return answer
        return None


def _judge(body: bytes) -> Answer:
    try:
        payload = json.loads(body)
    except ValueError:
        return Answer(400, "invalid_payload")
    if not isinstance(payload, dict):
        return Answer(400, "invalid_payload")
    blocks = payload.get("blocks", [])
    if not payload.get("text") and not blocks:
        return Answer(400, "no_text")
    if len(blocks) > _MOST_BLOCKS or not all(map(_is_valid, blocks)):
        return Answer(400, "invalid_blocks")
    return Answer(200, "ok")


def _is_valid(block: Mapping[str, Any]) -> bool:
    fields = block.get("fields", [])
    text = block.get("text", {}).get("text", "")
    if block["type"] in _LIMITS and not fields and not 0 < len(text) <= _LIMITS[block["type"]]:
        return False
    return len(fields) <= _MOST_FIELDS and all(0 < len(entry["text"]) <= _FIELD_LIMIT for entry in fields)


# Only what is new is drawn, so that a reader's place and selection stay.
_RENEW = """
const list = document.getElementById("messages");
let shown = list.getElementsByTagName("article").length;
setInterval(async () => {
  const drawn = await (await fetch("messages")).json();
  if (drawn.length === shown) return;
  if (shown === 0) list.replaceChildren();
  for (const each of drawn.slice(0, drawn.length - shown).reverse()) {
    list.insertAdjacentHTML("afterbegin", each);
  }
  shown = drawn.length;
}, 500);
"""


class _Server(ThreadingHTTPServer):
    def handle_error(self, *request: Any) -> None:
        # A client may leave before it has read all of the answer.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(*request)


class _Handler(BaseHTTPRequestHandler):
    slack: LocalSlack

    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.slack.keep(self.connection)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = self.slack.take(self.path, body)
        if answer.breaks is not None:
            self.close_connection = True
            _break(answer, self.connection, self.slack)
            return
        data = answer.body.encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        if self.path == "/":
            self._answer("text/html", render_page(self.slack.draw(), title="Local Slack", script=_RENEW))
        elif self.path == "/messages":
            self._answer("application/json", json.dumps(self.slack.draw()))
        else:
            self.send_error(404)

    def _answer(self, kind: str, text: str) -> None:
        data = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing: the path is the secret part of a webhook."""


def _break(answer: Answer, connection: socket.socket, slack: LocalSlack) -> None:
    head = f"HTTP/1.1 {answer.status} As told\r\n".encode()
    for name, value in {**answer.headers, "Content-Length": "1000"}.items():
        head += f"{name}: {value}\r\n".encode()
    sent = head + b"\r\no" if answer.breaks in ("reset-body", "drip-body") else head[:-5]
    if answer.breaks == "hang":
        slack.wait_for_end(_HANGS_SECONDS)
        return
    with suppress(OSError):
        connection.sendall(sent)
        if answer.breaks in ("reset", "reset-body"):
            # No time to linger: the other side gets a reset, not an end.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
            return
        for _ in range(990):
            if slack.wait_for_end(0.1):
                return
            connection.sendall(b"0")
