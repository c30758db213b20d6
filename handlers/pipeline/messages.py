"""What becomes of a queue message whose work fails: it comes back later, or it is kept with the reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from handlers.core.backoff import retry_delay, spread_of
from handlers.pipeline import ClaimHeld, PipelineError, TryAgain, Undeliverable


class Retries(Protocol):
    """What becomes of a queue message that was not processed."""

    def wait(self, receipt_handle: str, delay: timedelta) -> None:
        """Hide the message for `delay`; then the queue hands it out again."""

    def give_up(self, body: str, reason: str) -> None:
        """Keep the message whole in the dead-letter queue, with the reason."""


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """A message as the queue handed it out, for the `receives`-th time (1 is the first). It was `sent` to
    the queue before that.
    """

    message_id: str
    receipt_handle: str
    body: str
    receives: int
    sent: datetime


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the work of a message was not done, and how long it is hidden; None if it was given up."""

    error: Exception
    delay: timedelta | None

    @property
    def reason(self) -> str:
        """Why, for people."""
        kind = "" if self.is_expected else f"{type(self.error).__name__}: "
        return "; ".join((f"{kind}{self.error}", *getattr(self.error, "__notes__", ())))

    @property
    def is_expected(self) -> bool:
        """Whether the error is one that is expected to happen."""
        return isinstance(self.error, PipelineError)


def process(message: QueueMessage, act: Callable[[], None], *, retries: Retries) -> Failure | None:
    """Do the work of a message, and see to the message when that fails, whatever the failure."""
    try:
        act()
    except Exception as error:  # noqa: BLE001 - the caller is told, and the message comes back
        return see_to(message, error, retries=retries)
    return None


def see_to(
    message: QueueMessage, error: Exception, *, retries: Retries, together: str | None = None
) -> Failure:
    """Give up a message whose work can never be done; hide one whose work can not be done now.

    Messages that failed `together`, by the name of their run, come back together.
    """
    if isinstance(error, Undeliverable):
        try:
            retries.give_up(message.body, str(error))
        except Exception as second:  # noqa: BLE001 - then it comes back
            error = second
        else:
            return Failure(error, None)
    delay = _delay_after(error, message, together or message.message_id)
    try:
        retries.wait(message.receipt_handle, delay)
    except Exception as second:  # noqa: BLE001 - the first error is the one to tell
        error.add_note(f"the message was not hidden ({second}); it waits for the queue's own timeout")
    return Failure(error, delay)


def _delay_after(error: Exception, message: QueueMessage, spread_by: str) -> timedelta:
    asked, crowded = (error.after, error.crowded) if isinstance(error, TryAgain) else (timedelta(0), False)
    spread = spread_of(spread_by, message.receives)
    delay = retry_delay(message.receives, spread=spread, asked=asked, crowded=crowded)
    # Whoever holds the claim is done within a moment; only of a crashed run does the lease have to lapse.
    return min(delay, error.lease) if isinstance(error, ClaimHeld) else delay
