"""What `detect` measures, on in-memory adapters."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handlers import detect
from handlers.adapters.memory_windows import MemoryWindows
from handlers.core.our_calls import OurCalls
from handlers.core.ruleset import Ruleset
from handlers.pipeline.outside import Outside
from tests.support.outside import make_outside
from tests.support.records import make_event
from tests.support.rules import make_ruleset
from tests.support.telling import muted

CALLED = datetime(2026, 11, 22, 9, 30, 15, tzinfo=UTC)
NOW = CALLED + timedelta(seconds=3)
CANARY_ROLE = "arn:aws:iam::111122223333:role/canary"
CANARY = "arn:aws:iot:eu-west-1:111122223333:policy/thingwatch-canary-Thingwatch"
DEDUP = {"high": {"window": 600, "first": 1}}


def measure(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *events: dict[str, Any],
    ruleset: Ruleset | None = None,
    outside: Outside | None = None,
    now: datetime = NOW,
) -> list[dict[str, Any]]:
    """The metrics of each event, by name."""
    wiring = detect._Wiring(
        ruleset=ruleset or make_ruleset(),
        windows=MemoryWindows(),
        outside=outside or make_outside(now),
        our_calls=OurCalls("arn:aws:iam::111122223333:role/deliver", CANARY_ROLE, CANARY),
        stack="Thingwatch",
    )
    monkeypatch.setattr(detect, "_wire", lambda: wiring)
    monkeypatch.setattr(detect, "_now", lambda: now)
    for event in events:
        detect.handler(event, None)  # type: ignore[arg-type]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"Thingwatch"} == {line["Stack"] for line in lines}
    return [{name: each for name, each in line.items() if name not in ("_aws", "Stack")} for line in lines]


def test_a_call_is_judged_and_told_some_seconds_after_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (line,) = measure(monkeypatch, capsys, make_event())
    assert {"Judged": [1], "SecondsToJudge": [3], "Told": [1]} == line


def test_what_is_held_back_is_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    events = [make_event(eventID=str(number)) for number in range(3)]
    lines = measure(monkeypatch, capsys, *events, ruleset=make_ruleset(dedup=DEDUP))
    assert [{"Told"}, {"Held"}, {"Held"}] == [line.keys() & {"Told", "Held"} for line in lines]


def test_what_a_mute_holds_is_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outside = make_outside(NOW)
    outside.mutes.put(muted(begins=CALLED - timedelta(hours=1), ends=CALLED + timedelta(hours=1)))
    (line,) = measure(monkeypatch, capsys, make_event(), outside=outside)
    assert {"Judged": [1], "SecondsToJudge": [3], "Muted": [1]} == line


def test_what_is_suppressed_is_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    suppression = {
        "name": "known",
        "match": {"awsRegion": ["eu-west-1"]},
        "until": "2027-01-01",
        "reason": "why",
    }
    (line,) = measure(monkeypatch, capsys, make_event(), ruleset=make_ruleset(suppressions=[suppression]))
    assert {"Judged": [1], "SecondsToJudge": [3], "Suppressed": [1]} == line


def test_a_clock_that_is_behind_makes_no_negative_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (line,) = measure(monkeypatch, capsys, make_event(), now=CALLED - timedelta(seconds=1))
    assert [0] == line["SecondsToJudge"]


def test_a_call_that_is_no_finding_is_judged(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (line,) = measure(monkeypatch, capsys, make_event("ListThings", readOnly=True))
    assert {"Judged": [1], "SecondsToJudge": [3]} == line


def test_the_canary_is_measured_and_nothing_else_of_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    issuer = {"type": "Role", "arn": CANARY_ROLE, "userName": "canary"}
    identity = {"type": "AssumedRole", "sessionContext": {"sessionIssuer": issuer}}
    event = make_event("TagResource", userIdentity=identity, requestParameters={"resourceArn": CANARY})
    outside = make_outside(NOW)
    assert [{"SecondsToCanary": [3]}] == measure(monkeypatch, capsys, event, outside=outside)
