"""Mutes by command: what they match, what is refused, how they are listed and ended; on stores in memory."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cli.mutes import BadMute, Muting, NoSuchMute, Wanted, make_mute, muted_data, render_muted
from handlers.adapters.memory_buckets import MemoryBuckets
from handlers.adapters.memory_mutes import MemoryMutes
from handlers.core.judgement import with_finding
from handlers.core.mutes import Mute
from handlers.core.rollups import hold
from handlers.core.severity import Severity
from tests.support.alerts import make_alert
from tests.support.catalog import CATALOG
from tests.support.command import refused
from tests.support.findings import judge_call
from tests.support.outside import MemorySummaries
from tests.support.rules import make_ruleset

NOW = datetime(2026, 11, 22, 9, 0, 0, 250_000, tzinfo=UTC)
BEGINS = datetime(2026, 11, 22, 9, 1, 1, tzinfo=UTC)
ALICE = "arn:aws:iam::111122223333:user/alice"
WANTED = Wanted("load-test", "2h", "weekly load test", operations=["iot:UpdateCertificate"])


def make(**changes: Any) -> Mute:
    return make_mute(replace(WANTED, **changes), CATALOG, by=ALICE, now=NOW)


def begin(muting: Muting, *, now: datetime = NOW, **changes: Any) -> Mute:
    return muting.begin(replace(WANTED, **changes), CATALOG, by=ALICE, clock=lambda: now)


def test_a_mute_begins_a_minute_after_the_command_on_a_whole_second_and_lasts_as_long_as_it_says() -> None:
    mute = make()
    assert (BEGINS, BEGINS + timedelta(hours=2), ALICE) == (mute.begins, mute.ends, mute.by)


@pytest.mark.parametrize(
    ("changes", "is_held"),
    [
        ({}, True),
        ({"operations": ["iot:CreateThing", "iot:UpdateCertificate"]}, True),
        ({"operations": ["iot:CreateThing"]}, False),
        ({"operations": ["iotwireless:CreateWirelessDevice", "iot:UpdateCertificate"]}, True),
        ({"actors": ["arn:aws:iam::111122223333:role/fleet-admin"]}, True),
        ({"actors": ["arn:aws:iam::111122223333:role/fleet-*"]}, True),
        ({"actors": ["arn:aws:iam::111122223333:role/other"]}, False),
        ({"accounts": ["111122223333"], "regions": ["eu-west-1"]}, True),
        ({"accounts": ["111122223333"], "regions": ["us-east-1"]}, False),
        ({"rules": ["iot:UpdateCertificate"]}, True),
        ({"rules": ["mine"]}, False),
        ({"severity_at_most": Severity.HIGH}, True),
        ({"severity_at_most": Severity.MEDIUM}, False),
    ],
)
def test_options_narrow_and_values_of_one_option_are_alternatives(
    changes: dict[str, Any], is_held: bool
) -> None:
    judged = judge_call(make_ruleset())
    assert judged.finding is not None
    view = with_finding(judged.view, judged.finding.verdicts)
    assert is_held is make(**changes).match.matches(view)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"operations": []},
            "a mute of everything hides an attack: say which alerts, by --operation, --actor",
        ),
        (
            {"operations": ["iot:CreateThng"]},
            'no such operation: "iot:CreateThng"; did you mean "iot:CreateThing"?',
        ),
        ({"operations": ["CreateThing"]}, "--operation: no such operation"),
        ({"operations": ["s3:PutObject"]}, "--operation: no such operation"),
        (
            {"name": "Load Test"},
            "NAME: a name has up to 40 small letters, digits and hyphens, a letter first",
        ),
        ({"reason": "  "}, "--reason: is empty"),
        ({"span": "2"}, "--for: write a number and its unit (s, m, h or d)"),
        ({"span": "8d"}, "--for: a mute is from 1m to 7d"),
        ({"span": "30s"}, "--for: a mute is from 1m to 7d"),
        ({"accounts": ["42"]}, "--account: an account id has 12 digits"),
        ({"regions": ["Ireland"]}, "--region: write a Region's code, such as eu-west-1"),
        (
            {"actors": ["arn:aws:sts::111122223333:assumed-role/ci/x"]},
            "--actor: this is a session; write the ARN of its role",
        ),
        (
            {"severity_at_most": Severity.CRITICAL},
            "--severity-at-most: critical alerts are muted only with --critical",
        ),
    ],
)
def test_what_can_not_be_meant_is_refused_with_what_to_write(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(BadMute) as caught:
        make(**changes)
    assert said in str(caught.value)


@dataclass
class World:
    """Stores in memory and the mutes in them."""

    mutes: MemoryMutes = field(default_factory=MemoryMutes)
    buckets: MemoryBuckets = field(default_factory=MemoryBuckets)
    summaries: MemorySummaries = field(default_factory=MemorySummaries)

    def __post_init__(self) -> None:
        self.muting = Muting(self.mutes, self.buckets, self.summaries, grace=timedelta(minutes=5))

    def hold(self, mute: Mute, audience: tuple[str, ...], count: int) -> None:
        """Hold so many alerts for an audience."""
        self.mutes.register(mute, audience, make_alert())
        for number in range(count):
            held = hold(make_alert(eventID=f"{audience}{number}"), number)
            self.buckets.hold(mute.bucket_for(audience).key, held, lapses=mute.ends)


def test_a_name_is_taken_until_its_mute_has_ended() -> None:
    world = World()
    begin(world.muting)
    with pytest.raises(
        BadMute, match="load-test is muted already, until 2026-11-22 11:01:01 UTC; unmute it first"
    ):
        begin(world.muting, now=NOW + timedelta(minutes=1))
    begin(world.muting, now=BEGINS + timedelta(hours=2))


def test_mutes_are_listed_with_what_they_hold_for_all_audiences_together() -> None:
    world = World()
    mute = begin(world.muting)
    world.hold(mute, ("audit",), 3)
    world.hold(mute, ("secops", "audit"), 2)
    (muted,) = world.muting.list_muted(now=BEGINS, ended=False)
    assert {
        "name": "load-test",
        "state": "muted",
        "match": {"eventSource": ["iot.amazonaws.com"], "eventName": ["UpdateCertificate"]},
        "critical": False,
        "reason": "weekly load test",
        "by": ALICE,
        "begins": "2026-11-22T09:01:01Z",
        "ends": "2026-11-22T11:01:01Z",
        "held": 5,
    } == muted_data(muted, now=BEGINS)


def test_mutes_are_read_by_people_too() -> None:
    world = World()
    assert "nothing is muted\n" == render_muted([], now=NOW)
    begin(
        world.muting,
        actors=["arn:aws:iam::111122223333:role/ci-*"],
        severity_at_most=Severity.LOW,
        regions=["eu-west-1"],
    )
    expected = """\
load-test  begins soon, holds 0 alerts
    from     2026-11-22 09:01:01 to 2026-11-22 11:01:01 UTC
    by       arn:aws:iam::111122223333:user/alice
    because  weekly load test
    alerts   of iot:UpdateCertificate; by arn:aws:iam::111122223333:role/ci-*; in Region eu-west-1; \
of severity informational, low; none that is critical
"""
    assert expected == render_muted(world.muting.list_muted(now=NOW, ended=False), now=NOW)


@pytest.mark.parametrize("ended", [False, True])
def test_what_has_ended_is_listed_only_when_asked_for(ended: bool) -> None:
    world = World()
    begin(world.muting)
    found = world.muting.list_muted(now=BEGINS + timedelta(hours=2), ended=ended)
    assert (["ended"] if ended else []) == [muted_data(each, now=each.mute.ends)["state"] for each in found]


def test_a_mute_begins_a_minute_after_it_is_written_however_slow_aws_is() -> None:
    world, times = World(), iter([NOW, NOW + timedelta(seconds=75)])
    mute = world.muting.begin(WANTED, CATALOG, by=ALICE, clock=lambda: next(times))
    assert BEGINS + timedelta(seconds=75) == mute.begins


def test_unmute_ends_it_in_a_minute_and_asks_that_each_audience_is_told() -> None:
    world = World()
    mute = begin(world.muting)
    world.hold(mute, ("audit",), 3)
    world.hold(mute, ("secops", "audit"), 2)
    now = BEGINS + timedelta(minutes=10)
    (muted,) = world.muting.end("load-test", clock=lambda: now)
    ends = now + timedelta(minutes=1)
    assert (ends, 5) == (muted.mute.ends, muted.held)
    assert [(("secops", "audit"), ends), (("audit",), ends)] == [
        (each.destinations, each.bucket.ends)
        for each in sorted(world.summaries.asked, key=lambda each: -len(each.destinations))
    ]
    due = [each.due for each in world.summaries.asked]
    assert all(ends + timedelta(minutes=5) <= each <= ends + timedelta(minutes=10) for each in due)
    assert ["load-test"] == [each.mute.name for each in world.summaries.asked[:1] if each.mute]


def test_unmute_of_what_is_not_muted_says_what_is() -> None:
    world = World()
    with pytest.raises(NoSuchMute, match='nothing of the name "x" is muted; nothing is muted'):
        world.muting.end("x", clock=lambda: NOW)
    begin(world.muting)
    with pytest.raises(NoSuchMute, match='muted are load-test; did you mean "load-test"'):
        world.muting.end("load-tst", clock=lambda: NOW)


@pytest.mark.parametrize("command", [["mutes"], ["unmute", "x"]])
def test_without_a_region_or_credentials_a_command_says_so_in_one_line(
    command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    assert "AWS: You must specify a region.\n" == refused(*command)
    assert "AWS: The config profile (nobody) could not be found\n" == refused(*command, "--profile", "nobody")
