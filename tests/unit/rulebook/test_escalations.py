"""Every escalation of the catalog fires on a record made for it, and is silent when any condition fails."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from handlers.core.patterns import compile_pattern
from handlers.core.severity import Severity
from rulebook.catalog import Entry, Escalation, load_catalog

CATALOG = load_catalog()
ABSENT = object()

ESCALATIONS = [
    pytest.param(escalation, id=f"{operation} {position}")
    for operation, entry in CATALOG.items()
    for position, escalation in enumerate(entry.escalate)
]


def conditions(
    pattern: Mapping[str, object], at: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    for key, value in pattern.items():
        if isinstance(value, Mapping):
            yield from conditions(value, (*at, key))
        else:
            assert isinstance(value, list)
            yield (*at, key), value


def value_that(test: Any, *, passes: bool) -> object:
    """A value that passes, or does not pass, one value or operator of a pattern."""
    if not isinstance(test, Mapping):
        return test if passes else "something else"
    ((operator, operand),) = test.items()
    if operator == "exists":
        return "present" if passes == operand else ABSENT
    if operator == "wildcard":
        return operand.replace("*", "x") if passes else "something else"
    assert operator == "anything-but"
    return "something else" if passes else operand[0]


def record_where(values: Mapping[tuple[str, ...], object]) -> dict[str, Any]:
    record: dict[str, Any] = {"eventSource": "iot.amazonaws.com", "requestParameters": {}, "facts": {}}
    for path, value in values.items():
        if value is not ABSENT:
            place = record
            for part in path[:-1]:
                place = place.setdefault(part, {})
            place[path[-1]] = value
    return record


def severity_of(operation: str, record: Mapping[str, Any]) -> Severity:
    entry: Entry = CATALOG[operation]
    return max([entry.severity, *(each.to for each in entry.escalate if compile_pattern(each.when)(record))])


@pytest.mark.parametrize("escalation", ESCALATIONS)
def test_it_fires_on_each_value_that_it_names(escalation: Escalation) -> None:
    matches = compile_pattern(escalation.when)
    wanted = dict(conditions(escalation.when))
    firing = {path: value_that(values[0], passes=True) for path, values in wanted.items()}
    for path, values in wanted.items():
        for value in values:
            record = record_where({**firing, path: value_that(value, passes=True)})
            assert matches(record), record


@pytest.mark.parametrize("escalation", ESCALATIONS)
def test_it_is_silent_when_any_one_condition_fails(escalation: Escalation) -> None:
    matches = compile_pattern(escalation.when)
    wanted = dict(conditions(escalation.when))
    firing = {path: value_that(values[0], passes=True) for path, values in wanted.items()}
    for path, values in wanted.items():
        record = record_where({**firing, path: value_that(values[0], passes=False)})
        assert not matches(record), record


@pytest.mark.parametrize("escalation", ESCALATIONS)
def test_it_is_silent_on_a_record_without_parameters(escalation: Escalation) -> None:
    actor = {"kind": "device-registration"}
    without: list[dict[str, object] | None] = [{}, None]
    for parameters in without:
        record = {"requestParameters": parameters, "facts": {"actor": actor, "omitted": False}}
        before = copy.deepcopy(record)
        assert not compile_pattern(escalation.when)(record)
        assert before == record


def facts(kind: str, *risks: str) -> dict[str, Any]:
    return {"actor": {"kind": kind}, "omitted": False, "policy": {"risks": list(risks)}}


@pytest.mark.parametrize(
    ("operation", "parameters", "derived", "expected"),
    [
        ("UpdateCertificate", {"newStatus": "REVOKED"}, facts("role"), Severity.MEDIUM),
        ("UpdateCertificate", {"newStatus": "INACTIVE"}, facts("role"), Severity.MEDIUM),
        ("UpdateCertificate", {"newStatus": "ACTIVE"}, facts("role"), Severity.HIGH),
        ("RegisterCertificate", {"status": "ACTIVE"}, facts("device-registration"), Severity.INFORMATIONAL),
        (
            "RegisterCertificate",
            {"setAsActive": "true"},
            facts("device-registration"),
            Severity.INFORMATIONAL,
        ),
        ("RegisterCertificate", {}, facts("role"), Severity.MEDIUM),
        ("RegisterCertificate", {"status": "ACTIVE"}, facts("unknown"), Severity.HIGH),
        ("RegisterCertificate", {"setAsActive": "true"}, facts("role"), Severity.HIGH),
        ("RegisterCertificateWithoutCA", {"status": "ACTIVE"}, facts("role"), Severity.CRITICAL),
        ("CreateKeysAndCertificate", {}, facts("role"), Severity.MEDIUM),
        ("CreateKeysAndCertificate", {"setAsActive": True}, facts("role"), Severity.HIGH),
        ("CreateKeysAndCertificate", {"setAsActive": "false"}, facts("role"), Severity.MEDIUM),
        ("CreatePolicy", {}, facts("role"), Severity.MEDIUM),
        ("CreatePolicy", {}, facts("role", "any-action-on-any-resource"), Severity.CRITICAL),
        ("CreatePolicy", {}, facts("role", "any-action"), Severity.HIGH),
        ("CreatePolicy", {"omitted": "true"}, {**facts("role"), "omitted": True}, Severity.HIGH),
        ("CreatePolicyVersion", {"setAsDefault": "false"}, facts("role"), Severity.MEDIUM),
        ("CreatePolicyVersion", {"setAsDefault": "true"}, facts("role"), Severity.HIGH),
        ("CreatePolicyVersion", {"setAsDefault": True}, facts("role", "any-resource"), Severity.CRITICAL),
        ("RegisterCACertificate", {"certificateMode": "SNI_ONLY"}, facts("role"), Severity.HIGH),
        ("RegisterCACertificate", {"setAsActive": "true"}, facts("role"), Severity.CRITICAL),
        ("UpdateCACertificate", {"newStatus": "INACTIVE"}, facts("role"), Severity.MEDIUM),
        ("UpdateCACertificate", {"newAutoRegistrationStatus": "ENABLE"}, facts("role"), Severity.CRITICAL),
        ("CreateProvisioningClaim", {}, facts("role"), Severity.MEDIUM),
        ("CreateProvisioningClaim", {}, facts("iam-user"), Severity.HIGH),
        ("DeleteCertificate", {"forceDelete": "true"}, facts("role"), Severity.HIGH),
    ],
)
def test_the_judgements_that_matter_most(
    operation: str, parameters: dict[str, Any], derived: dict[str, Any], expected: Severity
) -> None:
    assert expected == severity_of(f"iot:{operation}", {"requestParameters": parameters, "facts": derived})
