"""Findings for tests: one call judged."""

from typing import Any

from handlers.core.judgement import Finding, Judged, judge_event
from handlers.core.reasons import explain_finding
from handlers.core.record import parse_event
from handlers.core.ruleset import Ruleset
from tests.support.records import make_event
from tests.support.rules import make_ruleset


def judge_call(ruleset: Ruleset | None = None, **record: Any) -> Judged:
    """An event with these fields, judged."""
    return judge_event(parse_event(make_event(**record)), ruleset or make_ruleset())


def find(ruleset: Ruleset | None = None, **record: Any) -> Finding:
    """Its finding, where there is one."""
    finding = judge_call(ruleset, **record).finding
    assert finding is not None
    return finding


def reasons(ruleset: Ruleset | None = None, **record: Any) -> tuple[str, ...]:
    """The reasons of the finding."""
    judged = judge_call(ruleset, **record)
    assert judged.finding is not None
    return explain_finding(judged.finding, failed=judged.facts["failed"])
