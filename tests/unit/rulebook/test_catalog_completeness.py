"""The catalog against botocore's model of AWS IoT: nothing is missing, and nothing is made up."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore.model import OperationModel, Shape

from handlers.core import policy
from rulebook.catalog import load_catalog
from rulebook.services import SERVICES, Service
from tests.aws_commands import faults_of

CATALOG = load_catalog()
COVERED = re.compile(r"Certificate|Polic(y|ies)|Principal|ProvisioningClaim|RegistrationCode")
READS = re.compile(r"(Get|List|Describe|Search|Test|Validate)[A-Z]")
# Operations whose name says certificate or policy and that are not in these categories, with the reason.
ELSEWHERE: dict[str, str] = {}

ACTOR_KINDS = frozenset(
    [
        *("root", "iam-user", "role", "federated", "identity-center", "aws-service", "cross-account"),
        *("device-registration", "unknown"),
    ]
)
RISKS = frozenset(
    [
        *(policy.ANY_ACTION_ON_ANY_RESOURCE, policy.ANY_ACTION, policy.ANY_RESOURCE),
        *(policy.ALLOW_BY_EXCLUSION, policy.ANY_ROLE_ALIAS, policy.UNREADABLE),
    ]
)
FACTS: dict[str, frozenset[object] | None] = {
    "facts.actor.kind": frozenset(ACTOR_KINDS),
    "facts.policy.risks": frozenset(RISKS),
    "facts.omitted": frozenset({True}),
    "facts.failed": frozenset({True, False}),
    "facts.denied": frozenset({True, False}),
    "facts.crossAccount.accounts": None,
}


@cache
def operations() -> Mapping[str, OperationModel]:
    model = botocore.session.get_session().get_service_model("iot")
    return {name: model.operation_model(name) for name in model.operation_names}


def shape_at(operation: str, path: str) -> Shape | None:
    """The model's shape of a path into the record; None where the model has none."""
    head, *parts = path.split(".")
    model = operations()[operation.removeprefix("iot:")]
    shape: Any = {"requestParameters": model.input_shape, "responseElements": model.output_shape}[head]
    for part in parts:
        shape = getattr(shape, "members", {}).get(part)
    return shape if isinstance(shape, Shape) else None


def leaves(pattern: Mapping[str, object], at: str = "") -> Iterator[tuple[str, list[Any]]]:
    for key, value in pattern.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{at}{key}.")
        else:
            assert isinstance(value, list)
            yield f"{at}{key}", value


CONDITIONS = [
    pytest.param(operation, path, values, id=f"{operation} {path}")
    for operation, entry in CATALOG.items()
    for escalation in entry.escalate
    for path, values in leaves(escalation.when)
]


def named_values(values: list[Any]) -> set[object]:
    """The values that a condition names, those that it excludes too."""
    named: set[object] = set()
    for value in values:
        operand = value.get("anything-but", []) if isinstance(value, Mapping) else [value]
        named.update(operand)
    return named


def test_every_write_on_certificates_and_policies_is_catalogued() -> None:
    wanted = {f"iot:{name}" for name in operations() if COVERED.search(name) and not READS.match(name)}
    assert wanted - set(ELSEWHERE) == set(CATALOG)


def test_what_is_left_out_as_a_read_is_a_get_but_for_three_long_queries() -> None:
    reads = [name for name in operations() if COVERED.search(name) and READS.match(name)]
    expected = {"GetEffectivePolicies", "ListAttachedPolicies", "ListTargetsForPolicy"}
    assert expected == {name for name in reads if operations()[name].http["method"] != "GET"}


def test_the_service_is_named_as_in_the_model() -> None:
    model = botocore.session.get_session().get_service_model("iot")
    name = model.signing_name
    assert Service(name, f"aws.{name}", (f"{name}.amazonaws.com",)) == SERVICES["iot"]


@pytest.mark.parametrize("operation", CATALOG)
def test_every_subject_and_shown_parameter_is_in_the_model(operation: str) -> None:
    entry = CATALOG[operation]
    paths = [*([] if entry.subject is None else [entry.subject]), *entry.shown]
    assert [] == [path for path in paths if shape_at(operation, path) is None]


@pytest.mark.parametrize("operation", CATALOG)
def test_a_subject_is_named_wherever_the_operation_names_one(operation: str) -> None:
    model = operations()[operation.removeprefix("iot:")]
    members = {*getattr(model.input_shape, "members", {}), *getattr(model.output_shape, "members", {})}
    assert (CATALOG[operation].subject is None) == (not members)


@pytest.mark.parametrize(("operation", "path", "values"), CONDITIONS)
def test_every_condition_is_on_a_parameter_of_the_model_or_on_a_fact(
    operation: str, path: str, values: list[Any]
) -> None:
    if path.startswith("facts."):
        known = FACTS[path]
        assert known is None or named_values(values) <= known
        return
    shape = shape_at(operation, path)
    assert shape is not None
    if shape.type_name == "boolean":
        # They travel in the query string, and CloudTrail may write them as text.
        assert values in ([True, "true"], [False, "false"])
    elif enum := getattr(shape, "enum", None):
        assert named_values(values) <= set(enum)


@pytest.mark.parametrize("operation", CATALOG)
def test_only_operations_with_a_policy_document_ask_for_its_risks_and_all_of_them(operation: str) -> None:
    asked = {
        value
        for escalation in CATALOG[operation].escalate
        for path, values in leaves(escalation.when)
        if path == "facts.policy.risks"
        for value in values
    }
    carries = shape_at(operation, "requestParameters.policyDocument") is not None
    assert (RISKS if carries else set()) == asked


COMMANDS = [
    pytest.param(command, id=f"{operation} {command}")
    for operation, entry in CATALOG.items()
    for step in entry.runbook
    for command in re.findall(r"`([^`]*)`", step)
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_a_runbook_is_one_that_the_aws_cli_has(command: str) -> None:
    assert command.startswith("aws iot ")
    assert [] == faults_of(command)


@pytest.mark.parametrize("operation", CATALOG)
def test_steps_of_a_runbook_are_short(operation: str) -> None:
    assert [] == [step for step in CATALOG[operation].runbook if len(step) > 220]
