"""Explanations for tests: one event told as to people, and as to machines."""

from __future__ import annotations

import json
from typing import Any

from cli.explain import Explanation, event_data, explain_event
from cli.explain_text import render_event
from handlers.core.record import parse_event
from handlers.core.ruleset import Ruleset
from tests.support.records import make_event
from tests.support.rules import make_ruleset


def explained(ruleset: Ruleset | None = None, **record: Any) -> Explanation:
    """An event with these fields, judged by this ruleset."""
    return explain_event(parse_event(make_event(**record)), ruleset or make_ruleset())


def told(ruleset: Ruleset | None = None, **record: Any) -> str:
    """What people read."""
    return render_event(explained(ruleset, **record))


def in_json(ruleset: Ruleset | None = None, **record: Any) -> dict[str, Any]:
    """What a machine reads."""
    data: dict[str, Any] = json.loads(json.dumps(event_data(explained(ruleset, **record))))
    return data
