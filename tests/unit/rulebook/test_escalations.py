"""Every escalation of the catalog fires on records made for it, and is silent when a condition fails."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from handlers.core.patterns import compile_pattern
from handlers.core.severity import Severity
from rulebook.any_operation import load_any_operation
from rulebook.catalog import Entry, Escalation
from tests.service_models import find_operation
from tests.support.catalog import CATALOG

ABSENT = object()
SOMETHING_ELSE = "something else"

Path = tuple[str, ...]
Conditions = dict[Path, list[Any]]

ESCALATIONS = [
    pytest.param(operation, escalation, id=f"{operation} {position}")
    for operation, entry in CATALOG.items()
    for position, escalation in enumerate(entry.escalate)
]


def alternatives(pattern: Mapping[str, Any], at: Path = ()) -> Iterator[Conditions]:
    """The ways in which a pattern can match: one for each alternative of a `$or`."""
    ways: list[Conditions] = [{}]
    for key, wanted in pattern.items():
        if key == "$or":
            found = [way for alternative in wanted for way in alternatives(alternative, at)]
        elif isinstance(wanted, Mapping):
            found = list(alternatives(wanted, (*at, key)))
        else:
            found = [{(*at, key): wanted}]
        ways = [{**way, **more} for way in ways for more in found]
    yield from ways


def passing(test: Any) -> object:
    """A value that passes one value or operator of a condition."""
    operator, operand = parts_of(test)
    if operator == "exists":
        return "present" if operand else ABSENT
    if operator == "numeric":
        return {">": operand[1] + 1, "<": operand[1] - 1}.get(operand[0], operand[1])
    if operator == "anything-but":
        return SOMETHING_ELSE
    if operator == "equals-ignore-case":
        return operand.swapcase()
    return operand if operator == "exactly" else text_of(operand).replace("*", "x")


def failing(test: Any) -> object:
    """A value that fails one value or operator of a condition."""
    operator, operand = parts_of(test)
    if operator == "exists":
        return ABSENT if operand else "present"
    if operator == "numeric":
        return {">": operand[1], ">=": operand[1] - 1}.get(operand[0], operand[1] + 1)
    if operator == "anything-but":
        return text_of(operand).replace("*", "x")
    return not operand if isinstance(operand, bool) else SOMETHING_ELSE


def parts_of(test: Any) -> tuple[str, Any]:
    if not isinstance(test, Mapping):
        return "exactly", test
    ((operator, operand),) = test.items()
    return operator, operand


def text_of(operand: Any) -> str:
    """The first text of an operand, however it is wrapped: `x`, `[x, y]`, `{"prefix": x}`."""
    while not isinstance(operand, str):
        operand = next(iter(operand.values())) if isinstance(operand, Mapping) else operand[0]
    return operand


def record_where(operation: str, values: Mapping[Path, object]) -> dict[str, Any]:
    """A record with these values, and lists where the operation's model has lists."""
    models = find_operation(operation)
    record: dict[str, Any] = {"requestParameters": {}, "facts": {}}
    for path, value in values.items():
        if value is ABSENT:
            continue
        place: Any = record
        for depth, part in enumerate(path, start=1):
            dotted = ".".join(path[:depth])
            listed = path[0] != "facts" and any(model.is_list_at(dotted) for model in models)
            if depth == len(path):
                place[part] = [value] if listed else value
            else:
                place = place.setdefault(part, [{}] if listed else {})
                place = place[0] if listed else place
    return record


def test_a_record_made_for_a_test_has_lists_where_aws_has_them() -> None:
    path = ("requestParameters", "topicRulePayload", "actions", "http", "url")
    expected = {"topicRulePayload": {"actions": [{"http": {"url": "x"}}]}}
    assert expected == record_where("iot:CreateTopicRule", {path: "x"})["requestParameters"]


@pytest.mark.parametrize(("operation", "escalation"), ESCALATIONS)
def test_it_fires_on_each_value_that_it_names(operation: str, escalation: Escalation) -> None:
    matches = compile_pattern(escalation.when)
    for way in alternatives(escalation.when):
        firing = {path: passing(tests[0]) for path, tests in way.items()}
        for path, tests in way.items():
            for test in tests:
                record = record_where(operation, {**firing, path: passing(test)})
                assert matches(record), record


@pytest.mark.parametrize(("operation", "escalation"), ESCALATIONS)
def test_it_is_silent_when_a_condition_of_every_alternative_fails(
    operation: str, escalation: Escalation
) -> None:
    matches = compile_pattern(escalation.when)
    ways = list(alternatives(escalation.when))
    everything = {path: tests for way in ways for path, tests in way.items()}
    record = record_where(operation, {path: failing(tests[0]) for path, tests in everything.items()})
    assert not matches(record), record
    if len(ways) == 1:
        for path, tests in everything.items():
            firing = {each: passing(wanted[0]) for each, wanted in everything.items()}
            record = record_where(operation, {**firing, path: failing(tests[0])})
            assert not matches(record), record


@pytest.mark.parametrize("escalation", [each.values[1] for each in ESCALATIONS])
def test_it_is_silent_on_a_record_without_parameters(escalation: Escalation) -> None:
    nothing: list[dict[str, object] | None] = [{}, None]
    for parameters in nothing:
        actor = {"kind": "role", "console": False}
        record = {"requestParameters": parameters, "facts": {"actor": actor, "omitted": False}}
        before = copy.deepcopy(record)
        assert not compile_pattern(escalation.when)(record)
        assert before == record


@pytest.mark.parametrize("name", load_any_operation().circumstances)
def test_every_circumstance_fires_on_each_value_that_it_names_and_not_on_another(name: str) -> None:
    pattern = load_any_operation().circumstances[name].when
    matches = compile_pattern(pattern)
    (way,) = alternatives(pattern)
    firing = {path: passing(tests[0]) for path, tests in way.items()}
    for path, tests in way.items():
        for test in tests:
            assert matches(record_where("iot:CreateThing", {**firing, path: passing(test)}))
        assert not matches(record_where("iot:CreateThing", {**firing, path: failing(tests[0])}))


def facts(*verdicts: str, kind: str = "role") -> dict[str, Any]:
    return {"actor": {"kind": kind}, "omitted": False, "policy": {"verdicts": list(verdicts)}}


def severity_of(operation: str, record: Mapping[str, Any]) -> Severity:
    entry: Entry = CATALOG[operation]
    return max([entry.severity, *(each.to for each in entry.escalate if compile_pattern(each.when)(record))])


@pytest.mark.parametrize(
    ("operation", "parameters", "derived", "expected"),
    [
        ("UpdateCertificate", {"newStatus": "REVOKED"}, facts(), Severity.MEDIUM),
        ("UpdateCertificate", {"newStatus": "INACTIVE"}, facts(), Severity.MEDIUM),
        ("UpdateCertificate", {"newStatus": "ACTIVE"}, facts(), Severity.HIGH),
        ("RegisterCertificate", {}, facts(), Severity.MEDIUM),
        ("RegisterCertificate", {"status": "ACTIVE"}, facts(), Severity.HIGH),
        ("RegisterCertificate", {"setAsActive": "true"}, facts(), Severity.HIGH),
        ("RegisterCertificateWithoutCA", {"status": "ACTIVE"}, facts(), Severity.CRITICAL),
        ("CreateKeysAndCertificate", {}, facts(), Severity.MEDIUM),
        ("CreateKeysAndCertificate", {"setAsActive": True}, facts(), Severity.HIGH),
        ("CreateKeysAndCertificate", {"setAsActive": "false"}, facts(), Severity.MEDIUM),
        ("CreatePolicy", {}, facts(), Severity.MEDIUM),
        ("CreatePolicy", {}, facts("overly-permissive"), Severity.CRITICAL),
        ("CreatePolicy", {}, facts("potentially-misconfigured"), Severity.HIGH),
        ("CreatePolicy", {"omitted": "true"}, {**facts(), "omitted": True}, Severity.HIGH),
        ("CreatePolicyVersion", {"setAsDefault": "false"}, facts(), Severity.MEDIUM),
        ("CreatePolicyVersion", {"setAsDefault": "true"}, facts(), Severity.HIGH),
        ("CreatePolicyVersion", {"setAsDefault": True}, facts("overly-permissive"), Severity.CRITICAL),
        ("RegisterCACertificate", {"certificateMode": "SNI_ONLY"}, facts(), Severity.HIGH),
        ("RegisterCACertificate", {"setAsActive": "true"}, facts(), Severity.CRITICAL),
        ("UpdateCACertificate", {"newStatus": "INACTIVE"}, facts(), Severity.MEDIUM),
        ("UpdateCACertificate", {"newAutoRegistrationStatus": "ENABLE"}, facts(), Severity.CRITICAL),
        ("CreateProvisioningClaim", {}, facts(), Severity.MEDIUM),
        ("CreateProvisioningClaim", {}, facts(kind="iam-user"), Severity.HIGH),
        ("CreateAuthorizer", {}, facts(), Severity.MEDIUM),
        ("CreateAuthorizer", {"status": "ACTIVE"}, facts(), Severity.HIGH),
        ("CreateAuthorizer", {"status": "ACTIVE", "signingDisabled": False}, facts(), Severity.HIGH),
        ("CreateAuthorizer", {"signingDisabled": True}, facts(), Severity.HIGH),
        ("CreateAuthorizer", {"status": "INACTIVE", "signingDisabled": True}, facts(), Severity.HIGH),
        ("CreateAuthorizer", {"status": "ACTIVE", "signingDisabled": True}, facts(), Severity.CRITICAL),
        ("CreateAuthorizer", {"status": "ACTIVE", "signingDisabled": "true"}, facts(), Severity.CRITICAL),
        ("UpdateAuthorizer", {"status": "ACTIVE"}, facts(), Severity.HIGH),
        ("SetDefaultAuthorizer", {"authorizerName": "a"}, facts(), Severity.HIGH),
        ("DeleteCertificate", {"forceDelete": "true"}, facts(), Severity.HIGH),
        ("CreateThing", {"thingName": "pump"}, facts(), Severity.INFORMATIONAL),
        ("SetV2LoggingOptions", {"disableAllLogs": True}, facts(), Severity.CRITICAL),
        ("DeleteAccountAuditConfiguration", {"deleteScheduledAudits": "true"}, facts(), Severity.CRITICAL),
    ],
)
def test_the_judgements_that_matter_most(
    operation: str, parameters: dict[str, Any], derived: dict[str, Any], expected: Severity
) -> None:
    assert expected == severity_of(f"iot:{operation}", {"requestParameters": parameters, "facts": derived})


@pytest.mark.parametrize("operation", ["iot:UpdateAuthorizer", "iot:SetDefaultAuthorizer"])
def test_who_activates_an_authorizer_or_makes_it_the_default_is_asked_whether_it_takes_unsigned_tokens(
    operation: str,
) -> None:
    # signingDisabled can be set only when it is made, so that no later record tells.
    assert any("signingDisabled" in step for step in CATALOG[operation].runbook)


HIDDEN = {**facts(), "masked": ["InitialVersion"]}


@pytest.mark.parametrize(
    ("operation", "parameters", "derived", "expected"),
    [
        ("CreateFunctionDefinition", {"InitialVersion": "***"}, HIDDEN, Severity.MEDIUM),
        ("CreateFunctionDefinition", {}, {**facts(), "masked": ["initialVersion"]}, Severity.MEDIUM),
        ("CreateFunctionDefinition", {}, {**facts(), "masked": ["DefaultConfig"]}, Severity.MEDIUM),
        ("CreateFunctionDefinition", {}, {**facts(), "masked": ["AmznClientToken"]}, Severity.LOW),
        ("CreateFunctionDefinition", {"InitialVersion": {}}, facts(), Severity.LOW),
        ("CreateFunctionDefinitionVersion", {}, {**facts(), "masked": ["DefaultConfig"]}, Severity.MEDIUM),
        ("CreateFunctionDefinitionVersion", {}, {**facts(), "masked": ["AmznClientToken"]}, Severity.LOW),
        ("CreateCoreDefinition", {"InitialVersion": "***"}, HIDDEN, Severity.LOW),
    ],
)
def test_what_cloudtrail_hid_counts_as_what_it_may_be_where_a_judgement_depends_on_it(
    operation: str, parameters: dict[str, Any], derived: dict[str, Any], expected: Severity
) -> None:
    record = {"requestParameters": parameters, "facts": derived}
    assert expected == severity_of(f"greengrass:{operation}", record)
