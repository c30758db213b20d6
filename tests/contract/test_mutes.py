"""One contract, two stores of mutes: in memory, and in a table of the embedded AWS."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from handlers.adapters.dynamodb_mutes import DynamoDbMutes
from handlers.adapters.memory_mutes import MemoryMutes
from handlers.core.mutes import Mute, SavedMute
from handlers.core.record_pattern import RecordPattern
from handlers.pipeline.outside import Mutes
from local.aws import EmbeddedAws
from tests.support.alerts import make_alert
from tests.support.state import make_state_table

BEGINS = datetime(2026, 11, 22, 9, 1, tzinfo=UTC)
MUTE = Mute(
    name="load-test",
    match=RecordPattern({"eventName": ["CreateThing"], "facts": {"actor": {"id": [{"wildcard": "*/ci-*"}]}}}),
    reason="load test 🌩",
    by="arn:aws:iam::111122223333:user/alice",
    begins=BEGINS,
    ends=BEGINS + timedelta(hours=2),
)


@pytest.fixture(params=["memory", "dynamodb"])
def mutes(request: pytest.FixtureRequest) -> Iterator[Mutes]:
    if request.param == "memory":
        yield MemoryMutes()
        return
    aws: EmbeddedAws = request.getfixturevalue("aws")
    make_state_table(aws, "mutes")
    yield DynamoDbMutes(aws.client("dynamodb"), "mutes")
    aws.client("dynamodb").delete_table(TableName="mutes")


def test_where_nobody_muted_there_are_none(mutes: Mutes) -> None:
    assert [] == list(mutes.read())


def test_a_mute_is_read_as_it_was_put(mutes: Mutes) -> None:
    critical = replace(MUTE, name="all", critical=True)
    mutes.put(MUTE)
    mutes.put(critical)
    assert {"load-test": SavedMute(MUTE), "all": SavedMute(critical)} == {
        each.mute.name: each for each in mutes.read()
    }


def test_the_same_name_at_another_time_is_another_mute(mutes: Mutes) -> None:
    again = replace(MUTE, begins=BEGINS + timedelta(days=1))
    mutes.put(MUTE)
    mutes.put(again)
    assert 2 == len(mutes.read())


def test_each_audience_is_registered_once_and_the_answer_says_when_the_mute_ends(mutes: Mutes) -> None:
    mutes.put(MUTE)
    first, later = make_alert(), make_alert(eventID="later")
    audiences = [(("secops", "audit"), first), (("audit",), first), (("audit",), later)]
    assert [MUTE.ends] * 3 == [mutes.register(MUTE, *each) for each in audiences]
    (saved,) = mutes.read()
    assert {("secops", "audit"): first, ("audit",): first} == saved.audiences


def test_who_ends_a_mute_learns_of_every_audience_before_and_who_registers_later_of_the_end(
    mutes: Mutes,
) -> None:
    mutes.put(MUTE)
    mutes.register(MUTE, ("audit",), make_alert())
    ends = BEGINS + timedelta(minutes=5)
    ended = replace(MUTE, ends=ends)
    assert SavedMute(ended, {("audit",): make_alert()}) == mutes.end(MUTE, ends)
    assert ends == mutes.register(MUTE, ("secops",), make_alert())
    assert [ended] == [each.mute for each in mutes.read()]


def test_a_mute_is_never_made_longer(mutes: Mutes) -> None:
    mutes.put(MUTE)
    assert MUTE.ends == mutes.end(MUTE, MUTE.ends + timedelta(days=1)).mute.ends
    mutes.end(MUTE, BEGINS)
    assert BEGINS == mutes.end(MUTE, BEGINS + timedelta(minutes=1)).mute.ends


def test_a_mute_that_lapsed_meanwhile_ends_as_it_was_read(mutes: Mutes) -> None:
    assert MUTE.ends == mutes.register(MUTE, ("audit",), make_alert())
    assert SavedMute(MUTE) == mutes.end(MUTE, BEGINS)
    assert [] == list(mutes.read())


def test_a_mute_of_an_earlier_release_is_read_for_ever(aws: EmbeddedAws) -> None:
    make_state_table(aws, "mutes-before")
    mute = (
        '{"name": "load-test", "match": {"eventName": ["CreateThing"]}, "reason": "r", "by": "b",'
        ' "begins": "2026-11-22T09:01:00+00:00", "ends": "2026-11-22T11:01:00+00:00", "critical": false}'
    )
    item = {"key": {"S": "mutes"}, "place": {"S": "1"}, "mute": {"S": mute}, "ends": {"N": "1795345260"}}
    dynamodb = aws.client("dynamodb")
    dynamodb.put_item(TableName="mutes-before", Item={**item, "audiences": {"M": {}}, "lapses": {"N": "1"}})
    (saved,) = DynamoDbMutes(dynamodb, "mutes-before").read()
    assert ("load-test", BEGINS + timedelta(hours=2)) == (saved.mute.name, saved.mute.ends)
