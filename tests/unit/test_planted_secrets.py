"""No message shows what a call carries beyond what its rule allows: secrets are planted in every call."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from handlers.core.alert_building import build_alert
from handlers.core.judgement import judge_event
from handlers.core.operations import split_operation
from handlers.core.record import parse_event
from handlers.core.renderings.amazon_q import render_amazon_q
from handlers.core.renderings.digest import render_digest
from handlers.core.renderings.finding import render_finding
from handlers.core.renderings.slack import render_slack
from handlers.core.renderings.text import render_text
from handlers.core.ruleset import Ruleset
from handlers.core.templates import names_in_runbook, names_in_title
from rulebook.catalog import Entry
from rulebook.compile import compile_file
from rulebook.services import SERVICES
from rulebook.titles import make_title
from tests.service_models import Operation, find_operation
from tests.support.catalog import CATALOG
from tests.support.records import make_event

SECRET = "PLANTED-a1b2c3d4-SECRET"
IDENTIFIER = re.compile(r"(name|id|arn)$", re.IGNORECASE)
CONFIG = """
version: 1
defaults: {minimum_severity: informational}
destinations: {audit: {sns: create}}
"""


@pytest.fixture(scope="module")
def ruleset(tmp_path_factory: pytest.TempPathFactory) -> Ruleset:
    path = tmp_path_factory.mktemp("config") / "alerts.yaml"
    path.write_text(CONFIG)
    return compile_file(path, CATALOG)


def plant(operation: Operation, name: str | None, depth: int = 0) -> Any:
    """A value of this shape whose every text is the secret."""
    shape = operation.shapes.get(name or "", {})
    if depth > 6:
        return None
    if shape.get("type") == "structure" or "members" in shape:
        members = shape.get("members", {})
        return {key: plant(operation, inner, depth + 1) for key, inner in members.items()}
    if shape.get("type") == "list":
        return [plant(operation, shape["member"], depth + 1)]
    if "value" in shape:
        return {SECRET: plant(operation, shape["value"], depth + 1)}
    return SECRET


def without_allowed(planted: Any, allowed: set[str], path: str) -> Any:
    """The parameters, without those that the rule lets people see."""
    if isinstance(planted, Mapping):
        return {
            key: without_allowed(value, allowed, f"{path}.{key}")
            for key, value in planted.items()
            if f"{path}.{key}" not in allowed
        }
    return planted


def allowed_in(entry: Entry, operation: str) -> set[str]:
    """Paths of what messages show: the subject, what is shown, and what title and runbook name."""
    titles = [entry.title or make_title(split_operation(operation)[1])]
    titles += [each.title for each in entry.escalate if each.title is not None]
    named = {name for title in titles for name in names_in_title(title)}
    named |= set(names_in_runbook(entry.runbook))
    paths = {f"{end}.{name}" for end in ("requestParameters", "responseElements") for name in named}
    return {*entry.shown, *filter(None, [entry.subject]), *paths}


@pytest.mark.parametrize("operation", CATALOG)
def test_nothing_but_what_the_rule_allows_is_shown(operation: str, ruleset: Ruleset) -> None:
    prefix, name = split_operation(operation)
    allowed = allowed_in(CATALOG[operation], operation)
    for model in find_operation(operation):
        answer = plant(model, model.response) if model.response else {}
        # Of an answer only identifiers are read: no secret is one.
        told = {key: value for key, value in answer.items() if not IDENTIFIER.search(key)}
        told = without_allowed(told, allowed, "responseElements")
        parameters = without_allowed(
            plant(model, model.request) if model.request else {}, allowed, "requestParameters"
        )
        event = make_event(
            name,
            eventSource=SERVICES[prefix].event_sources[0],
            requestParameters=parameters,
            responseElements=told,
            additionalEventData={"token": SECRET},
            userAgent=SECRET,
        )
        judged = judge_event(parse_event(event), ruleset)
        assert judged.finding is not None
        alert = build_alert(judged, judged.finding, ruleset)
        # What was touched may be named by the call in a parameter that the rule does not look at.
        resource = {alert.subject, alert.link}
        for said in (
            str(render_slack(alert)),
            str(render_digest([alert] * 4)),
            render_text(alert),
            render_finding(alert),
            render_amazon_q(alert),
        ):
            assert SECRET not in said, (operation, resource)
