"""The ruleset file: what is written is read back, and no other format is taken for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from handlers.core.destinations import load_destinations
from handlers.core.ruleset import Ruleset
from handlers.core.ruleset_file import dump_ruleset, load_ruleset
from handlers.core.ruleset_format import RULESET_FORMAT, BadRuleset
from rulebook.compile import compile_file
from tests.support.catalog import CATALOG

ROOT = Path(__file__).parents[3]
FILES = [ROOT / "config" / "alerts.yaml", *sorted((ROOT / "config" / "examples").glob("*.yaml"))]


@pytest.fixture(scope="module", params=FILES, ids=lambda path: path.stem)
def ruleset(request: pytest.FixtureRequest) -> Ruleset:
    return compile_file(request.param, CATALOG)


def test_what_is_written_is_read_back(ruleset: Ruleset) -> None:
    text = dump_ruleset(ruleset)
    assert (ruleset, 1) == (load_ruleset(text), len(text.splitlines()))


def test_the_destinations_are_read_without_the_rules(ruleset: Ruleset) -> None:
    assert ruleset.destinations == load_destinations(dump_ruleset(ruleset))


def test_every_pattern_of_a_ruleset_compiles(ruleset: Ruleset) -> None:
    rules = [*ruleset.catalog_rules.values(), ruleset.uncatalogued, ruleset.reads]
    patterns = [
        *(each.when for rule in rules for each in rule.escalations),
        *(each.match for each in ruleset.custom_rules),
        *(each.match for each in ruleset.suppressions),
        *(each.when for each in ruleset.circumstances),
        *(each.when for each in ruleset.automation),
    ]
    assert [] == [each for each in patterns if not callable(each.matches)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (json.dumps({"version": 1, "rules": []}), "format 1, not"),
        (json.dumps({"version": RULESET_FORMAT, "ruleset": {}}), "not a ruleset: KeyError: 'services'"),
        (json.dumps({"version": RULESET_FORMAT, "ruleset": []}), "not a ruleset: TypeError"),
        (json.dumps({}), "not a ruleset: KeyError: 'version'"),
        ("[]", "not a ruleset: TypeError"),
        ("{", "not a ruleset: JSONDecodeError"),
    ],
)
def test_what_is_no_ruleset_of_this_format_is_refused(text: str, message: str) -> None:
    with pytest.raises(BadRuleset, match=message):
        load_ruleset(text)


def test_a_rule_of_another_form_is_refused_and_never_taken_for_an_uncatalogued_operation(
    ruleset: Ruleset,
) -> None:
    data = json.loads(dump_ruleset(ruleset))
    del data["ruleset"]["catalog_rules"]["iot:CreatePolicy"]["why"]
    damaged = load_ruleset(json.dumps(data))
    with pytest.raises(BadRuleset, match="not a ruleset: KeyError: 'why'"):
        damaged.rules_for("iot:CreatePolicy")
    assert "iot:CreatePolicy" in damaged.catalog_rules
    assert damaged.uncatalogued is damaged.base_rule("iot:LaunchRocket")
