"""Alerts for tests of what comes after the judgement."""

from collections.abc import Mapping
from typing import Any

from handlers.core.alerts import Alert, build_alert
from handlers.core.facts import derive_facts
from handlers.core.judgement import judge
from handlers.core.record import parse_event
from handlers.core.ruleset import Ruleset
from tests.records import make_event
from tests.rules import UPDATE_CERTIFICATE, make_ruleset


def make_alert(
    rule: Mapping[str, Any] | None = None, *, ruleset: Ruleset | None = None, **record: Any
) -> Alert:
    """The alert that `rule`, or a whole ruleset, makes of an event with these fields."""
    parsed = parse_event(make_event(**record))
    ruleset = ruleset or make_ruleset(rule or UPDATE_CERTIFICATE)
    facts = derive_facts(parsed, ruleset.own)
    finding = judge(parsed, facts, ruleset)
    assert finding is not None
    return build_alert(parsed, facts, finding, ruleset)
