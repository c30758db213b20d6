"""Findings for tests: one call judged."""

from typing import Any

from handlers.core.facts import derive_facts
from handlers.core.judgement import Finding, judge
from handlers.core.record import parse_event
from handlers.core.ruleset import Ruleset
from tests.records import make_event
from tests.rules import make_ruleset


def judge_call(ruleset: Ruleset | None = None, **record: Any) -> Finding | None:
    """What is found of an event with these fields."""
    parsed = parse_event(make_event(**record))
    ruleset = ruleset or make_ruleset()
    return judge(parsed, derive_facts(parsed, ruleset.own), ruleset)


def find(ruleset: Ruleset | None = None, **record: Any) -> Finding:
    """The same, where something is found."""
    finding = judge_call(ruleset, **record)
    assert finding is not None
    return finding
