"""The one type that the test harness and the emulator's process share."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """Which calls fail, how often, and with what."""

    service: str
    action: str  # "*" for every action of the service
    code: str
    status: int = 400
    message: str = "This error was injected by the test harness."
    times: int = 1
    skip: int = 0  # so many matching calls pass first
    takes_effect: bool = False  # the call is carried out, and only its answer is lost
