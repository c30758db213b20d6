"""What patterns may look at is what records and facts really hold, and nothing else."""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cli.event_files import read_record
from handlers.core.allow_lists import AllowLists
from handlers.core.facts import derive_facts
from handlers.core.record import Record, parse_event
from handlers.core.touches import PARAMETERS
from rulebook import vocabulary
from rulebook.any_operation import load_any_operation
from rulebook.config.context import read_context
from rulebook.config.dead_patterns import never_matches
from rulebook.vocabulary import FACTS, RECORD, Anything, Group, Leaf
from tests.support.catalog import CATALOG
from tests.support.records import ACCOUNT, make_event

EVENTS = sorted((Path(__file__).parents[2] / "events").glob("*.json"))
LISTS = {"buckets": ["ours"], "domains": ["example.com"]}
AROUND = read_context({"watch": {"reads": True}, "allow_lists": LISTS}, CATALOG)
OURS = AllowLists(buckets=frozenset({"ours"}), domains=frozenset({"example.com"}))
TYPES = {"text": str, "flag": bool, "number": (int, float)}

RICH = make_event(
    requestParameters={
        "policyDocument": '{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}',
        "templateBody": '{"Resources": {}}',
        "policyName": "allow-all",
        "topicRulePayload": {"sql": "SELECT get_secret('x') FROM '#'"},
        "jobId": "j",
        "targets": ["a"],
        "document": "http://elsewhere.org s3://theirs/x",
        "thingGroupsToAdd": ["quarantine"],
        "thingGroupsToRemove": ["admins"],
        "otaUpdateId": "o",
        "files": [{}],
        "targetAwsAccount": "999999999999",
    },
    responseElements={
        **{name: f"my-{name}" for name in PARAMETERS},
        "roleArn": "arn:aws:iam::111122223333:role/rules",
        "topicRuleDestination": {
            "arn": "arn:aws:iot:eu-west-1:111122223333:ruledestination/http/5f2b9d5e-0000"
        },
    },
)


def records() -> Iterator[Record]:
    yield parse_event(RICH)
    by_a_stack = {"type": "AssumedRole", "accountId": ACCOUNT, "invokedBy": "cloudformation.amazonaws.com"}
    yield parse_event(make_event(userIdentity=by_a_stack))
    for path in EVENTS:
        yield read_record(path)


def unknown(value: Any, group: Group, at: str) -> Iterator[str]:
    for name, inner in value.items():
        node = group.members.get(name)
        if node is None:
            yield f"{at}{name}"
        elif isinstance(node, Group):
            yield from unknown(inner, node, f"{at}{name}.")
        elif isinstance(node, Leaf):
            yield from unfit(inner, node, f"{at}{name}")


def unfit(value: Any, leaf: Leaf, at: str) -> Iterator[str]:
    for each in value if isinstance(value, list) else [value]:
        if each is not None and not isinstance(each, TYPES[leaf.type]):  # type: ignore[arg-type]  # a table of types
            yield f"{at} is a {type(each).__name__}"
        elif leaf.choices is not None and each not in leaf.choices:
            yield f"{at} is {each}"


@pytest.mark.parametrize("record", list(records()), ids=lambda record: record.event_name)
def test_every_fact_and_field_of_a_record_is_known_with_its_type_and_its_values(record: Record) -> None:
    assert [] == list(unknown({**record.raw, "facts": derive_facts(record, OURS)}, RECORD, ""))


def leaves_of(group: Group, at: str = "") -> Iterator[str]:
    for name, node in group.members.items():
        yield from leaves_of(node, f"{at}{name}.") if isinstance(node, Group) else [f"{at}{name}"]


def paths_of(value: Mapping[str, Any], at: str = "") -> Iterator[str]:
    for name, inner in value.items():
        yield from paths_of(inner, f"{at}{name}.") if isinstance(inner, Mapping) else [f"{at}{name}"]


def test_every_fact_that_is_known_turns_up_in_some_record() -> None:
    found = {path for record in records() for path in paths_of(derive_facts(record, OURS))}
    assert set() == set(leaves_of(FACTS)) - found


def test_every_fact_has_its_meaning() -> None:
    def meanings(group: Group) -> Iterator[str]:
        for node in group.members.values():
            if isinstance(node, Group):
                yield from meanings(node)
            elif isinstance(node, Leaf | Anything):
                yield node.meaning

    assert "" not in meanings(FACTS)


@pytest.mark.parametrize("operation", CATALOG)
def test_no_pattern_of_the_catalog_is_one_that_we_would_refuse(operation: str) -> None:
    escalations = CATALOG[operation].escalate
    assert [] == [
        told for each in escalations for told in never_matches(each.when, AROUND, operation=operation)
    ]


def test_no_circumstance_is_one_that_we_would_refuse() -> None:
    circumstances = load_any_operation().circumstances.values()
    assert [] == [told for each in circumstances for told in never_matches(each.when, AROUND)]


@pytest.mark.parametrize(
    ("field", "values"),
    [
        (
            "eventType",
            [
                *("AwsApiCall", "AwsServiceEvent", "AwsConsoleAction", "AwsCloudTrailInsight"),
                *("AwsConsoleSignIn", "AwsConsoleSignin", "AwsVpceEvent", "AwsVpceEvents"),
            ],
        ),
        ("eventCategory", ["Management", "Data", "NetworkActivity", "Insight"]),
        ("sharedEventID", ["any"]),
        ("vpcEndpointAccountId", ["111122223333"]),
    ],
)
def test_what_cloudtrail_writes_into_a_field_is_known(field: str, values: list[str]) -> None:
    assert [] == never_matches({field: values}, AROUND)
    leaf = RECORD.members[field]
    assert isinstance(leaf, Leaf)
    assert leaf.choices is None or set(values) == leaf.choices


def test_every_field_of_a_record_is_listed_once() -> None:
    source = Path(str(vocabulary.__file__)).read_text(encoding="utf-8")
    (assigned,) = [
        each.value
        for each in ast.parse(source).body
        if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == "RECORD"
    ]
    words = [each.value for each in ast.walk(assigned) if isinstance(each, ast.Constant)]
    names = Counter(word for word in words if word in RECORD.members)
    assert [] == [name for name, times in names.items() if times > 1]


@pytest.mark.parametrize(
    ("values", "refused"),
    [
        (["***"], False),
        (["***", "HIDDEN_DUE_TO_SECURITY_REASONS"], False),
        (["***", "x"], True),
        ([{"exists": True}], True),
    ],
)
def test_a_mask_may_stand_in_place_of_a_structure(values: list[Any], refused: bool) -> None:
    pattern = {"requestParameters": {"InitialVersion": values}}
    told = never_matches(pattern, AROUND, operation="greengrass:CreateFunctionDefinition")
    assert refused == any("is no single value" in message for _, message in told)
    assert refused == bool(told)


@pytest.mark.parametrize(("values", "faults"), [(["***"], []), (["***", "ACTIV"], [1]), (["ACTIV"], [0])])
def test_a_mask_may_stand_in_place_of_a_value(values: list[str], faults: list[int]) -> None:
    pattern = {"requestParameters": {"newStatus": values}}
    told = never_matches(pattern, AROUND, operation="iot:UpdateCertificate")
    assert faults == [place[-1] for place, _ in told]
