"""Alerts for tests of what comes after the judgement."""

from collections.abc import Mapping
from typing import Any

from handlers.core.alert_building import build_alert
from handlers.core.alerts import Alert
from handlers.core.ruleset import Ruleset
from tests.support.findings import judge_call
from tests.support.rules import UPDATE_CERTIFICATE, make_ruleset


def make_alert(
    rule: Mapping[str, Any] | None = None, *, ruleset: Ruleset | None = None, **record: Any
) -> Alert:
    """The alert that `rule`, or a whole ruleset, makes of an event with these fields."""
    ruleset = ruleset or make_ruleset(rule or UPDATE_CERTIFICATE)
    judged = judge_call(ruleset, **record)
    assert judged.finding is not None
    return build_alert(judged, judged.finding, ruleset)
