"""Slack incoming webhooks.

What Slack answers, and what it means:
https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors.
The webhook's URL is a secret: it is in no log, no message and no exception of ours.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from threading import Thread
from typing import Protocol

import requests

from handlers.core.alerts import Alert
from handlers.core.destinations import Destination, is_webhook
from handlers.core.renderings.digest import Post, plan_posts
from handlers.core.renderings.slack import render_slack
from handlers.pipeline import PipelineError, TryAgain, Undeliverable

TIMEOUTS = (3.05, 10)
"""Seconds to connect, and between two reads."""

DEADLINE = 20.0
"""Seconds for one post."""

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

_A_MESSAGE = 1.0
"""Seconds that Slack wants between two messages of a webhook:
https://docs.slack.dev/apis/web-api/rate-limits"""
_BETWEEN_TURNS = 1.2
"""Seconds between two turns of one function, of which two post to a webhook."""

_OF_A_MESSAGE = frozenset(
    {"invalid_blocks", "invalid_payload", "msg_blocks_too_long", "no_text", "too_many_attachments"}
)
"""Those that a single message causes."""

_LAST_START = 40.0
"""Seconds after which a run begins no other post: that one may take `DEADLINE`, and the function has 75."""
_WITHOUT_DIGESTS = 60.0
"""Seconds in which a destination gets no digest after it did not take one."""
_IN_A_ROW = 3
"""So many messages that Slack does not take, one after another, are no fault of theirs."""
_LONGEST_WORD = 200
"""Bytes of an answer that are read; the longest of Slack's words has 33."""

# urllib3 quotes the URL in its warnings.
logging.getLogger("urllib3").setLevel(logging.CRITICAL)


class SecretReader(Protocol):
    """Reads a secret by the name that config gives it."""

    def read(self, name: str, *, fresh: bool = False) -> str:
        """The secret's text, or `TryAgain`; `fresh` passes over what is kept in memory."""


class SlackWebhook:
    """Posts alerts to webhooks on Slack's own hosts, and on a destination's test host."""

    def __init__(
        self,
        secrets: SecretReader,
        *,
        deadline: float = DEADLINE,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._secrets = secrets
        self._deadline = deadline
        self._clock = clock
        self._chance = chance
        self._turns: dict[str, float] = {}
        """When the next turn of each destination is, by the clock."""
        self._digests_from: dict[str, float] = {}
        """Until when each destination gets no digest, by the clock."""

    def send(self, alerts: Sequence[Alert], destination: Destination) -> Sequence[Exception | None]:
        """See `Sender.send`: up to three alerts one by one, more in a digest."""
        url, name = self._find_url(destination), destination.name
        outcomes: dict[int, Exception | None] = {}
        begun = self._clock()
        pending = plan_posts(alerts, digests=begun >= self._digests_from.get(name, begun))
        failures = 0
        while pending:
            post = pending.pop(0)
            in_time = self._clock() <= begun + _LAST_START
            wrong = self._try(url, post.payload) if in_time else TryAgain("the run has no time left for it")
            if _may_be_of_message(wrong) and len(post.alerts) > 1:
                # Perhaps because of one of them alone. Tried again with each run, it would take Slack's time.
                self._digests_from[name] = begun + _WITHOUT_DIGESTS
                singles = list(_singles(alerts, post, outcomes))
                # Begun anywhere: those at the beginning may be the ones that Slack does not take.
                first = int(self._chance() * len(singles))
                pending = [*singles[first:], *singles[:first], *pending]
                continue
            why = self._look_again(wrong, url, destination)
            outcomes.update(dict.fromkeys(post.alerts, why))
            failures = failures + 1 if isinstance(why, TryAgain) else 0
            if isinstance(why, TryAgain) and (failures == _IN_A_ROW or not _may_be_of_message(why)):
                if why.crowded:
                    why.after = max(why.after, self._take_turn(name))
                # What follows would meet the same.
                outcomes.update(dict.fromkeys((each for left in pending for each in left.alerts), why))
                break
        return [outcomes[number] for number in range(len(alerts))]

    def _take_turn(self, name: str) -> timedelta:
        """How long a batch waits that Slack would not take now. Each has a turn of its own: batches that all
        came back soon would meet each other again and again.

        The other run that posts to the webhook has turns of its own, so two batches may still meet; the one
        that is refused takes another turn. A thousand alerts are through after about two minutes.
        """
        now = self._clock()
        turn = self._turns.get(name, 0.0)
        if turn < now + _A_MESSAGE:
            turn = now + _A_MESSAGE + self._chance() * _BETWEEN_TURNS
        self._turns[name] = turn + _BETWEEN_TURNS
        return timedelta(seconds=turn - now)

    def _find_url(self, destination: Destination) -> str:
        if destination.secret is None:
            raise Undeliverable(f"destination {destination.name} names no webhook")
        url = self._secrets.read(destination.secret)
        if not is_webhook(url, destination.test_host):
            raise TryAgain(
                f"the value of {destination.secret} is not an https webhook of Slack: set it again"
            )
        return url

    def _look_again(self, wrong: Exception | None, url: str, destination: Destination) -> Exception | None:
        """What is wrong, unless the webhook is another one by now."""
        if not isinstance(wrong, Undeliverable) or destination.secret is None:
            return wrong
        try:
            is_changed = self._secrets.read(destination.secret, fresh=True) != url
        except Exception as error:  # noqa: BLE001 - others may have been sent: of each an outcome is told
            return error
        return TryAgain("the webhook was changed in the meantime") if is_changed else wrong

    def _try(self, url: str, payload: object) -> PipelineError | None:
        """Post a message; why it was not taken. `requests` limits the wait for each piece of an answer alone,
        so the whole has a deadline of its own; the thread of a post that misses it ends by itself.
        """
        answered: list[PipelineError | None] = []
        thread = Thread(target=lambda: answered.append(_post(url, payload)), daemon=True)
        thread.start()
        thread.join(self._deadline)
        return answered[0] if answered else TryAgain(f"Slack did not answer within {self._deadline:g} s")


class _Refused(Undeliverable):
    """Slack refuses for good: this message, or whatever is sent there."""

    def __init__(self, reason: str, *, is_of_message: bool) -> None:
        super().__init__(reason)
        self.is_of_message = is_of_message


class _NotNow(TryAgain):
    """Slack answered that it does not take the message now; it may take another."""


def _may_be_of_message(wrong: Exception | None) -> bool:
    return isinstance(wrong, _NotNow) or (isinstance(wrong, _Refused) and wrong.is_of_message)


def _singles(alerts: Sequence[Alert], digest: Post, outcomes: dict[int, Exception | None]) -> Iterator[Post]:
    """The alerts of a digest as messages of their own; of one that can not be, the outcome."""
    for each in digest.alerts:
        try:
            yield Post((each,), render_slack(alerts[each]))
        except Exception as error:  # noqa: BLE001 - others may have been sent
            outcomes[each] = error


def _post(url: str, payload: object) -> PipelineError | None:
    """Post a message; why it was not taken."""
    try:
        # A redirect could carry the alert to another host. Each post has a connection of its own, for Lambda
        # freezes a function between two runs: whether a connection that broke had carried a post is unknown.
        with requests.post(url, json=payload, timeout=TIMEOUTS, allow_redirects=False, stream=True) as answer:
            if answer.status_code == requests.codes.ok:
                # It is taken, even if the rest of the answer never comes.
                return None
            said = _read(answer)
    except Exception as error:  # noqa: BLE001 - the error's text, and its traceback, quote the URL
        return TryAgain(f"Slack can not be reached: {type(error).__name__}")
    if said in _PERMANENT:
        reason = f"Slack answered {answer.status_code} {said}"
        return _Refused(reason, is_of_message=said in _OF_A_MESSAGE)
    reason, after = f"Slack answered {answer.status_code}", _retry_after(answer)
    if answer.status_code == requests.codes.too_many_requests:
        return TryAgain(reason, after=after, crowded=True)
    return _NotNow(reason, after=after)


def _read(answer: requests.Response) -> str:
    """What it says, as far as that is one of Slack's words."""
    try:
        return next(answer.iter_content(_LONGEST_WORD), b"").decode(errors="replace").strip()
    except requests.RequestException:
        return ""


def _retry_after(answer: requests.Response) -> timedelta:
    try:
        return timedelta(seconds=int(answer.headers["Retry-After"]))
    except (KeyError, ValueError, OverflowError):
        return timedelta(0)
