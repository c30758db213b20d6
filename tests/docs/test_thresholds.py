"""docs/thresholds.md is true: its examples are sound, its table and its picture are what the code gives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rulebook import rollup_timeline, timeline
from rulebook.config import check_source
from rulebook.config.dedup import DEFAULTS
from rulebook.rollup_timeline import draw_rollups
from rulebook.source import parse_source
from rulebook.timeline import draw_timeline
from rulebook.windowed_rules import FEWEST, MOST, MOST_FIELDS, MOST_STEPS
from rulebook.windowed_rules_page import PAGE, render_page
from tests.support.catalog import CATALOG
from tests.support.documents import blocks

TEXT = PAGE.read_text(encoding="utf-8")
BASE = "version: 1\ndestinations: {audit: {sns: create}}\n"


@pytest.mark.parametrize("example", blocks(TEXT, "yaml"))
def test_every_example_is_sound(example: str) -> None:
    checked = check_source(parse_source(BASE + example, "alerts.yaml"), CATALOG)
    assert ((), ()) == (checked.faults, checked.warnings)


def test_the_table_of_built_in_rules_is_the_one_that_the_catalog_gives() -> None:
    assert render_page(TEXT) == TEXT


@pytest.mark.parametrize(
    ("drawn", "picture"), [(draw_timeline(), timeline.PICTURE), (draw_rollups(), rollup_timeline.PICTURE)]
)
def test_each_picture_is_the_one_that_the_engine_gives(drawn: str, picture: Path) -> None:
    assert drawn == picture.read_text(encoding="utf-8")


def test_the_bounds_are_those_of_the_code() -> None:
    table = re.findall(r"^\| `(\w+)` \| (.*) \| (.*) \| (.*) \|$", TEXT, re.MULTILINE)
    rows = {key: bounds for key, _, *bounds in table}
    assert [str(FEWEST), str(MOST)] == rows["at_least"]
    assert [str(FEWEST), str(MOST_STEPS)] == rows["steps"]
    assert ["none", f"{MOST_FIELDS} fields, one of them a list"] == rows["group_by"]


def test_what_is_told_at_once_is_as_the_code_has_it() -> None:
    rows = re.findall(r"^\| (critical|high|medium and below) \| (\d+) \| (.*) \|$", TEXT, re.MULTILINE)
    expected = {
        ({5: "critical", 3: "high", 1: "medium and below"}[each.first], str(each.first), "10 minutes")
        for each in DEFAULTS.values()
    }
    assert expected == set(rows)
    assert {600} == {each.window for each in DEFAULTS.values()}
