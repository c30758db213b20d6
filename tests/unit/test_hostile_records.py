"""Whatever stands in a record, the whole catalog judges it or refuses it, and nothing else happens."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.core.alert_building import build_alert
from handlers.core.alerts import Delivery, read_delivery, write_delivery
from handlers.core.entries import Entry, StaysOut, look_at_windows
from handlers.core.facts import derive_facts
from handlers.core.judgement import Judged, judge_event
from handlers.core.parameter_case import lower_parameters
from handlers.core.record import BadRecord, parse_event
from handlers.core.renderings.amazon_q import render_amazon_q
from handlers.core.renderings.slack import render_slack
from handlers.core.renderings.sns import render_sns
from handlers.core.renderings.text import render_text
from handlers.core.ruleset import Ruleset
from rulebook.compile import compile_file
from rulebook.services import SERVICES
from tests.service_models import find_operation
from tests.support.catalog import CATALOG
from tests.support.records import ACCOUNT, make_event
from tests.support.rules import leaves

# Text that some code looks at more closely than at other text.
TELLING = [
    *(
        "",
        "*",
        "true",
        "arn:aws:iot:eu-west-1:999999999999:cert/x",
        f"arn:aws:iam::{ACCOUNT}:root",
        "a" * 5000,
    ),
    *('{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}', '{"Statement": ', "[" * 3000),
    *('{"Resources": {"p": {"Type": "AWS::IoT::Policy"}}}', "<!channel>", "\x00\u202e\ud800", "10.0.0.1/8"),
    *(
        "https://sqs.eu-west-1.amazonaws.com/999999999999/q",
        "https://a@evil.com\\b",
        "s3://b/\ud800",
        "SELECT * FROM '#'",
        "0" * 12,
    ),
]
TEXTS = st.sampled_from(TELLING) | st.text(max_size=8) | st.text(st.characters(codec=None), max_size=4)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


CONFIG = f"""
version: 1
watch: {{reads: true}}
rules:
  - {{name: everything, match: {{eventSource: [{{exists: true}}]}}, severity: low, why: it happened}}
suppressions:
  - name: lamps
    match: {{requestParameters: {{thingName: [{{prefix: lamp}}]}}}}
    reason: they are many
    until: 2026-01-01
known_automation:
  - {{name: robot, roles: ["arn:aws:iam::{ACCOUNT}:role/robot-*"], reason: it works}}
allow_lists: {{accounts: ["444455556666"], buckets: [our-bucket], domains: [example.com]}}
aliases: {{accounts: {{"{ACCOUNT}": prod}}, regions: {{eu-west-1: Ireland}}}}
destinations: {{audit: {{sns: create}}}}
routes: [{{match: {{finding: {{category: [thing]}}}}, to: [audit]}}, {{to: [audit]}}]
"""


@pytest.fixture(scope="module")
def ruleset(tmp_path_factory: pytest.TempPathFactory) -> Ruleset:
    path = tmp_path_factory.mktemp("config") / "alerts.yaml"
    path.write_text(CONFIG)
    return compile_file(path, CATALOG)


def paths_of(operation: str) -> list[tuple[str, ...]]:
    """Every place that the operation's rule looks at, and its first parameters."""
    entry = CATALOG[operation]
    looked_at = [path for each in entry.escalate for path, _ in leaves(each.when)]
    dotted = ["requestParameters.x", *(path for path in (entry.subject, *entry.shown, *looked_at) if path)]
    members = [f"requestParameters.{name}" for model in find_operation(operation) for name in model.members]
    return sorted({tuple(path.split(".")) for path in (*dotted, *members) if not path.startswith("facts.")})


def places_of(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(value, dict):
        return [path]
    return [path, *(deeper for key, inner in value.items() for deeper in places_of(inner, (*path, key)))]


def put(record: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    place: Any = record
    for key in path[:-1]:
        inner = place.get(key)
        if not isinstance(inner, dict):
            inner = place[key] = {}
        place = inner
    place[path[-1]] = deepcopy(value)


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    operation = draw(st.sampled_from([*CATALOG]))
    prefix, _, name = operation.partition(":")
    event = deepcopy(make_event(name, eventSource=SERVICES[prefix].event_sources[0]))
    for path in draw(st.lists(st.sampled_from(paths_of(operation)), min_size=1, max_size=3)):
        put(event["detail"], path, draw(VALUES))
    for path in draw(st.lists(st.sampled_from(places_of(make_event())[1:]), max_size=2)):
        put(event, path, draw(VALUES))
    return event


def judge_unless_refused(event: Mapping[str, Any], ruleset: Ruleset) -> Judged | None:
    try:
        return judge_event(parse_event(event), ruleset)
    except BadRecord:
        return None


def tell(event: Mapping[str, Any], ruleset: Ruleset) -> None:
    """Everything that happens to an event between the bus and the destinations."""
    judged = judge_unless_refused(event, ruleset)
    if judged is None or judged.finding is None:
        return
    delivery = Delivery(alert=build_alert(judged, judged.finding, ruleset), destination="audit")
    text = write_delivery(delivery)
    text.encode()
    assert delivery == read_delivery(text)
    assert len(text.encode()) < 256 * 1024
    assert [] == list(faults_of(render_slack(delivery.alert)))
    assert len(render_text(delivery.alert).encode()) < 64 * 1024
    assert len(render_amazon_q(delivery.alert).encode()) < 32 * 1024
    assert len(json.dumps(asdict(render_sns(delivery.alert)), ensure_ascii=False).encode()) < 256 * 1024


def faults_of(message: dict[str, Any]) -> Iterator[str]:
    """What Slack would refuse: https://docs.slack.dev/reference/block-kit/blocks."""
    json.dumps(message, ensure_ascii=False).encode()
    if sum(map(len, _texts(message["blocks"]))) > 13_000:
        yield "the blocks are too long together"
    for block in message["blocks"]:
        for text in _texts(block.get("fields", [])):
            if len(text) > 2000:
                yield f"a field of {len(text)}"
        for text in _texts(block):
            if not 0 < len(text) <= (150 if block["type"] == "header" else 3000):
                yield f"a text of {len(text)}"


def _texts(part: Any) -> Iterator[str]:
    if isinstance(part, dict) and isinstance(part.get("text"), str):
        yield part["text"]
    elif isinstance(part, dict | list):
        for inner in part.values() if isinstance(part, dict) else part:
            yield from _texts(inner)


@given(event=events())
def test_a_hostile_record_is_judged_or_refused_and_nothing_else_happens(
    event: dict[str, Any], ruleset: Ruleset
) -> None:
    tell(event, ruleset)


@given(event=events())
def test_what_is_left_out_to_be_quick_changes_no_judgement(event: dict[str, Any], ruleset: Ruleset) -> None:
    judged = judge_unless_refused(event, ruleset)
    if judged is None or judged.finding is None:
        return
    record = judged.record
    rules = ruleset.rules_for(judged.operation)
    fields = lower_parameters(record.raw) if rules.two_cases else record.raw
    facts = derive_facts(record, ruleset.allow_lists)
    everything = {**fields, "facts": facts}
    assert judged.facts.items() <= facts.items()
    holding = [each for each in ruleset.circumstances if each.when.matches(everything)]
    assert (holding if not rules.base_rule.off else []) == list(judged.finding.circumstances)
    for verdict in judged.finding.verdicts:
        fired = [each for each in verdict.rule.escalations if each.when.matches(everything)]
        assert fired == list(verdict.escalations)


@given(event=events())
def test_what_is_left_out_to_be_quick_changes_no_entry_into_a_window(
    event: dict[str, Any], ruleset: Ruleset
) -> None:
    judged = judge_unless_refused(event, ruleset)
    if judged is None or not judged.view:
        return
    record = judged.record
    rules = ruleset.rules_for(judged.operation)
    fields = lower_parameters(record.raw) if rules.two_cases else record.raw
    everything = {**fields, "facts": derive_facts(record, ruleset.allow_lists)}
    expected = {
        (rule.name, step)
        for rule in ruleset.windowed_rules
        for step, pattern in rule.steps.items()
        if pattern.matches(everything)
    }
    found = {
        (each.rule.name, step)
        for each in look_at_windows(judged, ruleset)
        if isinstance(each, Entry)
        for step in each.arrival.steps
    }
    assert found <= expected
    kept_out = {each.rule.name for each in look_at_windows(judged, ruleset) if isinstance(each, StaysOut)}
    entered = {name for name, _ in found}
    assert {name for name, _ in expected} - entered <= kept_out


@pytest.mark.parametrize("operation", CATALOG)
def test_text_in_every_place_that_a_rule_looks_at_does_no_harm(
    operation: str, ruleset: Ruleset, size: Callable[[int], int]
) -> None:
    values = [*TELLING, ["x", {"y": 1}], {"z": None}, 10**400, True]
    # Of fewer values than all, each operation gets others than the one before it.
    step = len(values) // size(len(values))
    first = [*CATALOG].index(operation) % step
    prefix, _, name = operation.partition(":")
    for source in SERVICES[prefix].event_sources:
        for value in values[first::step]:
            event = deepcopy(make_event(name, eventSource=source, requestParameters={}))
            for path in paths_of(operation):
                put(event["detail"], path, value)
            tell(event, ruleset)


def test_a_deep_record_is_judged(ruleset: Ruleset) -> None:
    deep: Any = "x"
    for _ in range(900):
        deep = [{"a": deep}]
    for operation in ("CreateTopicRule", "CreatePolicy", "CreateJob"):
        tell(make_event(operation, requestParameters={"policyDocument": deep, "targets": deep}), ruleset)
