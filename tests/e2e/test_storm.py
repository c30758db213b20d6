"""Many calls of one actor on the deployed stack: few messages, whose counts add up, and nobody else waits.

All of it happens at once, so that the minute after which a mute takes effect is waited for once.
"""

import json
import random
import shlex
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cli.replay import Tally, replay
from handlers.adapters.dynamodb_buckets import DynamoDbBuckets
from handlers.core.dedup import Dedup, find_bucket
from handlers.core.record import parse_record
from local.aws import ACCOUNT, REGION
from local.slack import Told
from local.waiting import wait_until
from rulebook.compile import compile_file
from tests.e2e.conftest import CONFIG, PATIENCE, WIDE_OPEN, World, make_user
from tests.support.catalog import CATALOG
from tests.support.documents import blocks
from tests.support.records import make_event

THINGWATCH = Path(sys.executable).with_name("thingwatch")
WINDOW = 60
"""Seconds of the dedup of iot:UpdateThing, of which three are told at once (tests/e2e/alerts.yaml)."""
FIRST = 3
_CHANCE = random.Random(1)  # noqa: S311 - to be the same again
A_SECOND = 40
"""So many records at least does the embedded AWS take in a second; mostly thrice as many."""
AT_ONCE = 100
"""So many wait for a function at most: the embedded AWS runs four at a time, AWS a thousand."""


def call(actor: str, time: datetime, number: int) -> dict[str, Any]:
    """The record of a thing that was updated."""
    identity = {"type": "IAMUser", "userName": actor, "arn": f"arn:aws:iam::{ACCOUNT}:user/{actor}"}
    return dict(
        make_event(
            "UpdateThing",
            eventID=f"{actor}-{number}",
            eventTime=f"{time:%Y-%m-%dT%H:%M:%SZ}",
            userIdentity={**identity, "accountId": ACCOUNT},
            requestParameters={"thingName": f"lamp-{number}"},
            sourceIPAddress=f"198.51.100.{number % 250}",
            awsRegion=REGION,
            recipientAccountId=ACCOUNT,
        )["detail"]
    )


@dataclass
class Night:
    """What happened, and who was told."""

    world: World
    records: int
    """Of the storm."""
    seconds: dict[str, float] = field(default_factory=dict)

    def say(self, *arguments: str) -> tuple[int, str]:
        """A command of the operator: its exit code and what it prints."""
        done = subprocess.run(
            [str(THINGWATCH), *arguments],
            env=self.world.aws.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def run(self, *arguments: str) -> Any:
        """What a command of the operator prints, as JSON."""
        code, said = self.say(*arguments, "--json")
        assert 0 == code, said
        return json.loads(said)

    def put(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Put records, several at a time."""
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(self.world.aws.put_record, records))

    def put_paced(self, storm: Sequence[Mapping[str, Any]], *, already: int) -> None:
        """Put records of the storm, behind those that were put already, as fast as they are taken."""
        record = parse_record(storm[0])
        (told, *_) = replay([record], compile_file(CONFIG, CATALOG), Tally())
        dedup, second = Dedup(WINDOW, FIRST), int(record.event_time.timestamp())
        key = find_bucket(told.alert.dedup_key, dedup, ("audit", "secops"), second).key
        buckets = DynamoDbBuckets(self.world.aws.client("dynamodb"), self.world.outputs["StateTable"])
        for start in range(0, len(storm), AT_ONCE):
            self.put(storm[start : start + AT_ONCE])
            put = already + min(start + AT_ONCE, len(storm))
            wait_until(partial(_has_taken, buckets, key, put - AT_ONCE // 2), PATIENCE)

    def in_slack(self, actor: str) -> list[Told]:
        """The alerts that Slack took of an actor."""
        told = [told for message in self.world.slack.messages for told in message.told]
        return [each for each in told if f"by {actor}" in each.headline]

    def on_sns(self, actor: str) -> list[Mapping[str, Any]]:
        return [each for each in self.world.inbox.poll() if each["actor"]["name"] == actor]

    def ends_of_mutes(self) -> list[Mapping[str, Any]]:
        """What SNS was told of mutes; they are of no single actor."""
        return [each for each in self.world.inbox.poll() if each["rollup"] and each["rollup"]["mute"]]

    def counted(self, actor: str) -> int:
        """How many alerts those on SNS tell of, one by one and in rollups."""
        return sum(each["rollup"]["count"] if each["rollup"] else 1 for each in self.on_sns(actor))


@pytest.fixture(scope="module")
def night(deployed: World, request: pytest.FixtureRequest) -> Night:
    size: Callable[[int], int] = request.getfixturevalue("size")
    night = Night(deployed, records=size(5000))
    muted = night.run("mute", "quiet", "--operation", "iot:UpdateThing", "--actor", arn("muted"),
                      "--for", "2h", "--reason", "load test")  # fmt: skip
    begins = datetime.fromisoformat(muted["begins"])
    known_by = datetime.now(UTC) + timedelta(seconds=16)
    intruder = make_user(deployed.aws, "night-intruder")
    bucket = start_of_bucket(time.time() + night.records / A_SECOND + 10)
    storm = [call("storm", bucket + timedelta(seconds=n % WINDOW), n) for n in range(night.records)]
    _CHANCE.shuffle(storm)
    half = len(storm) // 2
    night.put_paced(storm[:half], already=0)
    with ThreadPoolExecutor(1) as pool:
        rest = pool.submit(night.put_paced, storm[half:], already=half)
        began = datetime.now(UTC)
        intruder.create_policy(policyName="night", policyDocument=WIDE_OPEN)
        message, *_ = wait_until(
            lambda: deployed.in_slack("night", about="critical iot:CreatePolicy"), PATIENCE
        )
        night.seconds["critical"] = (message.received - began).total_seconds()
        rest.result()
    wait_until(lambda: datetime.now(UTC) > known_by, PATIENCE)
    night.put([call("muted", begins + timedelta(seconds=1), number) for number in range(7)])
    wait_until(lambda: night.run("mutes")[0]["held"] == 7, PATIENCE)
    night.run("unmute", "quiet")
    wait_until(lambda: night.counted("storm") == night.records, PATIENCE + WINDOW + night.records / A_SECOND)
    return night


def _has_taken(buckets: DynamoDbBuckets, key: str, number: int) -> bool:
    return len(buckets.read(key).told) + buckets.read_held(key).total >= number


def start_of_bucket(ends_after: float) -> datetime:
    """The begin of the first bucket that ends after a time."""
    return datetime.fromtimestamp(ends_after // WINDOW * WINDOW, UTC)


def arn(actor: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:user/{actor}"


def test_a_storm_becomes_few_messages_whose_counts_add_up_exactly(night: Night) -> None:
    kinds = Counter(each["kind"] for each in night.on_sns("storm"))
    assert (FIRST, True) == (kinds["alert"], kinds["rollup"] <= 5)
    assert night.records == night.counted("storm")
    wait_until(lambda: len(night.in_slack("storm")) == kinds.total(), PATIENCE)
    assert len(night.in_slack("storm")) <= 8


def test_a_critical_call_of_another_actor_in_the_middle_of_a_storm_arrives_at_once(night: Night) -> None:
    assert night.seconds["critical"] < PATIENCE / 3


def test_what_a_mute_holds_is_counted_and_told_once_when_it_ends(night: Night) -> None:
    (rollup,) = wait_until(night.ends_of_mutes, PATIENCE + 60)
    assert (7, "quiet", "load test", "high") == (
        rollup["rollup"]["count"],
        rollup["rollup"]["mute"]["name"],
        rollup["rollup"]["mute"]["reason"],
        rollup["severity"],
    )
    (message,) = wait_until(lambda: night.world.in_slack("Mute quiet ended"), PATIENCE)
    assert "Mute quiet ended; it held 7 alerts" in [each.headline for each in message.told]
    listed = [
        [each["state"] for each in night.run("mutes", *all_) if each["name"] == "quiet"]
        for all_ in ((), ("--all",))
    ]
    assert [[], ["ended"]] == listed


def test_a_day_of_late_and_repeated_records_makes_the_sums_of_an_on_time_day(
    night: Night, size: Callable[[int], int]
) -> None:
    day = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    hours = [day + timedelta(hours=hour) for hour in range(0, 24, 4)]
    records = [
        call(f"late-{number % 3}", _CHANCE.choice(hours) + timedelta(seconds=_CHANCE.randrange(90)), number)
        for number in range(size(600))
    ]
    late = [each for each in records for _ in range(_CHANCE.choice((1, 2)))]
    _CHANCE.shuffle(late)
    night.put(late)
    on_time = list(replay(map(parse_record, records), compile_file(CONFIG, CATALOG), Tally()))
    for actor in ("late-0", "late-1", "late-2"):
        alerts = [each.alert for each in on_time if each.alert.actor.name == actor]
        ones = sum(each.kind == "alert" for each in alerts)
        held = sum(each.rollup.count for each in alerts if each.rollup is not None)
        assert sum(each["userIdentity"]["userName"] == actor for each in records) == ones + held
        wait_until(partial(_has_counted, night, actor, ones + held), PATIENCE)
        assert ones == sum(each["kind"] == "alert" for each in night.on_sns(actor))


def _has_counted(night: Night, actor: str, number: int) -> bool:
    return night.counted(actor) == number


def test_the_commands_of_the_docs_do_what_they_say(night: Night) -> None:
    text = (Path(__file__).parents[2] / "docs" / "thresholds.md").read_text(encoding="utf-8")
    (shown,) = [block for block in blocks(text, "sh") if "thingwatch mute " in block]
    said = [night.say(*shlex.split(line, comments=True)[1:]) for line in shown.splitlines()]
    assert [0, 0, 0] == [code for code, _ in said]
    begun, listed, ended = (text for _, text in said)
    assert begun.startswith("load-test: takes effect at ")
    assert (
        "\nIt holds alerts: of iot:CreateThing; by arn:aws:iam::111122223333:role/ci; none that is" in begun
    )
    assert listed.startswith("load-test  begins soon, holds 0 alerts\n")
    assert ended.startswith("load-test: ends at ")
    assert "It holds 0 alerts; so far nobody has to be told.\n" in ended


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        (["unmute", "nothing"], 1, 'nothing of the name "nothing" is muted; '),
        (
            ["mutes", "--stack", "Other"],
            2,
            "there is no stack Other in us-east-1; --stack, --stack-region and",
        ),
        (
            ["mutes", "--stack", "CDKToolkit"],
            2,
            "the stack has no output StateTable: deploy this release first",
        ),
    ],
)
def test_a_command_that_finds_nothing_says_so_in_one_line(
    night: Night, command: list[str], code: int, said: str
) -> None:
    found = night.say(*command)
    assert (code, True, 1) == (found[0], found[1].startswith(said), found[1].count("\n"))
