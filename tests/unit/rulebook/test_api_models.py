"""What AWS's own models tell of operations and parameters, and that nothing is known where they are gone."""

import pytest

from rulebook.api_models import (
    choices_of,
    is_text,
    members_of,
    operations_of,
    parameters_of,
    parameters_with_capitals,
)
from rulebook.services import SERVICES


def test_a_service_has_its_operations_those_that_only_read_too() -> None:
    assert {"CreatePolicy", "ListThings"} <= operations_of(SERVICES["iot"])


def test_of_a_service_whose_model_is_gone_nothing_is_known() -> None:
    gone = SERVICES["iotfleethub"]
    assert (frozenset(), ()) == (operations_of(gone), parameters_of(gone, "CreateApplication"))


def test_an_operation_of_two_versions_has_the_parameters_of_both() -> None:
    found = [members_of(shape) or {} for shape in parameters_of(SERVICES["greengrass"], "CreateDeployment")]
    assert [True, True] == [
        any("targetArn" in each for each in found),
        any("DeploymentType" in each for each in found),
    ]


def test_parameters_are_known_with_their_type_and_their_choices() -> None:
    (shape,) = parameters_of(SERVICES["iotwireless"], "CreateWirelessDevice")
    members = members_of(shape) or {}
    assert {"Type": True, "Positioning": True} == {
        name: is_text(members[name]) for name in ("Type", "Positioning")
    }
    assert not is_text(members["LoRaWAN"])
    assert ("Sidewalk", "LoRaWAN") == choices_of(members["Type"])
    assert {} == members_of(members["Type"])


def test_below_a_map_anything_may_stand() -> None:
    (shape,) = parameters_of(SERVICES["iot"], "CreateThing")
    attributes = (members_of((members_of(shape) or {})["attributePayload"]) or {})["attributes"]
    assert members_of(attributes) is None


@pytest.mark.parametrize(
    ("service", "operation", "expected"),
    [
        ("iot", "UpdateCertificate", frozenset()),
        # Callers choose the names of attributes.
        ("iot", "UpdateThing", {"attributePayload"}),
        ("iot", "TagResource", {"tags"}),
        ("iotsecuredtunneling", "CloseTunnel", frozenset()),
        ("iotfleethub", "CreateApplication", None),
    ],
    ids=["small letters alone", "a caller's", "in the model", "of another service", "no model"],
)
def test_parameters_with_names_that_may_begin_with_a_capital_are_known(
    service: str, operation: str, expected: frozenset[str] | None
) -> None:
    assert expected == parameters_with_capitals(SERVICES[service], operation)


def test_a_parameter_that_begins_with_a_capital_is_known_by_its_lowered_name() -> None:
    found = parameters_with_capitals(SERVICES["iotwireless"], "CreateWirelessDevice") or frozenset()
    assert {"name", "loRaWAN", "sidewalk"} <= found
