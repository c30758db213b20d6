"""`make demo`: the real stack in an embedded AWS, an intruder, and the alerts as they arrive.

What Slack took is shown as a page too, which stays until Enter where a person runs it in a terminal.
Ends with exit code 1 when an expected alert is missing or one arrives that was not expected.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel

from handlers.core.renderings.slack import SIGNS
from handlers.core.severity import Severity
from local.aws import EmbeddedAws, EmbeddedAwsError
from local.cdk_cli import CdkFailed, delivery_queues, deploy
from local.inbox import Inbox
from local.intruder import MINTED, TOLD_AT_ONCE, Expected, Intruder, Step
from local.slack import LocalSlack, Message
from local.waiting import wait_until

if TYPE_CHECKING:
    from mypy_boto3_sqs.literals import QueueAttributeNameType

CONFIG = Path(__file__).with_name("alerts.yaml")
DEADLINE = 30.0
"""Seconds that an alert may take, and the deliveries still on their way at the end."""
TOLD_IN_SLACK = Severity.HIGH
"""From this severity on; all go to SNS. So say the routes of the demo's config."""

_COLOURS = {
    Severity.INFORMATIONAL: "white",
    Severity.LOW: "blue",
    Severity.MEDIUM: "yellow",
    Severity.HIGH: "dark_orange",
    Severity.CRITICAL: "red",
}


@dataclass(frozen=True, slots=True)
class Arrival:
    """One alert at one place, and how long it took from the API call."""

    place: str
    seconds: float
    title: str
    severity: Severity
    name: str
    """The operation or the rule; of a rollup how many more of it."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What the story plays on."""

    console: Console
    aws: EmbeddedAws
    slack: LocalSlack
    inbox: Inbox
    queue_urls: Sequence[str]
    """Of the destinations."""
    deadline: float
    """Seconds that an alert may take."""


def main(arguments: list[str] | None = None) -> int:
    """Set up, play the story, sum up. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m local.demo", description=__doc__)
    parser.add_argument("--config", type=Path, default=CONFIG, help="config to deploy (default: %(default)s)")
    parser.add_argument("--deadline", type=float, default=DEADLINE, help="seconds to wait for an alert")
    options = parser.parse_args(arguments)
    console = Console(highlight=False, soft_wrap=True)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        with LocalSlack() as slack:
            with set_up(console, slack, options.config, options.deadline) as stage:
                arrivals, faults = play(stage)
            code = _sum_up(console, arrivals, faults)
            keep_inbox(console, slack.inbox_url)
            return code
    except (CdkFailed, EmbeddedAwsError) as error:
        console.print(escape(str(error)))
        return 1
    except KeyboardInterrupt:
        console.print("\nStopped; nothing is left running.")
        return 130


def keep_inbox(console: Console, url: str) -> None:
    """Keep the page of the messages until Enter, if a person is there to read it."""
    if sys.stdin.isatty() and sys.stdout.isatty():
        console.print(f"\nThe messages as Slack shows them: [bold]{url}[/] stays until you press Enter.")
        input()


def _stop(*_: object) -> None:
    # Everything that was started is stopped on the way out, as for Ctrl-C.
    raise KeyboardInterrupt


@contextmanager
def set_up(console: Console, slack: LocalSlack, config: Path, deadline: float) -> Iterator[Stage]:
    """The stack, deployed to an embedded AWS, with everything around it."""
    started = time.monotonic()

    def tell(step: str) -> None:
        console.print(f"[dim]{time.monotonic() - started:5.1f} s[/]  {escape(step)}")

    console.print("[bold]Setting the stage[/]: no AWS account, no Docker; everything stays on this machine")
    build = Path(__file__).parent.parent / "build"
    build.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="demo-", dir=build) as scratch:
        folder = Path(scratch)
        tell(f"start the embedded AWS and a local Slack; its messages appear at {slack.inbox_url}")
        with EmbeddedAws(folder) as aws:
            outputs = deploy(aws, config=config, folder=folder, tell=tell)
            tell("store the Slack webhook in SSM, subscribe a queue to the SNS topic")
            aws.client("ssm").put_parameter(
                Name="/thingwatch/slack/secops", Value=slack.webhook_url, Type="SecureString"
            )
            inbox = Inbox(aws, outputs["TopicArnaudit"])
            tell("ready")
            yield Stage(console, aws, slack, inbox, delivery_queues(outputs), deadline)


def play(stage: Stage) -> tuple[list[Arrival], list[str]]:
    """Everything that arrived, and what should have arrived and did not, or the reverse."""
    console = stage.console
    console.print("\n[bold]An intruder[/] with the keys of the IAM user [bold]build-server[/] calls AWS IoT")
    iam = stage.aws.client("iam")
    iam.create_user(UserName="build-server")
    keys = iam.create_access_key(UserName="build-server")["AccessKey"]
    intruder = Intruder(stage.aws.client_of("iot", keys["AccessKeyId"], keys["SecretAccessKey"]))
    arrivals: list[Arrival] = []
    faults: list[str] = []
    steps = intruder.steps()
    story_began = None
    for step in steps:
        console.print(f"\n[bold]{escape(step.operation)}[/]  {step.says}")
        step.waits_for()
        began = datetime.now(UTC)
        story_began = story_began or began
        found = _perform(stage, step, story_began if step.is_late else began)
        _show(console, found)
        if not step.is_late:
            arrivals += found
        for place, expected in _missing(step, found):
            faults.append(f"MISSING: {expected.name} ({expected.severity.value}) on {place}")
            console.print(f"  [red]nothing of {expected.name} on {place}[/] after {stage.deadline:g} s")
        if step.shown_whole:
            _show_whole(console, stage.slack.messages)
        if step.is_late:
            counted = sum(alert["rollup"]["count"] for alert in stage.inbox.alerts if alert["rollup"])
            said = f"{TOLD_AT_ONCE} told at once + {counted} in a rollup = {TOLD_AT_ONCE + counted}"
            console.print(f"  {MINTED} calls: {said}")
    if more := _count_unexpected(stage, steps):
        faults.append(f"UNEXPECTED: {more} more alerts than the story raises")
    return arrivals, faults


def _count_unexpected(stage: Stage, steps: list[Step]) -> int:
    """The alerts that no step raises, or that came a second time. One that came late is neither."""
    _settle(stage)
    arrived = [
        *(_on_sns(alert, 0) for alert in stage.inbox.poll()),
        *(each for message in stage.slack.messages for each in _in_slack(message, 0)),
    ]
    for step in steps:
        for place, expected in _awaited(step):
            for each in arrived:
                if each.place == place and _is_of(expected, each):
                    arrived.remove(each)
                    break
    return len(arrived)


def _settle(stage: Stage) -> None:
    """Wait until no delivery is on its way."""
    names: list[QueueAttributeNameType] = [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
    ]

    def is_empty() -> bool:
        sqs = stage.aws.client("sqs")
        found = [sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names) for url in stage.queue_urls]
        return not any(int(number) for answer in found for number in answer["Attributes"].values())

    with suppress(TimeoutError):
        wait_until(is_empty, DEADLINE)


def _awaited(step: Step) -> list[tuple[str, Expected]]:
    """Every arrival that a step must cause."""
    return [
        (place, expected)
        for expected in step.expected
        for place in (("SNS", "Slack") if expected.severity >= TOLD_IN_SLACK else ("SNS",))
    ]


def _missing(step: Step, found: Sequence[Arrival]) -> list[tuple[str, Expected]]:
    left = list(found)
    missing = []
    for place, expected in _awaited(step):
        match = next((each for each in left if each.place == place and _is_of(expected, each)), None)
        if match is None:
            missing.append((place, expected))
        else:
            left.remove(match)
    return missing


def _perform(stage: Stage, step: Step, began: datetime) -> list[Arrival]:
    """What arrives of a step; a time is told from `began` on."""
    slack, inbox = stage.slack, stage.inbox
    in_slack, on_sns = (0, 0) if step.is_late else (len(slack.messages), len(inbox.alerts))
    step.act()

    def arrivals() -> list[Arrival]:
        alerts = zip(inbox.poll()[on_sns:], inbox.received[on_sns:], strict=True)
        found = [
            *(_on_sns(alert, _seconds(received - began)) for alert, received in alerts),
            *(
                arrival
                for each in slack.messages[in_slack:]
                for arrival in _in_slack(each, _seconds(each.received - began))
            ),
        ]
        return [each for each in found if any(_is_of(expected, each) for expected in step.expected)]

    with suppress(TimeoutError):  # What is missing is told by the caller.
        wait_until(lambda: not _missing(step, arrivals()), stage.deadline)
    return sorted(arrivals(), key=lambda arrival: arrival.seconds)


def _is_of(expected: Expected, arrival: Arrival) -> bool:
    return (expected.severity, expected.name) == (arrival.severity, arrival.name)


def _on_sns(alert: Mapping[str, Any], seconds: float) -> Arrival:
    name = alert["operation"] or alert["rule"]
    more = f"{alert['rollup']['count']} more " if alert["rollup"] else ""
    title = f"{alert['severity'].capitalize()}: {alert['title']}"
    return Arrival("SNS", seconds, title, Severity(alert["severity"]), f"{more}{name}")


def _in_slack(message: Message, seconds: float) -> list[Arrival]:
    return [
        Arrival("Slack", seconds, f"{SIGNS[severity]} {each.headline}", severity, each.name)
        for each in message.told
        if (severity := Severity(each.severity))
    ]


def _seconds(span: timedelta) -> float:
    return span.total_seconds()


def _show(console: Console, found: Sequence[Arrival]) -> None:
    """A line for each arrival; of many of one kind the first alone."""
    kinds = [(each.place, each.severity, each.name) for each in found]
    for number, (kind, arrival) in enumerate(zip(kinds, found, strict=True)):
        if kind not in kinds[:number]:
            colour = _COLOURS[arrival.severity]
            more = kinds.count(kind) - 1
            console.print(
                f"  [{colour}]{arrival.place:<5}[/]"
                f" after {arrival.seconds:4.2f} s  {escape(arrival.title)}"
                + (f" [dim](and {more} more)[/]" if more else "")
            )


def _show_whole(console: Console, messages: list[Message]) -> None:
    if messages:
        panel = Panel(escape(messages[-1].readable()), title="in the channel", title_align="left", width=100)
        console.print(Padding(panel, (0, 0, 0, 2)), soft_wrap=False)


def _sum_up(console: Console, arrivals: list[Arrival], faults: list[str]) -> int:
    console.print("\n[bold]Summary[/]")
    for place in ("Slack", "SNS"):
        times = [arrival.seconds for arrival in arrivals if arrival.place == place]
        if times:
            console.print(
                f"  {place:<5} {len(times)} alerts, from API call to arrival:"
                f" median {median(times):.2f} s, slowest {max(times):.2f} s"
            )
    for fault in faults:
        console.print(f"  [red]{escape(fault)}[/]")
    if faults:
        return 1
    console.print("  every alert arrived, once; the embedded AWS is stopped and nothing of it is left")
    console.print(
        "\nNext, in your own account:"
        " [bold]source .venv/bin/activate && npx cdk bootstrap && npx cdk deploy[/]"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
