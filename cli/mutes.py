"""Mutes: how a command becomes one, what those that are there hold, and how one is ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from cli.deployment import Deployment
from handlers.adapters.dynamodb_buckets import DynamoDbBuckets
from handlers.adapters.dynamodb_mutes import DynamoDbMutes
from handlers.adapters.sqs_summaries import SqsSummaries
from handlers.core.mutes import Mute, SavedMute
from handlers.core.operations import split_operation
from handlers.core.record_pattern import RecordPattern
from handlers.core.severity import Severity
from handlers.core.text import clean, say_count
from handlers.pipeline.muting import end_mute, find_effect
from handlers.pipeline.outside import Buckets, Mutes, SummaryQueue
from rulebook.api_models import operations_of
from rulebook.config.values import AccountId, Name, Region, principal_fault
from rulebook.durations import BadSpan, read_span
from rulebook.faults import did_you_mean, quoted
from rulebook.services import SERVICES


class BadMute(Exception):
    """A mute that can not be made; the message says what to write."""


class NoSuchMute(LookupError):
    """Nothing of this name is muted; the message says what is."""


@dataclass(frozen=True)
class Wanted:
    """What the options of `thingwatch mute` say."""

    name: str
    span: str
    reason: str
    operations: Sequence[str] = ()
    actors: Sequence[str] = ()
    accounts: Sequence[str] = ()
    regions: Sequence[str] = ()
    rules: Sequence[str] = ()
    severity_at_most: Severity | None = None
    critical: bool = False


def make_mute(wanted: Wanted, catalog: Iterable[str], *, by: str, now: datetime) -> Mute:
    """The mute that a command wants, from the next minute on. Raises `BadMute`."""
    for what, fault in _faults(wanted):
        raise BadMute(f"{what}: {fault}")
    begins = find_effect(now)
    try:
        span = read_span(wanted.span, shortest="1m", longest="7d", what="a mute")
    except BadSpan as error:
        raise BadMute(f"--for: {error}") from None
    return Mute(
        name=wanted.name,
        match=RecordPattern(_pattern(wanted, set(catalog))),
        reason=clean(wanted.reason.strip(), 300),
        by=by,
        begins=begins,
        ends=begins + span,
        critical=wanted.critical,
    )


def _faults(wanted: Wanted) -> Iterator[tuple[str, str]]:
    for option, kind, values in (
        ("NAME", Name, [wanted.name]),
        ("--account", AccountId, wanted.accounts),
        ("--region", Region, wanted.regions),
    ):
        for value in values:
            if fault := _fault_of(kind, value):
                yield option, fault
    if not wanted.reason.strip():
        yield "--reason", "is empty; say why, for those who read it when the mute ends"
    for actor in wanted.actors:
        if (":sts:" in actor or "**" in actor) and (fault := principal_fault(actor)):
            yield "--actor", fault
    if wanted.severity_at_most is Severity.CRITICAL and not wanted.critical:
        yield "--severity-at-most", "critical alerts are muted only with --critical"
    wishes = (wanted.operations, wanted.actors, wanted.accounts, wanted.regions, wanted.rules)
    if not any(wishes) and wanted.severity_at_most is None:
        options = "--operation, --actor, --account, --region, --rule or --severity-at-most"
        yield "a mute of everything hides an attack", f"say which alerts, by {options}"


def _fault_of(kind: Any, value: str) -> str | None:
    """What the config would say of a value of this kind; None when it is one."""
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        ((_, fault),) = error.errors()[0]["ctx"]["faults"]
        return str(fault)
    return None


def _pattern(wanted: Wanted, catalog: set[str]) -> Mapping[str, Any]:
    """An event pattern: several values of one option are alternatives, several options narrow."""
    pattern: dict[str, Any] = {}
    finding: dict[str, Any] = {}
    if wanted.operations:
        pattern |= _operations_pattern(wanted.operations, catalog)
    if wanted.actors:
        values = [{"wildcard": each} if "*" in each else each for each in wanted.actors]
        pattern["facts"] = {"actor": {"id": values}}
    if wanted.accounts:
        pattern["recipientAccountId"] = list(wanted.accounts)
    if wanted.regions:
        pattern["awsRegion"] = list(wanted.regions)
    if wanted.rules:
        finding["rule"] = list(wanted.rules)
    if (worst := wanted.severity_at_most) is not None:
        finding["severity"] = [each.value for each in Severity if each <= worst]
    return {**pattern, **({"finding": finding} if finding else {})}


def _operations_pattern(operations: Sequence[str], catalog: set[str]) -> Mapping[str, Any]:
    names: dict[str, list[str]] = {}
    for typed in operations:
        prefix, name = split_operation(typed)
        if prefix not in SERVICES or (
            f"{prefix}:{name}" not in catalog and name not in operations_of(SERVICES[prefix])
        ):
            raise BadMute(f"--operation: no such operation: {quoted(typed)}{did_you_mean(typed, catalog)}")
        names.setdefault(prefix, []).append(name)
    each = [
        {"eventSource": sorted(SERVICES[prefix].event_sources), "eventName": found}
        for prefix, found in names.items()
    ]
    return each[0] if len(each) == 1 else {"$or": each}


class Muted(NamedTuple):
    """A mute, and how many alerts it holds."""

    mute: Mute
    held: int


@dataclass(frozen=True)
class Muting:
    """The state that mutes are in, and the queue in which their ends wait."""

    mutes: Mutes
    buckets: Buckets
    summaries: SummaryQueue
    grace: timedelta

    def begin(
        self, wanted: Wanted, catalog: Iterable[str], *, by: str, clock: Callable[[], datetime]
    ) -> Mute:
        """Put a mute that begins a minute after it is written. Raises `BadMute` if its name is in use."""
        for other in _unended(self.mutes.read(), wanted.name, clock()):
            until = f"{other.mute.ends:%Y-%m-%d %H:%M:%S} UTC"
            raise BadMute(
                f"{wanted.name} is muted already, until {until}; unmute it first, or take another name"
            )
        # AWS may have been slow until here, and functions need the minute to learn of it.
        mute = make_mute(wanted, catalog, by=by, now=clock())
        self.mutes.put(mute)
        return mute

    def list_muted(self, *, now: datetime, ended: bool) -> list[Muted]:
        """Every mute that has not ended, or every one that is remembered, by their begin."""
        saved = [each for each in self.mutes.read() if ended or each.mute.ends > now]
        saved.sort(key=lambda each: (each.mute.begins, each.mute.name))
        return [Muted(each.mute, self._count(each)) for each in saved]

    def end(self, name: str, *, clock: Callable[[], datetime]) -> list[Muted]:
        """End a mute in a minute, and ask that its end is told. Raises `NoSuchMute`."""
        saved, now = self.mutes.read(), clock()
        unended = list(_unended(saved, name, now))
        if not unended:
            names = sorted({each.mute.name for each in saved if each.mute.ends > now})
            known = f"muted are {', '.join(names)}" if names else "nothing is muted"
            raise NoSuchMute(
                f"nothing of the name {quoted(name)} is muted; {known}{did_you_mean(name, names)}"
            )
        # One after the other, so that each is ended before the next may fail.
        return [self._end(each.mute, clock()) for each in unended]

    def _end(self, mute: Mute, now: datetime) -> Muted:
        saved = end_mute(mute, mutes=self.mutes, summaries=self.summaries, now=now, grace=self.grace)
        return Muted(saved.mute, self._count(saved))

    def _count(self, saved: SavedMute) -> int:
        keys = [saved.mute.bucket_for(audience).key for audience in saved.audiences]
        return sum(self.buckets.read_held(key).total for key in keys)


def _unended(saved: Iterable[SavedMute], name: str, now: datetime) -> Iterator[SavedMute]:
    return (each for each in saved if each.mute.name == name and each.mute.ends > now)


def reach(deployment: Deployment) -> Muting:
    """The mutes of a deployed stack."""
    dynamodb, table = deployment.session.client("dynamodb"), deployment.output("StateTable")
    return Muting(
        mutes=DynamoDbMutes(dynamodb, table),
        buckets=DynamoDbBuckets(dynamodb, table),
        summaries=SqsSummaries(deployment.session.client("sqs"), deployment.output("SummaryQueueUrl")),
        grace=timedelta(seconds=int(deployment.output("GraceSeconds"))),
    )


def muted_data(muted: Muted, *, now: datetime) -> dict[str, Any]:
    """A mute as JSON types; times are ISO 8601 in UTC."""
    mute = muted.mute
    return {
        "name": mute.name,
        "state": _state(mute, now),
        "match": mute.match.source,
        "critical": mute.critical,
        "reason": mute.reason,
        "by": mute.by,
        "begins": f"{mute.begins:%Y-%m-%dT%H:%M:%SZ}",
        "ends": f"{mute.ends:%Y-%m-%dT%H:%M:%SZ}",
        "held": muted.held,
    }


def render_muted(muted: Sequence[Muted], *, now: datetime) -> str:
    """Mutes for people."""
    if not muted:
        return "nothing is muted\n"
    return "\n".join(line for each in muted for line in _lines(each, now)) + "\n"


def _lines(muted: Muted, now: datetime) -> Iterator[str]:
    mute = muted.mute
    yield f"{mute.name}  {_state(mute, now)}, holds {say_count(muted.held, 'alert')}"
    yield f"    from     {mute.begins:%Y-%m-%d %H:%M:%S} to {mute.ends:%Y-%m-%d %H:%M:%S} UTC"
    yield f"    by       {clean(mute.by)}"
    yield f"    because  {clean(mute.reason)}"
    yield f"    alerts   {describe_match(mute)}"


def _state(mute: Mute, now: datetime) -> str:
    return "begins soon" if now < mute.begins else "muted" if now < mute.ends else "ended"


def describe_match(mute: Mute) -> str:
    """What a mute holds, in words."""
    parts = [f"{name} {', '.join(values)}" for name, values in _conditions(mute.match.source)]
    return "; ".join([*parts, "critical ones too" if mute.critical else "none that is critical"])


def _conditions(pattern: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    alternatives = pattern.get("$or", [pattern] if "eventName" in pattern else [])
    operations = [
        f"{each['eventSource'][0].partition('.')[0]}:{name}"
        for each in alternatives
        for name in each["eventName"]
    ]
    finding = pattern.get("finding", {})
    actors = pattern.get("facts", {}).get("actor", {}).get("id", [])
    found = {
        "of": operations,
        "by": [each["wildcard"] if isinstance(each, dict) else each for each in actors],
        "in account": pattern.get("recipientAccountId", []),
        "in Region": pattern.get("awsRegion", []),
        "of rule": finding.get("rule", []),
        "of severity": finding.get("severity", []),
    }
    return ((name, [clean(each) for each in values]) for name, values in found.items() if values)
