"""A replay where alerts are held back: what is told at once, when rollups come, and that the sums add up."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.core.ruleset import Ruleset
from handlers.core.severity import Severity
from tests.support.records import ACCOUNT
from tests.support.rules import make_ruleset
from tests.support.windowed_rules import BURST
from tests.unit.cli.test_replay import call, reconcile, replayed

TEN_MINUTES = {"window": 600, "first": 2}


def deduped(**changes: Any) -> Ruleset:
    """A ruleset in which each severity has the same dedup."""
    return make_ruleset(dedup={each.value: TEN_MINUTES for each in Severity}, **changes)


def test_the_first_are_told_and_the_others_come_in_one_rollup_after_the_window_and_its_grace() -> None:
    told, totals = replayed(*(call(each) for each in range(0, 500, 10)), call(1000), ruleset=deduped())
    assert ["alert", "alert", "rollup", "alert"] == [each["kind"] for each in told]
    rollup = told[2]
    assert {
        "title": "High: Certificate activated, by fleet-admin: 48 more",
        "count": 48,
        "first_seen": "2019-05-01T12:00:20Z",
        "last_seen": "2019-05-01T12:08:10Z",
        "destinations": ["secops", "audit"],
        "rule": "iot:UpdateCertificate",
        "subject": None,
    } == {
        name: rollup[name]
        for name in ("title", "count", "first_seen", "last_seen", "destinations", "rule", "subject")
    }
    assert (3, 48, 1) == (totals["told"], totals["held"], totals["rollups"])
    reconcile(totals)


def test_what_differs_in_actor_outcome_operation_account_or_region_is_told_at_once() -> None:
    others: list[dict[str, Any]] = [
        {"errorCode": "AccessDenied"},
        {"errorCode": "InternalFailure"},
        {"operation": "DeletePolicy"},
        {"recipientAccountId": "444455556666"},
        {"awsRegion": "us-east-1"},
        {"userIdentity": {"type": "Root", "accountId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:root"}},
    ]
    same = [call(each) for each in range(5)]
    others_told, _ = replayed(
        *same, *(call(10 + n, **each) for n, each in enumerate(others)), ruleset=deduped()
    )
    assert [2 + len(others), 1] == [
        len([each for each in others_told if each["kind"] == kind]) for kind in ("alert", "rollup")
    ]


def test_an_archive_hears_of_each_at_once_and_of_no_rollup() -> None:
    ruleset = deduped(
        destinations={
            "secops": {"name": "secops", "kind": "slack", "secret": "ssm:/x"},
            "audit": {"name": "audit", "kind": "sns", "dedup": False},
        }
    )
    told, totals = replayed(*map(call, range(5)), ruleset=ruleset)
    assert [["audit", "secops"]] * 2 + [["audit"]] * 3 + [["secops"]] == [
        sorted(each["destinations"]) for each in told
    ]
    assert (2, 3, 3) == (totals["told"], totals["held"], told[-1]["count"])


def test_windowed_alerts_are_held_by_rule_and_group() -> None:
    ruleset = deduped(windowed_rules=[{**BURST, "threshold": {**BURST["threshold"], "within": 10}}])
    told, totals = replayed(*map(call, range(100)), ruleset=ruleset)
    kinds = [(each["kind"], each["operation"]) for each in told]
    assert 2 == kinds.count(("windowed", None))
    assert {None, "iot:UpdateCertificate"} == {operation for kind, operation in kinds if kind == "rollup"}
    assert totals["windowed_held"] + totals["held"] == sum(
        each["count"] for each in told if each["kind"] == "rollup"
    )
    reconcile(totals)


@pytest.mark.parametrize("repeats", [1, 2])
def test_a_record_that_stands_twice_is_counted_once(repeats: int) -> None:
    once, twice = (
        replayed(*[call(each) for each in range(6)] * times, ruleset=deduped()) for times in (1, repeats)
    )
    assert once[0] == twice[0]


@given(st.data(), st.lists(st.tuples(st.integers(0, 2000), st.sampled_from("abcdef")), max_size=15))
def test_a_shuffled_file_makes_the_same_sums_for_each_kind(
    data: st.DataObject, found: list[tuple[int, str]]
) -> None:
    records = [
        call(second, f"{name}{second}", awsRegion=f"eu-west-{ord(name) % 3 + 1}") for second, name in found
    ]
    shuffled = data.draw(st.permutations(records))
    (told, totals), (again, same) = (
        replayed(*each, ruleset=deduped(windowed_rules=[BURST])) for each in (records, shuffled)
    )
    assert _sums(told) == _sums(again)
    assert totals == same
    assert totals["held"] + totals["windowed_held"] == sum(
        each["count"] for each in told if each["kind"] == "rollup"
    )
    reconcile(totals)


def _sums(told: list[dict[str, Any]]) -> dict[tuple[str, str, str], int]:
    sums: dict[tuple[str, str, str], int] = {}
    for each in told:
        # Of a rule over time the Region is that of the call that completes it.
        key = (each["kind"], each["rule"], each["region"] if each["operation"] else "")
        sums[key] = sums.get(key, 0) + (each["count"] if each["kind"] == "rollup" else 1)
    return sums
