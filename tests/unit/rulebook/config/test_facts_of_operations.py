"""Which facts the calls of an operation can have, after AWS's models; when unsure, they can."""

from pathlib import Path

import pytest

from cli.event_files import read_record
from handlers.core.facts import derive_facts
from handlers.core.operations import name_operation, split_operation
from handlers.core.patterns import Path as FieldPath
from rulebook.config.facts_of_operations import can_have
from rulebook.services import SERVICES

EVENTS = sorted((Path(__file__).parents[3] / "events").glob("*.json"))


def can(operation: str, *path: str) -> bool:
    return can_have(tuple(path), SERVICES["iot"], operation)


@pytest.mark.parametrize(
    ("operation", "path", "expected"),
    [
        ("CreatePolicy", ("policy", "risks"), True),
        ("AttachPolicy", ("policy", "risks"), False),
        ("CreateKeysAndCertificate", ("touches", "certificates"), True),
        ("RegisterCACertificate", ("touches", "caCertificates"), True),
        ("UpdateCertificate", ("touches", "jobs"), False),
        ("CreatePolicy", ("touches", "certificates"), False),
        ("CreateRoleAlias", ("touches", "roles"), True),
        ("CreateTopicRule", ("touches", "roles"), True),
        # Its target is an ARN of anything, as far as the model tells.
        ("AttachPolicy", ("touches", "certificates"), True),
        ("LaunchRocket", ("policy", "risks"), True),
        ("UpdateCertificate", ("actor", "id"), True),
    ],
)
def test_a_fact_is_there_where_the_call_or_its_answer_can_carry_it(
    operation: str, path: FieldPath, expected: bool
) -> None:
    assert expected == can(operation, *path)


@pytest.mark.parametrize("path", EVENTS, ids=lambda path: path.stem)
def test_whatever_a_record_has_it_can_have(path: Path) -> None:
    record = read_record(path)
    service, operation = split_operation(name_operation(record.event_source, record.event_name))
    if service not in SERVICES:
        return
    facts = derive_facts(record)
    paths = [(name,) for name in facts] + [("touches", kind) for kind in facts.get("touches", ())]
    assert [] == [each for each in paths if not can_have(each, SERVICES[service], operation)]
