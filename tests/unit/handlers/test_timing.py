"""Times that depend on each other in places far apart."""

from datetime import timedelta

from botocore.config import Config

from cdk.queues import RETENTION
from handlers.adapters.aws_clients import CONFIG
from handlers.adapters.slack_webhook import TIMEOUTS
from handlers.pipeline import REMEMBERED


def _longest_call(config: Config) -> float:
    """Seconds until an AWS call has failed for good: its tries, and the waits between them
    (https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html: up to 1 s, then 2 s).
    """
    tries: int = config.retries["total_max_attempts"]  # type: ignore[attr-defined]
    one: float = config.connect_timeout + config.read_timeout  # type: ignore[attr-defined]
    return tries * one + sum(1 << number for number in range(tries - 1))


def test_detect_ends_before_its_timeout_even_when_every_call_fails_as_slowly_as_it_can() -> None:
    # The first call that fails ends the run, and at most two were slow before; the timeouts stand in cdk/.
    assert 3 * _longest_call(CONFIG) < 45


def test_deliver_ends_before_its_timeout_even_when_every_call_fails_as_slowly_as_it_can() -> None:
    # Claim, secret, a fresh look at the secret, confirm or release, and the message's visibility.
    assert 5 * _longest_call(CONFIG) + sum(TIMEOUTS) < 75


def test_what_was_sent_is_remembered_longer_than_a_message_can_wait_in_both_queues() -> None:
    assert timedelta(days=2 * RETENTION.to_days()) < REMEMBERED
