"""One contract, two stores of buckets: in memory, and in a table of the embedded AWS."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from handlers.adapters import dynamodb_buckets
from handlers.adapters.dynamodb_buckets import DynamoDbBuckets
from handlers.adapters.memory_buckets import MemoryBuckets
from handlers.core.digest import digest
from handlers.core.rollups import HeldAlert, HeldAlerts
from handlers.core.severity import Severity
from handlers.pipeline.outside import Buckets, Head
from local.aws import EmbeddedAws, Fault

LAPSES = datetime(2027, 1, 1, tzinfo=UTC)

_keys = count()


@pytest.fixture(params=["memory", "dynamodb"])
def buckets(request: pytest.FixtureRequest) -> Buckets:
    if request.param == "memory":
        return MemoryBuckets()
    aws: EmbeddedAws = request.getfixturevalue("aws")
    return DynamoDbBuckets(aws.client("dynamodb"), "state")


@pytest.fixture
def key() -> str:
    return f"bucket-{next(_keys)}"


def held(
    number: int, *, time: int = 100, severity: Severity = Severity.HIGH, subject: str | None = None
) -> HeldAlert:
    return HeldAlert(digest(str(number)), time, severity, subject, "198.51.100.7")


def tell(buckets: Buckets, key: str, alert_id: str, first: int = 2) -> Head | None:
    return buckets.tell(key, alert_id, first=first, lapses=LAPSES)


def hold(buckets: Buckets, key: str, *alerts: HeldAlert) -> None:
    for each in alerts:
        buckets.hold(key, each, lapses=LAPSES)


def begin(buckets: Buckets, key: str, rolled: int, upto: int) -> bool:
    return buckets.begin_rollup(key, rolled=rolled, upto=upto, lapses=LAPSES)


def test_the_first_few_are_told_and_the_next_learns_who_they_are(buckets: Buckets, key: str) -> None:
    assert [None, None] == [tell(buckets, key, "a"), tell(buckets, key, "b")]
    assert Head(frozenset({"a", "b"})) == tell(buckets, key, "c")
    assert Head(frozenset({"a", "b"})) == buckets.read(key)


def test_who_is_told_stays_told_and_who_is_not_stays_so_however_often_they_ask(
    buckets: Buckets, key: str
) -> None:
    told = [[tell(buckets, key, each) is None for each in "abcabc"] for _ in range(2)]
    assert [[True, True, False] * 2] * 2 == told


def test_of_many_at_once_exactly_the_first_few_are_told(buckets: Buckets, key: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: tell(buckets, key, f"{number % 20}", 3), range(40)))
    told = [number % 20 for number, answer in enumerate(answers) if answer is None]
    assert (3, 3) == (len(set(told)), len(buckets.read(key).told))


def test_what_is_held_is_counted_once_and_read_worst_and_earliest_first(buckets: Buckets, key: str) -> None:
    late, early = held(1, time=300), held(2, time=200, subject="lamp 🌩 \ud83d")
    mild, worst = held(3, time=100, severity=Severity.LOW), held(4, time=400, severity=Severity.CRITICAL)
    hold(buckets, key, late, early, mild, worst, late, early)
    assert HeldAlerts(4, (worst, early, late, mild), mild) == buckets.read_held(key)


def test_nothing_is_held_in_a_bucket_that_was_never_touched(buckets: Buckets, key: str) -> None:
    assert (Head(), HeldAlerts(0)) == (buckets.read(key), buckets.read_held(key))


def test_buckets_are_apart(buckets: Buckets, key: str) -> None:
    tell(buckets, key, "a", first=1)
    hold(buckets, key, held(1))
    assert None is tell(buckets, f"{key}0", "b", first=1)
    assert 0 == buckets.read_held(f"{key}0").total


def test_only_one_rollup_is_pending_and_only_of_what_was_read(buckets: Buckets, key: str) -> None:
    assert begin(buckets, key, 0, 5)
    assert not begin(buckets, key, 0, 6)
    assert Head(pending=5) == buckets.read(key)
    buckets.end_rollup(key, upto=5)
    assert Head(rolled=5) == buckets.read(key)
    assert not begin(buckets, key, 0, 6)
    assert begin(buckets, key, 5, 6)
    assert Head(rolled=5, pending=6) == buckets.read(key)


def test_who_ends_a_rollup_late_does_not_end_the_next(buckets: Buckets, key: str) -> None:
    begin(buckets, key, 0, 5)
    buckets.end_rollup(key, upto=5)
    begin(buckets, key, 5, 6)
    buckets.end_rollup(key, upto=5)
    assert Head(rolled=5, pending=6) == buckets.read(key)


def test_who_is_not_told_sees_that_a_rollup_is_pending_or_was_sent(buckets: Buckets, key: str) -> None:
    tell(buckets, key, "a", first=1)
    begin(buckets, key, 0, 5)
    assert Head(frozenset("a"), pending=5) == tell(buckets, key, "b", first=1)
    buckets.end_rollup(key, upto=5)
    assert Head(frozenset("a"), rolled=5) == tell(buckets, key, "b", first=1)


def test_many_held_alerts_are_counted_exactly_though_not_all_are_read(
    aws: EmbeddedAws, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dynamodb_buckets, "_MOST_READ", 10)
    buckets = DynamoDbBuckets(aws.client("dynamodb"), "state")
    # A page of a query ends at a megabyte.
    alerts = [held(number, time=number, subject="x" * 40_000) for number in range(120)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda each: hold(buckets, key, each), alerts))
    found = buckets.read_held(key)
    assert (120, alerts[0], alerts[-1]) == (found.total, found.first[0], found.last)
    assert len(found.first) < 120


def test_a_head_lapses_when_it_was_told_to_and_what_is_held_too(aws: EmbeddedAws, key: str) -> None:
    dynamodb = aws.client("dynamodb")
    buckets = DynamoDbBuckets(dynamodb, "state")
    tell(buckets, key, "a")
    buckets.hold(key, held(1), lapses=LAPSES + timedelta(days=1))
    found = [
        item["lapses"]["N"]
        for page in dynamodb.get_paginator("scan").paginate(TableName="state")
        for item in page["Items"]
        if f"#{key}" in f"{item['key']['S']}#"
    ]
    assert [LAPSES, LAPSES + timedelta(days=1)] == sorted(
        datetime.fromtimestamp(int(each), UTC) for each in found
    )


@pytest.mark.parametrize("action", ["UpdateItem", "PutItem"])
def test_a_write_whose_answer_was_lost_is_found_when_the_sdk_tries_again(
    aws: EmbeddedAws, key: str, action: str
) -> None:
    buckets = DynamoDbBuckets(aws.client("dynamodb"), "state")
    fault = Fault("dynamodb", action, "InternalServerError", status=500, takes_effect=True, times=2)
    aws.inject_faults([fault])
    try:
        assert None is tell(buckets, key, "a", first=1)
        hold(buckets, key, held(1))
        # The first write took effect, so the second finds a pending rollup: the caller reads again.
        begin(buckets, key, 0, 1)
        buckets.end_rollup(key, upto=1)
    finally:
        aws.inject_faults([])
    assert (Head(frozenset("a"), rolled=1), 1) == (buckets.read(key), buckets.read_held(key).total)


def test_heads_and_held_items_of_an_earlier_release_are_read_for_ever(aws: EmbeddedAws, key: str) -> None:
    dynamodb = aws.client("dynamodb")
    item = '["00ff",1795339815,"high","lamp","198.51.100.7"]'
    lapses = {"lapses": {"N": "1798400000"}}
    head: dict[str, Any] = {"key": {"S": f"bucket#{key}"}, "place": {"S": "head"}, "told": {"SS": ["a", "b"]}}
    dynamodb.put_item(TableName="state", Item={**head, "rolled": {"N": "2"}, "pending": {"N": "3"}, **lapses})
    place: dict[str, Any] = {"key": {"S": f"held#{key}#3"}, "place": {"S": "6#001795339815#00ff"}}
    dynamodb.put_item(TableName="state", Item={**place, "held": {"S": item}, **lapses})
    buckets = DynamoDbBuckets(dynamodb, "state")
    lamp = HeldAlert("00ff", 1_795_339_815, Severity.HIGH, "lamp", "198.51.100.7")
    assert Head(frozenset("ab"), 2, 3) == buckets.read(key)
    assert HeldAlerts(1, (lamp,), lamp) == buckets.read_held(key)
