"""One contract, two stores: in memory, and in a table of the embedded AWS."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.adapters.dynamodb_claims import DynamoDbClaims
from handlers.adapters.memory_claims import MemoryClaims
from handlers.pipeline import Claimed, Claims
from local.aws import EmbeddedAws, Fault

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LEASE = timedelta(seconds=45)
KEEP = timedelta(days=30)

_keys = count()


@pytest.fixture(params=["memory", "dynamodb"])
def claims(request: pytest.FixtureRequest) -> Claims:
    if request.param == "memory":
        return MemoryClaims()
    aws: EmbeddedAws = request.getfixturevalue("aws")
    return DynamoDbClaims(aws.client("dynamodb"), "state")


@pytest.fixture
def key() -> str:
    return f"alert#{next(_keys)}"


def _claim(claims: Claims, key: str, owner: str = "run-1", after: timedelta = timedelta(0)) -> Claimed:
    return claims.claim(key, owner=owner, now=NOW + after, lease=LEASE)


def test_the_first_to_claim_gets_the_lease_and_the_second_learns_that_it_is_held(
    claims: Claims, key: str
) -> None:
    assert [Claimed.OURS, Claimed.HELD] == [_claim(claims, key), _claim(claims, key, "run-2")]


def test_an_owner_may_claim_again_what_it_holds(claims: Claims, key: str) -> None:
    assert [Claimed.OURS, Claimed.OURS] == [_claim(claims, key), _claim(claims, key)]


def test_claiming_again_renews_the_lease(claims: Claims, key: str) -> None:
    _claim(claims, key)
    _claim(claims, key, after=timedelta(seconds=1))
    assert Claimed.HELD == _claim(claims, key, "run-2", after=LEASE)


def test_a_lease_that_lapsed_is_anybodys(claims: Claims, key: str) -> None:
    _claim(claims, key)
    assert Claimed.HELD == _claim(claims, key, "run-2", after=LEASE - timedelta(seconds=1))
    assert Claimed.OURS == _claim(claims, key, "run-2", after=LEASE)


def test_a_released_claim_can_be_claimed_at_once(claims: Claims, key: str) -> None:
    _claim(claims, key)
    claims.release(key, owner="run-1")
    assert Claimed.OURS == _claim(claims, key, "run-2")


def test_only_the_owner_can_release(claims: Claims, key: str) -> None:
    _claim(claims, key)
    claims.release(key, owner="run-2")
    assert Claimed.HELD == _claim(claims, key, "run-2")


def test_releasing_what_nobody_claimed_does_nothing(claims: Claims, key: str) -> None:
    claims.release(key, owner="run-1")
    assert Claimed.OURS == _claim(claims, key)


def test_what_is_confirmed_is_done_for_everybody_long_after_the_lease(claims: Claims, key: str) -> None:
    _claim(claims, key)
    claims.confirm(key, now=NOW, keep=KEEP)
    almost = KEEP - timedelta(seconds=1)
    assert [Claimed.DONE, Claimed.DONE] == [_claim(claims, key), _claim(claims, key, "run-2", after=almost)]


def test_a_done_claim_can_not_be_released(claims: Claims, key: str) -> None:
    _claim(claims, key)
    claims.confirm(key, now=NOW, keep=KEEP)
    claims.release(key, owner="run-1")
    assert Claimed.DONE == _claim(claims, key, "run-2")


def test_a_done_claim_is_forgotten_in_the_end(claims: Claims, key: str) -> None:
    _claim(claims, key)
    claims.confirm(key, now=NOW, keep=KEEP)
    assert Claimed.OURS == _claim(claims, key, "run-2", after=KEEP)


def test_a_run_that_lost_its_lease_and_sent_all_the_same_still_confirms(claims: Claims, key: str) -> None:
    _claim(claims, key)
    _claim(claims, key, "run-2", after=LEASE)
    claims.confirm(key, now=NOW + LEASE, keep=KEEP)
    assert Claimed.DONE == _claim(claims, key, "run-2", after=LEASE)


def test_keys_do_not_touch_each_other(claims: Claims, key: str) -> None:
    _claim(claims, key)
    assert Claimed.OURS == _claim(claims, f"{key}#secops", "run-2")


def test_of_many_at_the_same_time_exactly_one_gets_the_lease(aws: EmbeddedAws, key: str) -> None:
    claims = DynamoDbClaims(aws.client("dynamodb"), "state")
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda number: _claim(claims, key, f"run-{number}"), range(8)))
    assert (1, 7) == (outcomes.count(Claimed.OURS), outcomes.count(Claimed.HELD))


def test_a_claim_whose_answer_was_lost_is_still_ours_when_the_sdk_tries_again(
    aws: EmbeddedAws, key: str
) -> None:
    lost = Fault("dynamodb", "PutItem", "InternalServerError", status=500, takes_effect=True)
    aws.inject_faults([lost])
    try:
        assert Claimed.OURS == _claim(DynamoDbClaims(aws.client("dynamodb"), "state"), key)
        assert [1] == aws.faults_fired()
    finally:
        aws.inject_faults([])


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["claim", "confirm", "release"]),
        st.sampled_from(["run-1", "run-2"]),
        st.integers(min_value=0, max_value=50),
    ),
    max_size=8,
)


@given(ACTIONS)
def test_both_stores_answer_every_history_alike(
    aws: EmbeddedAws, actions: list[tuple[str, str, int]]
) -> None:
    stores: list[Claims] = [MemoryClaims(), DynamoDbClaims(aws.client("dynamodb"), "state")]
    key = f"history#{next(_keys)}"
    answers: list[list[Claimed]] = [[], []]
    now = NOW
    for action, owner, seconds in actions:
        now += timedelta(seconds=seconds)
        for store, said in zip(stores, answers, strict=True):
            if action == "claim":
                said.append(store.claim(key, owner=owner, now=now, lease=LEASE))
            elif action == "confirm":
                store.confirm(key, now=now, keep=timedelta(seconds=100))
            else:
                store.release(key, owner=owner)
    assert answers[0] == answers[1]
