"""Alerts for tests of what comes after the judgement."""

from collections.abc import Mapping
from typing import Any

from handlers.core.alerts import Alert, build_alert
from handlers.core.facts import derive_facts
from handlers.core.judgement import judge
from handlers.core.record import parse_event
from tests.records import make_event
from tests.rules import UPDATE_CERTIFICATE, make_ruleset


def make_alert(rule: Mapping[str, Any] | None = None, **record: Any) -> Alert:
    """The alert that `rule` makes of an event with these fields."""
    parsed = parse_event(make_event(**record))
    facts = derive_facts(parsed)
    ruleset = make_ruleset(rule or UPDATE_CERTIFICATE)
    finding = judge(parsed, facts, ruleset)
    assert finding is not None
    return build_alert(parsed, facts, finding, ruleset)
