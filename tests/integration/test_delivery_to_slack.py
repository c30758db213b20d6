"""Deliveries to a Slack that misbehaves, over real connections: none is lost, none stuck, none sent twice but
where the connection broke after Slack had taken the message.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from typing import Literal

import pytest

from handlers.adapters.memory_claims import MemoryClaims
from handlers.adapters.slack_webhook import SlackWebhook
from handlers.core.alerts import Alert, Delivery, write_delivery
from handlers.core.destinations import Destination
from handlers.pipeline import Run, TryAgain
from handlers.pipeline.delivery import handle_messages
from handlers.pipeline.messages import QueueMessage
from local.slack import Answer, LocalSlack
from tests.support.alerts import make_alert
from tests.support.secrets import OneSecret

NOW = datetime(2026, 11, 22, 9, 31, tzinfo=UTC)
SECOPS = Destination(name="secops", kind="slack", secret="ssm:/secops", test_host="127.0.0.1")
ALERTS = 25
BATCH = 10
LEASE = timedelta(seconds=90)


def make_alerts(count: int) -> list[Alert]:
    """Alerts of different actors, so that each has a short id of its own."""
    return [
        make_alert(eventID=str(n), userIdentity={"type": "IAMUser", "userName": f"u{n}", "arn": f"u{n}"})
        for n in range(count)
    ]


@dataclass
class Queue:
    """A queue that hands out up to ten messages that are due, and whose clock is moved on."""

    waiting: list[tuple[datetime, int, str]] = field(default_factory=list)
    receives: Counter[int] = field(default_factory=Counter)
    dead: list[tuple[str, str]] = field(default_factory=list)
    now: datetime = NOW
    bodies: dict[int, str] = field(default_factory=dict)

    def put(self, alerts: list[Alert]) -> None:
        for number, alert in enumerate(alerts):
            self.bodies[number] = write_delivery(Delivery(alert, "secops"))
            heappush(self.waiting, (NOW, number, self.bodies[number]))

    def take(self) -> list[QueueMessage]:
        batch: list[QueueMessage] = []
        self.now = max(self.now, self.waiting[0][0])
        while self.waiting and len(batch) < BATCH and self.waiting[0][0] <= self.now:
            _, number, body = heappop(self.waiting)
            self.receives[number] += 1
            batch.append(QueueMessage(str(number), str(number), body, self.receives[number], NOW))
        return batch

    def wait(self, receipt_handle: str, delay: timedelta) -> None:
        number = int(receipt_handle)
        heappush(self.waiting, (self.now + delay, number, self.bodies[number]))

    def give_up(self, body: str, reason: str) -> None:
        self.dead.append((body, reason))


@dataclass(frozen=True)
class Result:
    """How often each alert arrived, and what is in the dead letters."""

    arrived: Counter[str]
    dead: list[str]
    took: timedelta
    runs: int


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    with LocalSlack() as running:
        yield running


def deliver_all(slack: LocalSlack, alerts: list[Alert], url: str | None = None, *, runs: int = 300) -> Result:
    queue, claims = Queue(), MemoryClaims()
    queue.put(alerts)
    webhook = SlackWebhook(OneSecret(url or slack.webhook_url), deadline=0.4)
    run = 0
    while queue.waiting and run < runs:
        run += 1
        handle_messages(
            queue.take(),
            destinations={"secops": SECOPS},
            senders={"slack": webhook},
            claims=claims,
            retries=queue,
            run=Run(owner=f"run-{run}", now=queue.now, lease=LEASE),
        )
    said = "\n".join(message.readable() for message in slack.messages)
    found = Counter(re.findall(r"alert ([0-9a-f]{8})", said))
    reasons = [reason for _, reason in queue.dead]
    return Result(found, reasons, queue.now - NOW, run)


BROKEN = {
    "429 with Retry-After": Answer(429, "rate_limited", {"Retry-After": "30"}),
    "429 without": Answer(429, "rate_limited"),
    "500": Answer(500),
    "503": Answer(503, "<html>Service Unavailable</html>"),
    "hang": Answer(503, breaks="hang"),
    "reset before it is taken": Answer(503, breaks="reset"),
    "slow drip": Answer(503, breaks="drip"),
    "reset in the body": Answer(429, "rate_limited", {"Retry-After": "30"}, breaks="reset-body"),
    "slow drip of the body": Answer(503, breaks="drip-body"),
    "redirect": Answer(302, "", {"Location": "http://127.0.0.1:9/"}),
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=list(BROKEN))
def test_whatever_slack_does_for_a_while_each_alert_arrives_once(slack: LocalSlack, answer: Answer) -> None:
    alerts = make_alerts(ALERTS)
    slack.answer_next(*[answer] * 4)
    result = deliver_all(slack, alerts)
    assert Counter(each.short_id for each in alerts) == result.arrived
    assert ([], 4) == (result.dead, len(slack.refused))
    assert result.took >= timedelta(seconds=30 if "Retry-After" in answer.headers else 1)


def test_only_what_was_taken_before_the_connection_broke_arrives_twice(slack: LocalSlack) -> None:
    alerts = make_alerts(ALERTS)
    slack.answer_next(Answer(200, "ok", breaks="reset"), Answer(200, "ok", breaks="drip"))
    result = deliver_all(slack, alerts)
    # Two digests of ten broke.
    assert Counter({1: 5, 2: 20}) == Counter(result.arrived.values())
    assert {each.short_id for each in alerts} == set(result.arrived)
    assert [] == result.dead


@pytest.mark.parametrize("breaks", ["reset-body", "drip-body"])
def test_what_slack_says_it_took_is_sent_once_though_the_rest_of_its_answer_never_comes(
    slack: LocalSlack, breaks: Literal["reset-body", "drip-body"]
) -> None:
    alerts = make_alerts(ALERTS)
    slack.answer_next(*[Answer(200, "ok", breaks=breaks)] * 3)
    result = deliver_all(slack, alerts)
    assert Counter(each.short_id for each in alerts) == result.arrived
    assert ([], 3) == (result.dead, result.runs)


PERMANENT = [
    (400, "invalid_token"),
    (403, "action_prohibited"),
    (403, "posting_to_general_channel_denied"),
    (404, "no_service"),
    (404, "no_active_hooks"),
    (404, "no_team"),
    (404, "channel_not_found"),
    (410, "channel_is_archived"),
    (403, "team_disabled"),
]


@pytest.mark.parametrize(("status", "code"), PERMANENT, ids=[code for _, code in PERMANENT])
def test_what_slack_refuses_for_good_is_in_the_dead_letters_with_the_reason_each_on_its_own(
    slack: LocalSlack, status: int, code: str
) -> None:
    alerts = make_alerts(ALERTS)
    slack.answer_next(Answer(status, code))
    result = deliver_all(slack, alerts)
    # The first digest of ten; what comes later is sent.
    assert [f"Slack answered {status} {code}"] * 10 == result.dead
    assert (15, {1}) == (len(result.arrived), set(result.arrived.values()))


@pytest.mark.parametrize("code", ["invalid_blocks", "invalid_payload", "msg_blocks_too_long"])
def test_a_digest_that_slack_can_not_take_is_sent_one_by_one(slack: LocalSlack, code: str) -> None:
    alerts = make_alerts(10)
    slack.answer_next(Answer(400, code))
    result = deliver_all(slack, alerts)
    assert (Counter(each.short_id for each in alerts), []) == (result.arrived, result.dead)
    assert 10 == len(slack.messages)


def test_after_a_refused_digest_singles_make_way_however_little_slack_takes(slack: LocalSlack) -> None:
    alerts = make_alerts(10)
    slack.answer_next(Answer(400, "invalid_blocks"), Answer(429, "rate_limited"))
    result = deliver_all(slack, alerts)
    assert (Counter(each.short_id for each in alerts), []) == (result.arrived, result.dead)
    # The second run tried no digest: it would be refused again, and the first single meet 429 again.
    assert [1] * 10 == [len(each.told) for each in slack.messages]


@pytest.mark.parametrize("count", [2, 3, 10, 25])
@pytest.mark.parametrize(
    "answer", [Answer(500, "rollup_error"), Answer(413), Answer(400, "invalid_attachments")]
)
def test_what_slack_never_takes_holds_no_other_alert_back(
    slack: LocalSlack, answer: Answer, count: int
) -> None:
    alerts = make_alerts(count)
    poison = alerts[0]
    slack.answer_always(answer, about=poison.short_id)
    result = deliver_all(slack, alerts, runs=40)
    assert Counter(each.short_id for each in alerts[1:]) == result.arrived
    assert [] == result.dead
    slack.answer_always(None)


@pytest.mark.parametrize("count", [3, 10])
def test_two_of_them_side_by_side_hold_no_other_alert_back(slack: LocalSlack, count: int) -> None:
    alerts = make_alerts(count)
    slack.answer_always(Answer(500), about=alerts[0].short_id)
    slack.answer_next(*[Answer(500)] * 30, about=alerts[1].short_id)
    result = deliver_all(slack, alerts, runs=20)
    assert {each.short_id for each in alerts[2:]} == set(result.arrived)
    assert {1} == set(result.arrived.values())


def test_a_slack_that_is_down_is_left_alone_after_a_few_posts(slack: LocalSlack) -> None:
    slack.answer_always(Answer(503))
    webhook = SlackWebhook(OneSecret(slack.webhook_url))
    outcomes = webhook.send(make_alerts(10), SECOPS)
    assert ["Slack answered 503"] * 10 == [str(each) for each in outcomes]
    # The digest, and three of its alerts.
    assert 4 == len(slack.refused)


def test_what_was_sent_is_not_sent_again_where_looking_at_the_secret_fails_for_the_next(
    slack: LocalSlack,
) -> None:
    class Broken(OneSecret):
        def read(self, name: str, *, fresh: bool = False) -> str:
            if fresh:
                raise RuntimeError("no such answer")
            return super().read(name)

    alerts = make_alerts(3)
    slack.answer_next(Answer(404, "no_service"), about=alerts[1].short_id)
    outcomes = SlackWebhook(Broken(slack.webhook_url)).send(alerts, SECOPS)
    assert [None, "no such answer", None] == [each and str(each) for each in outcomes]
    assert 2 == len(slack.messages)


def test_a_run_begins_no_post_that_it_may_not_end_and_what_is_left_is_tried_again(slack: LocalSlack) -> None:
    slack.answer_next(Answer(400, "invalid_blocks"))
    seconds = iter(range(0, 1000, 15))
    webhook = SlackWebhook(OneSecret(slack.webhook_url), clock=lambda: float(next(seconds)))
    outcomes = webhook.send(make_alerts(10), SECOPS)
    # The digest began after 15 seconds, an alert after 30; at 45 it is too late.
    assert 1 == outcomes.count(None)
    assert {"the run has no time left for it"} == {str(each) for each in outcomes if each}
    assert 1 == len(slack.messages)


def test_what_is_left_of_a_batch_takes_one_turn_together(slack: LocalSlack) -> None:
    webhook = SlackWebhook(OneSecret(slack.webhook_url), clock=lambda: 100.0, chance=lambda: 0.5)
    slack.answer_always(Answer(429, "rate_limited"))
    for turn in (1.6, 2.8):
        waits = [each.after for each in webhook.send(make_alerts(3), SECOPS) if isinstance(each, TryAgain)]
        assert [timedelta(seconds=turn)] * 3 == [
            timedelta(seconds=round(each.total_seconds(), 3)) for each in waits
        ]


def test_an_error_that_nobody_thought_of_prints_no_webhook(
    slack: LocalSlack, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(url: str, **_: object) -> None:
        raise RuntimeError(url)

    monkeypatch.setattr("requests.post", fail)
    (wrong,) = SlackWebhook(OneSecret(slack.webhook_url)).send(make_alerts(1), SECOPS)
    assert "Slack can not be reached: RuntimeError" == str(wrong)
    assert ("", "") == capfd.readouterr()


def test_a_webhook_that_speaks_no_tls_is_tried_again_and_takes_nothing(slack: LocalSlack) -> None:
    url = slack.webhook_url.replace("http://", "https://")
    result = deliver_all(slack, make_alerts(3), url, runs=5)
    assert (Counter(), [], []) == (result.arrived, result.dead, slack.messages)


def test_up_to_three_are_messages_of_their_own_and_from_four_on_they_are_one(slack: LocalSlack) -> None:
    deliver_all(slack, make_alerts(3))
    assert 3 == len(slack.messages)
    deliver_all(slack, make_alerts(4))
    assert 4 == len(slack.messages)


def test_batches_that_slack_would_not_take_have_turns_of_their_own(slack: LocalSlack) -> None:
    webhook = SlackWebhook(OneSecret(slack.webhook_url), clock=lambda: 100.0, chance=lambda: 0.5)
    slack.answer_always(Answer(429, "rate_limited", {"Retry-After": "1"}))
    turns = []
    for _ in range(4):
        batch = webhook.send(make_alerts(5), SECOPS)
        (after,) = {each.after.total_seconds() for each in batch if isinstance(each, TryAgain)}
        turns.append(round(after, 3))
    assert [1.6, 2.8, 4.0, 5.2] == turns


def test_a_wait_that_slack_asks_for_is_kept_whatever_the_turn(slack: LocalSlack) -> None:
    slack.answer_next(Answer(429, "rate_limited", {"Retry-After": "300"}))
    (wrong, *_) = SlackWebhook(OneSecret(slack.webhook_url)).send(make_alerts(5), SECOPS)
    assert isinstance(wrong, TryAgain)
    assert timedelta(seconds=300) == wrong.after


def test_a_connection_that_slack_closed_between_two_runs_costs_no_retry(slack: LocalSlack) -> None:
    webhook = SlackWebhook(OneSecret(slack.webhook_url))
    for alert in make_alerts(3):
        slack.drop_connections()
        assert [None] == webhook.send([alert], SECOPS)
