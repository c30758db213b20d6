"""The catalog against AWS's service models: nothing is missing, and nothing is made up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import botocore.session
import pytest

from handlers.core import policy, resources
from handlers.core.actors import KINDS
from handlers.core.operations import is_read
from handlers.core.patterns import compile_pattern
from handlers.core.severity import Severity
from rulebook.any_operation import load_any_operation
from rulebook.services import SERVICES
from tests.service_models import find_operation, operations_of, read_model, shape_at
from tests.support.aws_commands import faults_of
from tests.support.catalog import CATALOG
from tests.support.rules import leaves

IOT = [operation for operation in CATALOG if operation.startswith("iot:")]

# How bad a call is at least that gives devices such a policy.
VERDICTS = {
    policy.OVERLY_PERMISSIVE: Severity.CRITICAL,
    policy.POTENTIALLY_MISCONFIGURED: Severity.HIGH,
    policy.UNREADABLE: Severity.HIGH,
}
YES_OR_NO = frozenset({True, False})
FACTS: dict[str, frozenset[Any] | None] = {
    "facts.actor.kind": KINDS,
    "facts.actor.console": YES_OR_NO,
    "facts.actor.mfa": YES_OR_NO,
    "facts.policy.verdicts": frozenset(VERDICTS),
    "facts.policy.risks": frozenset(policy.RISK_NAMES),
    "facts.template.verdicts": frozenset(VERDICTS),
    "facts.resource.kind": resources.RESOURCE_KINDS,
    "facts.resource.suggests": frozenset(resources.HINTS),
    "facts.topicRule.everyMessage": YES_OR_NO,
    "facts.topicRule.secret": YES_OR_NO,
    "facts.firmware.unsigned": YES_OR_NO,
    "facts.job.targets": None,
    "facts.job.plainHttp": YES_OR_NO,
    "facts.thingGroups.added": frozenset(resources.HINTS),
    "facts.thingGroups.removed": frozenset(resources.HINTS),
    "facts.omitted": YES_OR_NO,
    "facts.masked": None,
    "facts.crossAccount.accounts": None,
}


# The parameters without which a fact is never there. What denied or failed is held down whatever happens, so
# that no escalation may ask for it.
FACTS_NEED = {
    "policy": ["requestParameters.policyDocument"],
    "topicRule": ["requestParameters.topicRulePayload.sql"],
    "firmware": ["requestParameters.otaUpdateId", "requestParameters.files"],
    "job": ["requestParameters.jobId", "requestParameters.targets"],
    "thingGroups": ["requestParameters.thingGroupsToAdd", "requestParameters.thingGroupsToRemove"],
}


CONDITIONS = [
    pytest.param(operation, path, values, id=f"{operation} {position} {path}")
    for operation, entry in CATALOG.items()
    for position, escalation in enumerate(entry.escalate)
    for path, values in leaves(escalation.when)
]


def named_values(values: list[Any]) -> set[object]:
    """The values that a condition names, those that it excludes too."""
    named: set[object] = set()
    for value in values:
        if not isinstance(value, Mapping):
            named.add(value)
        elif isinstance(excluded := value.get("anything-but"), str | list):
            named.update([excluded] if isinstance(excluded, str) else excluded)
    return named


@pytest.mark.parametrize("prefix", SERVICES)
def test_every_operation_that_may_write_is_catalogued_and_no_other(prefix: str) -> None:
    writes = {f"{prefix}:{name}" for name in operations_of(prefix) if not is_read(name)}
    assert writes == {operation for operation in CATALOG if operation.startswith(f"{prefix}:")}


@pytest.mark.parametrize("model", [model for each in SERVICES.values() for model in each.models])
def test_the_models_know_every_operation_that_the_installed_botocore_knows(model: str) -> None:
    session = botocore.session.get_session()
    if model in session.get_available_services():
        installed = set(session.get_service_model(model).operation_names)
        assert set() == installed - set(read_model(model)["operations"])


def test_a_model_is_from_the_newest_botocore_unless_aws_retired_the_service() -> None:
    versions = {
        model: tuple(map(int, read_model(model)["botocore"].split(".")))
        for service in SERVICES.values()
        for model in service.models
    }
    newest = max(versions.values())
    older = {model for model, version in versions.items() if version != newest}
    assert older <= {model for each in SERVICES.values() if each.retired for model in each.models}


@pytest.mark.parametrize("prefix", SERVICES)
def test_a_service_goes_by_the_name_that_its_model_signs_with(prefix: str) -> None:
    names = {read_model(model)["signing_name"].lower() for model in SERVICES[prefix].models}
    assert {prefix} == names


def test_what_is_left_out_as_a_read_is_a_get_but_for_queries_that_do_not_fit_a_url() -> None:
    model = read_model("iot")["operations"]
    posted = {name for name in model if is_read(name) and model[name]["method"] != "GET"}
    assert {"POST"} == {model[name]["method"] for name in posted}
    assert len(posted) == 12
    # To confirm a web destination is to follow a link, and that switches it on.
    assert {"ConfirmTopicRuleDestination"} == {
        name for name in model if not is_read(name) and model[name]["method"] == "GET"
    }


@pytest.mark.parametrize("operation", CATALOG)
def test_every_subject_and_shown_parameter_is_in_the_model(operation: str) -> None:
    entry = CATALOG[operation]
    paths = [*([] if entry.subject is None else [entry.subject]), *entry.shown]
    assert [] == [path for path in paths if shape_at(operation, path) is None]


@pytest.mark.parametrize("operation", CATALOG)
def test_only_plain_values_are_shown_and_none_that_aws_marks_as_sensitive(operation: str) -> None:
    entry = CATALOG[operation]
    shapes = [shape_at(operation, path) or {} for path in (entry.subject, *entry.shown) if path]
    assert [] == [shape for shape in shapes if shape.get("sensitive") or shape["type"] not in CAN_HOLD]


@pytest.mark.parametrize("operation", IOT)
def test_an_operation_has_a_subject_unless_none_of_its_members_names_a_resource(operation: str) -> None:
    (model,) = find_operation(operation)
    names = {each for each in model.members if re.search(r"(Name|Id|Arn|Alias)$", each)}
    names -= {"clientRequestToken", "roleArn"}
    if CATALOG[operation].subject is None:
        assert set() == names


@pytest.mark.parametrize(("operation", "path", "values"), CONDITIONS)
def test_every_condition_is_on_a_parameter_of_the_model_or_on_a_fact(
    operation: str, path: str, values: list[Any]
) -> None:
    if path.startswith("facts."):
        assert all(shape_at(operation, needed) for needed in FACTS_NEED.get(path.split(".")[1], ()))
        known = FACTS[path]
        assert known is None or named_values(values) <= known
        return
    shape = shape_at(operation, path)
    assert shape is not None
    assert shape["type"] in CAN_HOLD, "no leaf, so that nothing can be there"
    assert all(can_hold(shape, value) for value in values)
    if shape["type"] == "boolean" and any(
        each.is_in_query_string(path) for each in find_operation(operation)
    ):
        assert values in ([True, "true"], [False, "false"])


MASKED = [
    pytest.param(each.values[0], each.values[2], id=each.id)
    for each in CONDITIONS
    if each.values[1] == "facts.masked"
]


@pytest.mark.parametrize(("operation", "values"), MASKED)
def test_a_mask_is_looked_for_all_along_a_path_that_another_escalation_looks_at(
    operation: str, values: list[Any]
) -> None:
    asked = [each["equals-ignore-case"] for each in values]
    patterns = (each.when for each in CATALOG[operation].escalate)
    assert asked in [other.split(".")[1:] for pattern in patterns for other, _ in leaves(pattern)]


# What stands in a record for each type of the models.
CAN_HOLD: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": (bool, str),
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "timestamp": (str, int),
}


def can_hold(shape: Mapping[str, Any], value: Any) -> bool:
    """Whether a parameter of this shape can pass one value or operator of a condition."""
    if value in ({"exists": True}, {"exists": False}):
        return True
    passes = compile_pattern({"x": [value]})
    if enum := shape.get("enum"):
        passed = {each for each in enum if passes({"x": each})}
        # What every member passes says nothing.
        return bool(passed) and (passed < set(enum) or len(enum) == 1)
    if shape["type"] == "boolean":
        return value in (True, False, "true", "false")
    if isinstance(value, Mapping):
        is_number = shape["type"] in ("integer", "long")
        ends = (shape.get("min", 0), shape.get("max", 2**31))
        return any(passes({"x": end}) for end in ends) if is_number else shape["type"] == "string"
    return isinstance(value, CAN_HOLD[shape["type"]])


@pytest.mark.parametrize("operation", CATALOG)
def test_a_policy_or_template_in_the_parameters_is_judged_by_every_verdict_that_is_worse_than_the_call(
    operation: str,
) -> None:
    entry = CATALOG[operation]
    asked = {
        (path, verdict)
        for escalation in entry.escalate
        for path, values in leaves(escalation.when)
        if path.endswith(".verdicts")
        for verdict in values
    }
    carried = {
        "facts.policy.verdicts": shape_at(operation, "requestParameters.policyDocument"),
        "facts.template.verdicts": shape_at(operation, "requestParameters.templateBody")
        or shape_at(operation, "requestParameters.registrationConfig.templateBody"),
    }
    expected = {
        (path, verdict)
        for path, shape in carried.items()
        for verdict, severity in VERDICTS.items()
        if operation.startswith("iot:") and shape and entry.severity < severity
    }
    assert expected == asked


ENTRIES = {**CATALOG, "any:uncatalogued": load_any_operation().uncatalogued}

COMMANDS = [
    pytest.param(command, id=f"{operation} {command}")
    for operation, entry in ENTRIES.items()
    for step in entry.runbook
    for command in re.findall(r"`(aws [^`]*)`", step)
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_a_runbook_is_one_that_the_aws_cli_has(command: str) -> None:
    assert [] == faults_of(command)


@pytest.mark.parametrize("operation", IOT)
def test_every_operation_of_iot_says_what_to_check_and_how_to_undo_it(operation: str) -> None:
    steps = CATALOG[operation].runbook
    assert len(steps) >= 2
    assert re.search(r"`aws iot |can not be undone", " ".join(steps))


@pytest.mark.parametrize("operation", ENTRIES)
def test_whatever_reaches_people_the_same_day_says_what_to_do(operation: str) -> None:
    entry = ENTRIES[operation]
    worst = max([entry.severity, *(each.to for each in entry.escalate)])
    assert entry.runbook or worst < Severity.MEDIUM


@pytest.mark.parametrize("operation", ENTRIES)
def test_texts_are_short_and_in_one_style(operation: str) -> None:
    entry = ENTRIES[operation]
    assert [] == [step for step in entry.runbook if len(step) > 220]
    whys = [entry.why, *(each.why for each in entry.escalate)]
    assert [] == [why for why in whys if len(why) > 140 or why.endswith(".") or "\n" in why]
