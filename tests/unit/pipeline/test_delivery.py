"""Deliveries on honest in-memory adapters: what is claimed, sent, retried and given up."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from handlers.adapters.memory_claims import MemoryClaims
from handlers.core.alerts import Alert, Delivery, write_delivery
from handlers.core.backoff import retry_delay, spread_of
from handlers.core.destinations import Destination
from handlers.pipeline import ClaimHeld, Run, TryAgain, Undeliverable
from handlers.pipeline.delivery import Attempt, Outcome, deliver, handle_messages
from handlers.pipeline.messages import Failure, QueueMessage
from tests.support.alerts import make_alert
from tests.support.rules import make_ruleset

NOW = datetime(2026, 11, 22, 9, 31, tzinfo=UTC)
LEASE = timedelta(seconds=45)


@dataclass
class MemorySender:
    """A destination that refuses while it has `faults`."""

    sent: list[tuple[str, Alert]] = field(default_factory=list)
    faults: list[BaseException] = field(default_factory=list)
    refuses: dict[str, Exception] = field(default_factory=dict)
    """By alert."""
    stumbles_over: str | None = None
    """The id of an event."""

    def send(self, alerts: Sequence[Alert], destination: Destination) -> Sequence[Exception | None]:
        if self.faults:
            raise self.faults.pop()
        if self.stumbles_over in [each.event_id for each in alerts]:
            raise KeyError(self.stumbles_over)
        outcomes = [self.refuses.get(alert.alert_id) for alert in alerts]
        told = zip(alerts, outcomes, strict=True)
        self.sent += [(destination.name, alert) for alert, wrong in told if wrong is None]
        return outcomes


@dataclass
class MemoryRetries:
    """What the queue is told of messages; it refuses while it has `faults`."""

    waits: list[tuple[str, timedelta]] = field(default_factory=list)
    given_up: list[tuple[str, str]] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)

    def wait(self, receipt_handle: str, delay: timedelta) -> None:
        if self.faults:
            raise self.faults.pop()
        self.waits.append((receipt_handle, delay))

    def give_up(self, body: str, reason: str) -> None:
        if self.faults:
            raise self.faults.pop()
        self.given_up.append((body, reason))


BODY = write_delivery(Delivery(alert=make_alert(), destination="secops"))


@dataclass
class World:
    claims: MemoryClaims = field(default_factory=MemoryClaims)
    slack: MemorySender = field(default_factory=MemorySender)
    retries: MemoryRetries = field(default_factory=MemoryRetries)

    def deliver(self, destination: str = "secops", *, owner: str = "run-1", now: datetime = NOW) -> bool:
        (result,) = deliver(
            [Delivery(alert=make_alert(), destination=destination)],
            destinations=make_ruleset().destinations,
            senders={"slack": self.slack, "sns": MemorySender()},
            claims=self.claims,
            run=Run(owner=owner, now=now, lease=LEASE),
        )
        if isinstance(result, Exception):
            raise result
        return result is Outcome.SENT

    def handle(self, body: str = BODY, *, receives: int = 5, owner: str = "run-1") -> Attempt:
        (attempt,) = self.handle_all(QueueMessage("message-1", "handle-1", body, receives, NOW), owner=owner)
        return attempt

    def handle_all(self, *messages: QueueMessage, owner: str = "run-1") -> list[Attempt]:
        return handle_messages(
            messages,
            destinations=make_ruleset().destinations,
            senders={"slack": self.slack, "sns": MemorySender()},
            claims=self.claims,
            retries=self.retries,
            run=Run(owner=owner, now=NOW, lease=LEASE),
        )


def failure_of(attempt: Attempt) -> Failure:
    assert attempt.failure is not None
    return attempt.failure


def delay_after(receives: int, *, run: str = "run-1") -> timedelta:
    return retry_delay(receives, spread=spread_of(run, receives))


@pytest.fixture
def world() -> World:
    return World()


class Killed(BaseException):
    """The run is stopped at once, as by a timeout: no handler of ours runs."""


def test_a_run_that_dies_with_the_claim_is_made_good_once_its_lease_lapses(world: World) -> None:
    world.slack.faults = [Killed()]
    with pytest.raises(Killed):
        world.deliver()
    with pytest.raises(ClaimHeld):
        world.deliver(owner="run-2", now=NOW + LEASE / 2)
    assert world.deliver(owner="run-3", now=NOW + LEASE)


def test_a_claim_that_can_not_be_released_is_told_with_the_first_error(world: World) -> None:
    class Stuck(MemoryClaims):
        def release(self, key: str, *, owner: str) -> None:
            del key, owner
            raise ConnectionError("also throttled")

    world.claims = Stuck()
    world.slack.faults = [ConnectionError("throttled")]
    with pytest.raises(ConnectionError, match=r"^throttled") as caught:
        world.deliver()
    assert "was not released (also throttled); it lapses after 0:00:45" in caught.value.__notes__[0]


def test_a_delivery_is_sent_once_however_often_the_queue_hands_it_out(world: World) -> None:
    assert [True, False] == [world.deliver(), world.deliver(owner="run-2")]
    assert [("secops", make_alert())] == world.slack.sent


def test_a_delivery_that_must_wait_can_be_sent_as_soon_as_it_comes_back(world: World) -> None:
    world.slack.faults = [TryAgain("Slack answered 429")]
    with pytest.raises(TryAgain):
        world.deliver()
    assert world.deliver(owner="run-2", now=NOW + timedelta(seconds=1))


def test_two_runs_do_not_send_the_same_delivery_at_the_same_time(world: World) -> None:
    world.slack.faults = [Killed()]
    with pytest.raises(Killed):
        world.deliver()
    with pytest.raises(ClaimHeld):
        world.deliver(owner="run-2")


def test_a_destination_that_the_config_does_not_know_is_waited_for_and_named(world: World) -> None:
    with pytest.raises(TryAgain, match="knows no destination pager"):
        world.deliver("pager")


def test_each_destination_has_its_own_claim(world: World) -> None:
    assert [True, True] == [world.deliver("secops"), world.deliver("audit")]


def test_a_message_that_was_sent_leaves_nothing_to_do(world: World) -> None:
    outcomes = [world.handle().outcome, world.handle(owner="run-2").outcome]
    assert [Outcome.SENT, Outcome.REPEATED] == outcomes
    assert ([], []) == (world.retries.waits, world.retries.given_up)


@pytest.mark.parametrize("fault", [TryAgain("Slack answered 500"), ConnectionError("throttled")])
@pytest.mark.parametrize("receives", [1, 5])
def test_a_message_that_fails_is_hidden_for_longer_the_more_often_it_came(
    world: World, fault: Exception, receives: int
) -> None:
    world.slack.faults = [fault]
    attempt = world.handle(receives=receives)
    assert (Outcome.WAITING, fault, delay_after(receives)) == (
        attempt.outcome,
        failure_of(attempt).error,
        failure_of(attempt).delay,
    )
    assert [("handle-1", delay_after(receives))] == world.retries.waits


def test_a_message_is_hidden_for_as_long_as_its_destination_asks(world: World) -> None:
    world.slack.faults = [TryAgain("Slack answered 429", after=timedelta(minutes=20))]
    assert timedelta(minutes=20) == failure_of(world.handle()).delay


def test_a_message_that_another_run_holds_comes_back_soon_and_when_its_lease_has_lapsed_at_the_latest(
    world: World,
) -> None:
    world.slack.faults = [Killed()]
    with pytest.raises(Killed):
        world.handle()
    assert [delay_after(1, run="run-2"), LEASE] == [
        failure_of(world.handle(receives=receives, owner="run-2")).delay for receives in (1, 9)
    ]


def test_a_message_that_can_never_be_sent_is_kept_with_the_reason(world: World) -> None:
    world.slack.faults = [Undeliverable("Slack answered 404 no_service")]
    attempt = world.handle()
    assert (Outcome.GIVEN_UP, None) == (attempt.outcome, failure_of(attempt).delay)
    assert [(BODY, "Slack answered 404 no_service")] == world.retries.given_up


def test_a_message_that_is_no_delivery_is_kept_with_the_reason(world: World) -> None:
    assert (Outcome.GIVEN_UP, None) == ((attempt := world.handle("hello")).outcome, attempt.delivery)
    assert [("hello", "not a delivery: JSONDecodeError")] == world.retries.given_up


def test_a_message_that_a_newer_detect_wrote_waits_for_the_newer_deliver(world: World) -> None:
    attempt = world.handle(json.dumps({**json.loads(BODY), "kind": "digest"}))
    assert "the message is of kind digest, version 1: a newer release wrote it" == failure_of(attempt).reason
    assert ([("handle-1", delay_after(5))], []) == (world.retries.waits, world.retries.given_up)


def test_a_message_that_can_not_be_kept_in_the_dead_letter_queue_is_tried_again(world: World) -> None:
    world.slack.faults = [Undeliverable("Slack answered 404 no_service")]
    world.retries.faults = [ConnectionError("throttled")]
    attempt = world.handle()
    assert (Outcome.WAITING, "ConnectionError: throttled") == (attempt.outcome, failure_of(attempt).reason)
    assert [("handle-1", delay_after(5))] == world.retries.waits


def test_a_message_that_can_not_be_hidden_comes_back_all_the_same_and_the_reason_says_so(
    world: World,
) -> None:
    world.slack.faults = [TryAgain("Slack answered 500")]
    world.retries.faults = [ConnectionError("throttled")]
    attempt = world.handle()
    assert Outcome.WAITING == attempt.outcome
    assert (
        "Slack answered 500; the message was not hidden (throttled); it waits for the queue's own timeout"
    ) == failure_of(attempt).reason


def test_a_claim_that_was_not_released_is_told_with_the_reason(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stuck(*_: object, owner: str) -> None:
        del owner
        raise ConnectionError("throttled")

    monkeypatch.setattr(MemoryClaims, "release", stuck)
    world.slack.faults = [TryAgain("Slack answered 500")]
    assert "was not released (throttled)" in failure_of(world.handle()).reason


def message_of(number: int, event_id: str) -> QueueMessage:
    body = write_delivery(Delivery(alert=make_alert(eventID=event_id), destination="secops"))
    return QueueMessage(f"message-{number}", f"handle-{number}", body, 1, NOW)


def test_each_message_of_a_batch_has_an_outcome_of_its_own(world: World) -> None:
    world.slack.refuses = {
        make_alert(eventID="b").alert_id: TryAgain("Slack answered 429"),
        make_alert(eventID="c").alert_id: Undeliverable("Slack answered 400 invalid_blocks"),
    }
    world.handle_all(message_of(0, "d"))
    batch = [message_of(number, event_id) for number, event_id in enumerate("abcd")]
    attempts = world.handle_all(*batch, QueueMessage("message-4", "handle-4", "hello", 1, NOW), owner="run-2")
    assert [Outcome.SENT, Outcome.WAITING, Outcome.GIVEN_UP, Outcome.REPEATED, Outcome.GIVEN_UP] == [
        each.outcome for each in attempts
    ]
    assert ["handle-1"] == [handle for handle, _ in world.retries.waits]
    assert [batch[2].body, "hello"] == [body for body, _ in world.retries.given_up]
    world.slack.refuses = {}
    again = world.handle_all(*batch, owner="run-3")
    assert [Outcome.REPEATED, Outcome.SENT, Outcome.SENT, Outcome.REPEATED] == [
        each.outcome for each in again
    ]


def test_an_alert_that_its_sender_stumbles_over_keeps_no_other_back(world: World) -> None:
    world.slack.stumbles_over = "2"
    alerts = [make_alert(eventID=str(number)) for number in range(5)]
    bodies = [write_delivery(Delivery(alert, "secops")) for alert in alerts]
    messages = [QueueMessage(str(number), str(number), body, 1, NOW) for number, body in enumerate(bodies)]
    outcomes = [each.outcome for each in world.handle_all(*messages)]
    assert [Outcome.WAITING if n == 2 else Outcome.SENT for n in range(5)] == outcomes
    assert ["0", "1", "3", "4"] == [alert.event_id for _, alert in world.slack.sent]


def test_a_delivery_that_is_twice_in_a_batch_is_sent_once(world: World) -> None:
    attempts = world.handle_all(message_of(1, "a"), message_of(2, "a"))
    assert [Outcome.SENT, Outcome.WAITING] == [each.outcome for each in attempts]
    assert 1 == len(world.slack.sent)
    assert Outcome.REPEATED == world.handle_all(message_of(2, "a"))[0].outcome
