"""`make demo`: the real stack in an embedded AWS, an intruder, and the alerts as they arrive.

Ends with exit code 1 when an expected alert is missing.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from rich.console import Console
from rich.markup import escape

from handlers.core.severity import Severity
from local.aws import EmbeddedAws
from local.cdk_cli import CdkFailed, deploy
from local.inbox import Inbox
from local.intruder import Intruder, Step
from local.slack import LocalSlack, Message
from local.waiting import wait_until

CONFIG = Path(__file__).with_name("alerts.yaml")
WEBHOOK_PARAMETER = "/thingwatch/slack/secops"
DEADLINE_SECONDS = 30.0
TOLD_IN_SLACK = Severity.HIGH
"""As the routes of the demo's config say."""

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
    reasons: tuple[str, ...]


def main() -> int:
    """Set up, play the story, sum up. Returns the exit code."""
    console = Console(highlight=False, soft_wrap=True)
    try:
        with _stage(console) as (aws, slack, inbox):
            arrivals, missing = _play(console, aws, slack, inbox)
    except CdkFailed as error:
        console.print(escape(str(error)))
        return 1
    except KeyboardInterrupt:
        console.print("\nStopped; nothing is left running.")
        return 130
    return _sum_up(console, arrivals, missing)


@contextmanager
def _stage(console: Console) -> Iterator[tuple[EmbeddedAws, LocalSlack, Inbox]]:
    started = time.monotonic()

    def tell(step: str) -> None:
        console.print(f"[dim]{time.monotonic() - started:5.1f} s[/]  {escape(step)}")

    console.print("[bold]Setting the stage[/]: no AWS account, no Docker; everything stays on this machine")
    with tempfile.TemporaryDirectory(prefix="thingwatch-") as scratch, LocalSlack() as slack:
        folder = Path(scratch)
        tell("start the embedded AWS and a local Slack")
        with EmbeddedAws(folder) as aws:
            outputs = deploy(aws, config=CONFIG, folder=folder, tell=tell)
            tell("store the Slack webhook in SSM, subscribe a queue to the SNS topic")
            aws.client("ssm").put_parameter(
                Name=WEBHOOK_PARAMETER, Value=slack.webhook_url, Type="SecureString"
            )
            inbox = Inbox(aws, outputs["TopicArnaudit"])
            tell("ready")
            yield aws, slack, inbox


def _play(
    console: Console, aws: EmbeddedAws, slack: LocalSlack, inbox: Inbox
) -> tuple[list[Arrival], list[str]]:
    console.print(
        "\n[bold]An intruder[/] has the keys of the IAM user [bold]build-server[/] and calls AWS IoT"
    )
    iam = aws.client("iam")
    iam.create_user(UserName="build-server")
    keys = iam.create_access_key(UserName="build-server")["AccessKey"]
    iot = aws.client_of("iot", keys["AccessKeyId"], keys["SecretAccessKey"])
    arrivals: list[Arrival] = []
    missing: list[str] = []
    for step in Intruder(iot, ca_certificate=make_ca_certificate()).steps():
        console.print(f"\n[bold]{step.operation}[/]  {step.says}")
        found = _perform(step, slack, inbox)
        for arrival in found:
            _show(console, step.severity, arrival)
        arrivals += found
        places = ["SNS"] + (["Slack"] if step.severity >= TOLD_IN_SLACK else [])
        for place in sorted(set(places) - {arrival.place for arrival in found}):
            missing.append(f"{step.operation} ({step.severity.value}) did not arrive on {place}")
            console.print(f"  [red]missing on {place}[/] after {DEADLINE_SECONDS:g} s")
    return arrivals, missing


def _perform(step: Step, slack: LocalSlack, inbox: Inbox) -> list[Arrival]:
    in_slack, on_sns = len(slack.messages), len(inbox.alerts)
    seen_at: dict[int, datetime] = {}
    began = datetime.now(UTC)
    step.act()

    def arrivals() -> list[Arrival]:
        inbox.poll()
        for number in range(on_sns, len(inbox.alerts)):
            seen_at.setdefault(number, datetime.now(UTC))
        found = [
            Arrival("SNS", _seconds(seen_at[number] - began), _title(alert), tuple(alert["reasons"]))
            for number, alert in enumerate(inbox.alerts)
            if number >= on_sns and _is_expected(step, _title(alert))
        ]
        found += [
            Arrival("Slack", _seconds(message.received - began), message.text, _reasons(message))
            for message in slack.messages[in_slack:]
            if _is_expected(step, message.text)
        ]
        return sorted(found, key=lambda arrival: arrival.seconds)

    wanted = 2 if step.severity >= TOLD_IN_SLACK else 1
    with suppress(TimeoutError):  # What is missing is told by the caller.
        wait_until(lambda: len(arrivals()) >= wanted, DEADLINE_SECONDS)
    return arrivals()


def _is_expected(step: Step, title: str) -> bool:
    return f"{step.severity.value.capitalize()}: {step.operation}" in title


def _title(alert: Mapping[str, Any]) -> str:
    subject = f" on {alert['subject']}" if alert["subject"] else ""
    return f"{alert['severity'].capitalize()}: {alert['operation']}{subject}"


def _reasons(message: Message) -> tuple[str, ...]:
    section: str = message.payload["blocks"][1]["text"]["text"]
    return tuple(line.removeprefix("• ") for line in section.splitlines())


def _seconds(span: timedelta) -> float:
    return span.total_seconds()


def _show(console: Console, severity: Severity, arrival: Arrival) -> None:
    console.print(
        f"  [{_COLOURS[severity]}]{arrival.place:<5}[/]"
        f" after {arrival.seconds:4.2f} s  {escape(arrival.title)}"
    )
    if arrival.place == "SNS":
        for reason in arrival.reasons:
            console.print(f"        [dim]{escape(reason)}[/]")


def _sum_up(console: Console, arrivals: list[Arrival], missing: list[str]) -> int:
    console.print("\n[bold]Summary[/]")
    for place in ("Slack", "SNS"):
        times = [arrival.seconds for arrival in arrivals if arrival.place == place]
        if times:
            console.print(
                f"  {place:<5} {len(times)} alerts, from API call to arrival:"
                f" median {median(times):.2f} s, slowest {max(times):.2f} s"
            )
    for line in missing:
        console.print(f"  [red]MISSING[/] {escape(line)}")
    if missing:
        return 1
    console.print("  every alert arrived; the embedded AWS is stopped and nothing of it is left")
    console.print(
        "\nNext, in your own account: [bold]source .venv/bin/activate && npx cdk deploy[/]  (README: Deploy)"
    )
    return 0


def make_ca_certificate() -> str:
    """A CA certificate as anybody can make one for himself, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Totally Honest CA")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


if __name__ == "__main__":
    sys.exit(main())
