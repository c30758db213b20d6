"""What happens in one seed: calls, how they arrive, commands of operators, and how much may go wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from typing import Any, NamedTuple

from handlers.core.alert_building import build_alert
from handlers.core.dedup import OFF, Dedup
from handlers.core.judgement import judge_event
from handlers.core.record import parse_event
from handlers.core.record_pattern import RecordPattern
from handlers.core.ruleset import Ruleset
from handlers.core.severity import Severity
from handlers.pipeline.detection import _propose
from handlers.pipeline.telling import Candidate
from tests.support.records import make_event
from tests.support.rules import make_ruleset

BEGIN = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
"""Every window begins here."""


def _call(name: str, *, status: str = "ACTIVE", address: str = "198.51.100.7") -> Mapping[str, Any]:
    record = make_event()["detail"]
    identity = {**record["userIdentity"], "arn": f"arn:aws:sts::111122223333:assumed-role/{name}/s"}
    issuer = {"type": "Role", "arn": f"arn:aws:iam::111122223333:role/{name}", "userName": name}
    return {
        "userIdentity": {**identity, "sessionContext": {"sessionIssuer": issuer}},
        "requestParameters": {**record["requestParameters"], "newStatus": status},
        "sourceIPAddress": address,
    }


CALLS: tuple[Mapping[str, Any], ...] = (
    _call("fleet-admin"),
    _call("fleet-admin", status="INACTIVE"),
    _call("fleet-admin", status="INACTIVE", address="203.0.113.9"),
    _call("pipeline"),
    {**_call("root"), "userIdentity": {"type": "Root", "arn": "arn:aws:iam::111122223333:root"}},
)
"""The kinds of call. The second and the third differ in their audience alone; the last is critical."""

MUTABLE: tuple[RecordPattern, ...] = (
    RecordPattern({"eventName": ["UpdateCertificate"]}),
    RecordPattern({"requestParameters": {"newStatus": ["ACTIVE"]}}),
    RecordPattern({"facts": {"actor": {"name": [{"prefix": "fleet-"}]}}}),
)
"""What operators mute."""

_RULESET = make_ruleset(
    destinations={
        "secops": {"name": "secops", "kind": "slack", "secret": "ssm:/thingwatch/slack/secops"},
        "oncall": {"name": "oncall", "kind": "slack", "secret": "ssm:/thingwatch/slack/oncall"},
        "archive": {"name": "archive", "kind": "slack", "secret": "ssm:/x", "dedup": False},
    },
    routes=[
        {"severities": ["critical", "high"], "match": None, "to": ["secops", "archive"]},
        {"severities": ["critical", "medium"], "match": None, "to": ["oncall"]},
        {"severities": ["medium"], "match": {"sourceIPAddress": ["203.0.113.9"]}, "to": ["secops"]},
    ],
)


@cache
def _propose_kind(kind: int) -> Candidate:
    return propose(_make_event(kind, 0, BEGIN), _RULESET)


def _make_event(kind: int, number: int, time: datetime) -> Mapping[str, Any]:
    about = {"eventID": f"record-{number}", "eventTime": f"{time:%Y-%m-%dT%H:%M:%SZ}"}
    return make_event(**{**CALLS[kind], **about})


def propose(event: Mapping[str, Any], ruleset: Ruleset) -> Candidate:
    """What `detect` would tell of an event."""
    judged = judge_event(parse_event(event), ruleset)
    assert judged.finding is not None
    return _propose(build_alert(judged, judged.finding, ruleset), judged.finding, judged, ruleset)


class Recorded(NamedTuple):
    """A call and its alert. The event is there where the story is played from `detect` on."""

    number: int
    candidate: Candidate
    event: Mapping[str, Any] | None


class Command(NamedTuple):
    """An operator's command: mute what matches for so long, or end that."""

    name: str
    match: RecordPattern
    lasts: timedelta | None
    """None: `unmute`."""
    critical: bool


@dataclass(frozen=True, slots=True)
class Story:
    """What happens."""

    ruleset: Ruleset
    grace: timedelta
    is_whole: bool
    """Whether records are judged, and queue messages are written as JSON and read again."""
    records: tuple[Recorded, ...]
    arrivals: tuple[tuple[datetime, Recorded], ...]
    commands: tuple[tuple[datetime, Command], ...]
    faults: int
    """So many things may go wrong."""
    fault_rate: float
    """How likely each call is to go wrong."""
    most_runs: int
    """So many runs go on at once."""
    pace: float
    """The longest that a call takes, in seconds, while things may go wrong."""


def make_story(random: Random) -> Story:
    """A story, all of it chosen by `random`."""
    window = random.choice((10, 10, 60, 600))
    dedup = Dedup(window, random.choice((1, 1, 2, 3)))
    ruleset = replace(
        _RULESET,
        dedup={
            Severity.CRITICAL: random.choice((dedup, OFF)),
            Severity.HIGH: dedup,
            Severity.MEDIUM: replace(dedup, first=1),
        },
    )
    is_whole = random.random() < 0.05
    commands = _make_commands(random) if random.random() < 0.3 else ()
    kinds = random.choices(range(len(CALLS)), weights=(6, 3, 2, 2, 2), k=random.choice((1, 1, 2)))
    times = _choose_times(random, window, commands)
    records = tuple(
        _record(random.choice(kinds), number, BEGIN + timedelta(seconds=second), ruleset, is_whole=is_whole)
        for number, second in enumerate(times)
    )
    twice = [each for each in records if random.random() < 0.15]
    grace = random.choice((1, 1, 10, 60, 300))
    arrivals = [
        (each.candidate.alert.time + timedelta(seconds=_choose_lag(random, window, grace)), each)
        for each in (*records, *twice)
    ]
    return Story(
        ruleset=ruleset,
        grace=timedelta(seconds=grace),
        is_whole=is_whole,
        records=records,
        arrivals=tuple(sorted(arrivals, key=lambda pair: pair[0])),
        commands=commands,
        faults=random.choice((0, 2, 4, 8)),
        fault_rate=random.choice((0.02, 0.1)),
        most_runs=random.choice((1, 2, 3, 4)),
        pace=random.choice((0.05, 1.0, 10.0)),
    )


def _record(kind: int, number: int, time: datetime, ruleset: Ruleset, *, is_whole: bool) -> Recorded:
    if is_whole:
        event = _make_event(kind, number, time)
        return Recorded(number, propose(event, ruleset), event)
    found = _propose_kind(kind)
    alert = replace(found.alert, alert_id=f"{number:024x}", time=time)
    dedup = ruleset.dedup[alert.severity]
    return Recorded(
        number, Candidate(alert, found.destinations, dedup, found.view, int(time.timestamp())), None
    )


def _choose_times(random: Random, window: int, commands: tuple[tuple[datetime, Command], ...]) -> list[int]:
    """Seconds after the beginning: most of them close together, in a window, at its edge, and where mutes
    begin and end.
    """
    edges = [window] + [int((at - BEGIN).total_seconds()) + 60 for at, _ in commands]
    around = random.choice(edges)
    spread = random.choice((1, 3, window, 2 * window))
    return [max(0, around + random.randint(-spread, spread)) for _ in range(random.randint(2, 8))]


def _choose_lag(random: Random, window: int, grace: int) -> float:
    longest = random.choices((0.1, 2, window + grace, 3 * (window + grace)), weights=(8, 4, 4, 1))[0]
    return random.random() * longest


def _make_commands(random: Random) -> tuple[tuple[datetime, Command], ...]:
    commands = []
    for number in range(random.choice((1, 1, 2))):
        at = BEGIN + timedelta(seconds=random.randint(-60, 60))
        lasts = timedelta(seconds=random.choice((5, 60, 300, 7200)))
        mute = Command(f"mute-{number}", random.choice(MUTABLE), lasts, random.random() < 0.3)
        commands.append((at, mute))
        if random.random() < 0.6:
            ends_at = at + timedelta(seconds=random.randint(1, 200))
            commands.append((ends_at, mute._replace(lasts=None)))
    return tuple(commands)
