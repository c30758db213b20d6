"""The alert: what people are told, as one model that every rendering shows; and its form in the queue."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from handlers.core.codec import from_json, to_json
from handlers.core.severity import Severity
from handlers.core.text import show

Kind = Literal["alert", "windowed", "rollup"]
"""An alert of one call, of a rule over time, or of alerts that were held back."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who made the call. `id` is stable: for an assumed role it is the role, not the session."""

    kind: str
    id: str
    name: str
    session: str | None


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a story."""

    time: datetime
    event_id: str
    operation: str
    subject: str | None
    actor: str


@dataclass(frozen=True, slots=True)
class Step:
    """The calls of one step; of many the first and the last few, in order of time."""

    name: str
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """What a windowed alert tells: the calls that a rule over time holds for."""

    what: str
    """What the rule found, in words: `10 calls within 5 minutes`."""
    count: int
    """How many calls, values, steps or terms are known when it is told; there may be more, for a window
    remembers no more than it needs.
    """
    group: Mapping[str, str]
    """What these calls have in common: the values that the rule groups by, and of new terms the term."""
    first_seen: datetime
    last_seen: datetime
    steps: tuple[Step, ...]
    """In the order in which they began."""
    completed_by: Call
    """The call that made the rule hold: why this is told now."""


@dataclass(frozen=True, slots=True)
class EndedMute:
    """The mute that held alerts back, as its end is told."""

    name: str
    reason: str
    by: str
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Rollup:
    """What a rollup tells of the alerts that were held back."""

    count: int
    """How many alerts this rollup counts; no other rollup counts them."""
    before: int
    """How many an earlier rollup counted: these came late."""
    first_seen: datetime
    last_seen: datetime
    subjects: tuple[str, ...]
    """The first few."""
    more_subjects: int
    """How many more different ones, as far as they were looked at."""
    addresses: tuple[str, ...]
    more_addresses: int
    mute: EndedMute | None = None
    """None where dedup held them back."""


@dataclass(frozen=True, slots=True)
class Question:
    """What `deliver` asks AWS IoT about an alert, because the call does not tell it."""

    about: Literal["policy", "template", "certificate"]
    name: str
    """Of a policy or a provisioning template; the ARN of a certificate."""
    version: str | None = None
    """Which one the call made or chose; None of a certificate."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A line of what AWS IoT answers: a name in our words and a text."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Alert:
    """One judged call, several that a rule over time holds for, or alerts that were held back, ready to be
    told.

    Of several calls, who, where and when are those of the call that completed them. Of a rollup they are
    those of one of its alerts.
    """

    alert_id: str
    """Stable across redeliveries and corrected records: what a claim is made on."""
    dedup_key: str
    """Alerts with the same key are of one kind: one actor doing one thing in one place, and it is as bad."""
    severity: Severity
    rule: str
    operation: str | None
    """None for a windowed alert and its rollup."""
    category: str
    reasons: tuple[str, ...]
    """Why it is as bad as it is; what decided comes first."""
    actor: Actor
    account: str
    region: str
    time: datetime
    source_ip: str
    subject: str | None
    shown: Mapping[str, str]
    error: str | None
    """The error that the call met; None when it succeeded."""
    runbook: tuple[str, ...]
    """Steps; what `values` tells stands in their commands as `{name}`."""
    attack: tuple[str, ...]
    event_id: str
    title: str = ""
    """What happened to what, without the actor. Empty in messages of older releases."""
    title_of_many: str = ""
    """The same of all calls like this one: without names."""
    values: Mapping[str, str] = field(default_factory=dict)
    """Of the names in the runbook's commands those that the call tells, as it has them."""
    statements: tuple[str, ...] = ()
    """What a policy document in the call allows or fails to deny, statement by statement."""
    question: Question | None = None
    """What is worth asking before it is sent."""
    answers: tuple[Answer, ...] = ()
    """What came of it, or why nothing came."""
    docs: str | None = None
    """The page of AWS on the operation."""
    link: str | None = None
    """The page of the touched resource in the AWS console."""
    account_name: str | None = None
    """What people call the account, where the config says it."""
    region_name: str | None = None
    """What people call the Region, where the config says it."""
    kind: Kind = "alert"
    story: Story | None = None
    """Of a windowed alert."""
    rollup: Rollup | None = None
    """Of a rollup."""

    @property
    def short_id(self) -> str:
        """Finds the alert and its rollups in a channel: the first digits of what they have in common."""
        return self.dedup_key[:8]

    @property
    def where(self) -> tuple[str, str]:
        """Account and Region in the words of people: `prod (111122223333)`, `eu-west-1`."""
        return (
            f"{self.account_name} ({self.account})" if self.account_name else self.account,
            f"{self.region_name} ({self.region})" if self.region_name else self.region,
        )


@dataclass(frozen=True, slots=True)
class Delivery:
    """One alert to one destination: the unit of retry."""

    alert: Alert
    destination: str

    @property
    def key(self) -> str:
        """What a delivery is claimed on."""
        return f"{self.alert.alert_id}#{self.destination}"


class BadDelivery(ValueError):
    """A queue message that is not a delivery of ours; the message says what is wrong."""


class UnknownDelivery(ValueError):
    """A queue message of a kind or a format version that this release does not know: a newer one wrote it."""


_VERSION = 1
_FIRST_KIND = "alert"
"""What a queue message says of itself. The first release said neither and meant these."""


def write_delivery(delivery: Delivery) -> str:
    """The delivery as the JSON of a queue message."""
    # Not as \\u escapes: a hostile name would be three times as long, and ten deliveries share one call.
    envelope = {"kind": delivery.alert.kind, "version": _VERSION}
    return json.dumps({**envelope, **to_json(delivery)}, ensure_ascii=False)


def read_delivery(text: str) -> Delivery:
    """The delivery in a queue message. Raises `BadDelivery` or `UnknownDelivery`.

    A field that this release does not know was added by a newer `detect`, while a deployment is under way.
    """
    try:
        data = json.loads(text)
        kind, version = data.get("kind", _FIRST_KIND), data.get("version", _VERSION)
        if kind in get_args(Kind) and version == _VERSION:
            return from_json(Delivery, data)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise BadDelivery(f"not a delivery: {type(error).__name__}") from None
    raise UnknownDelivery(
        f"the message is of kind {show(kind)}, version {show(version)}: a newer release wrote it"
    )
