"""One contract, two stores of panes: in memory, and in a table of the embedded AWS."""

from datetime import UTC, datetime
from itertools import count

import pytest

from handlers.adapters.dynamodb_windows import DynamoDbWindows
from handlers.adapters.memory_windows import MemoryWindows
from handlers.core.windows import EMPTY, Pane, Sighting, Span
from handlers.pipeline.windows import SavedPane, Windows
from local.aws import EmbeddedAws, Fault

LAPSES = datetime(2027, 1, 1, tzinfo=UTC)
SEEN = Sighting(100, "e1", "iot:UpdateCertificate", None, "alice 🌩")
ONE = Pane({"e1": Span(100, 100)}, {"calls": (SEEN,)})
TWO = Pane({"e1": Span(100, 100), 'half a pair \ud83d "': Span(90, 110)}, {"calls": (SEEN,), "other": ()})

_keys = count()


@pytest.fixture(params=["memory", "dynamodb"])
def windows(request: pytest.FixtureRequest) -> Windows:
    if request.param == "memory":
        return MemoryWindows()
    aws: EmbeddedAws = request.getfixturevalue("aws")
    return DynamoDbWindows(aws.client("dynamodb"), "state")


@pytest.fixture
def key() -> str:
    return f"group-{next(_keys)}"


def write(windows: Windows, key: str, number: int, pane: Pane, version: int = 0) -> SavedPane | None:
    return windows.write(key, number, pane, version=version, lapses=LAPSES)


def test_what_was_never_written_is_not_there(windows: Windows, key: str) -> None:
    assert {} == windows.read(key, 0, 2)


def test_a_pane_is_read_as_it_was_written(windows: Windows, key: str) -> None:
    assert None is write(windows, key, 7, TWO)
    assert {7: SavedPane(TWO, 1)} == windows.read(key, 6, 8)


def test_only_the_panes_asked_for_are_read_whatever_their_digits(windows: Windows, key: str) -> None:
    for number in (0, 8, 9, 10, 11, 253_402_300_799):
        write(windows, key, number, ONE)
    assert [9, 10, 11] == sorted(windows.read(key, 9, 11))
    assert [0] == sorted(windows.read(key, -1, 1))
    assert [253_402_300_799] == sorted(windows.read(key, 253_402_300_798, 253_402_300_800))


def test_groups_are_apart(windows: Windows, key: str) -> None:
    write(windows, key, 1, ONE)
    assert {} == windows.read(f"{key}-other", 1, 1)


def test_who_writes_on_an_old_version_gets_what_is_there_and_changes_nothing(
    windows: Windows, key: str
) -> None:
    write(windows, key, 1, ONE)
    assert SavedPane(ONE, 1) == write(windows, key, 1, TWO)
    assert None is write(windows, key, 1, TWO, version=1)
    assert SavedPane(TWO, 2) == write(windows, key, 1, ONE, version=1)
    assert {1: SavedPane(TWO, 2)} == windows.read(key, 1, 1)


def test_who_expects_a_pane_that_is_gone_learns_that_nothing_is_there(windows: Windows, key: str) -> None:
    assert SavedPane(EMPTY, 0) == write(windows, key, 1, ONE, version=3)


def test_a_mark_stays_when_the_pane_is_written_and_leaves_its_version_alone(
    windows: Windows, key: str
) -> None:
    write(windows, key, 1, ONE)
    windows.mark(key, 1)
    assert {1: SavedPane(ONE, 1, marked=True)} == windows.read(key, 1, 1)
    assert None is write(windows, key, 1, TWO, version=1)
    assert {1: SavedPane(TWO, 2, marked=True)} == windows.read(key, 1, 1)
    windows.mark(key, 1)
    assert SavedPane(TWO, 2, marked=True) == write(windows, key, 1, ONE)


def test_a_pane_may_be_marked_before_it_is_written(windows: Windows, key: str) -> None:
    windows.mark(key, 1)
    assert SavedPane(EMPTY, 0, marked=True) == windows.read(key, 1, 1)[1]
    assert None is write(windows, key, 1, ONE)
    assert {1: SavedPane(ONE, 1, marked=True)} == windows.read(key, 1, 1)


def test_a_pane_lapses_in_the_table_when_it_was_told_to(aws: EmbeddedAws, key: str) -> None:
    write(DynamoDbWindows(aws.client("dynamodb"), "state"), key, 1, ONE)
    item = aws.client("dynamodb").get_item(
        TableName="state", Key={"key": {"S": key}, "place": {"S": "000000000001"}}
    )["Item"]
    assert {"N": str(int(LAPSES.timestamp()))} == item["lapses"]


def test_a_write_whose_answer_was_lost_is_found_when_the_sdk_tries_again(aws: EmbeddedAws, key: str) -> None:
    windows = DynamoDbWindows(aws.client("dynamodb"), "state")
    aws.inject_faults([Fault("dynamodb", "UpdateItem", "InternalServerError", status=500, takes_effect=True)])
    try:
        assert SavedPane(ONE, 1) == write(windows, key, 1, ONE)
        assert [1] == aws.faults_fired()
    finally:
        aws.inject_faults([])
