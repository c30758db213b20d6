"""From a REST request to the API's own parameter names, by botocore's model."""

import json
from typing import Any

import pytest

from local.embedded_aws.service_model import HIDDEN, ServiceModel, request_parameters, response_elements


@pytest.fixture(scope="module")
def iot() -> ServiceModel:
    return ServiceModel("iot")


def parameters(
    iot: ServiceModel,
    method: str,
    path: str,
    *,
    query: dict[str, list[str]] | None = None,
    headers: dict[str, str] | None = None,
    body: Any = None,
) -> tuple[str, Any]:
    found = iot.find(method, path)
    assert found is not None
    operation, in_path = found
    text = b"" if body is None else json.dumps(body).encode()
    return operation.name, request_parameters(operation, in_path, query or {}, headers or {}, text)


def test_every_operation_is_found_by_its_own_path(iot: ServiceModel) -> None:
    for operation in iot._operations:
        path = operation.model.http["requestUri"].partition("?")[0]
        found = iot.find(operation.method, path.replace("{", "").replace("}", "").replace("+", ""))
        assert found is not None
        assert operation.name == found[0].name


def test_an_operation_of_the_json_protocol_is_found_by_its_target() -> None:
    tunneling = ServiceModel("iotsecuretunneling")

    found = tunneling.find("POST", "/", "IoTSecuredTunneling.OpenTunnel")

    assert found is not None
    assert ("OpenTunnel", {}) == (found[0].name, found[1])
    assert tunneling.find("POST", "/", "IoTSecuredTunneling.NoSuchOperation") is None


def test_an_unknown_path_is_no_operation(iot: ServiceModel) -> None:
    assert iot.find("GET", "/no/such/path") is None


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False)])
def test_a_boolean_in_the_query_string_becomes_one(iot: ServiceModel, text: str, value: bool) -> None:
    name, found = parameters(iot, "DELETE", "/certificates/abc", query={"forceDelete": [text]})

    assert ("DeleteCertificate", {"certificateId": "abc", "forceDelete": value}) == (name, found)


def test_a_number_in_the_query_string_becomes_one(iot: ServiceModel) -> None:
    _name, found = parameters(iot, "DELETE", "/things/lamp", query={"expectedVersion": ["3"]})

    assert {"thingName": "lamp", "expectedVersion": 3} == found


def test_a_query_name_gives_way_to_the_api_name(iot: ServiceModel) -> None:
    name, found = parameters(iot, "GET", "/certificates", query={"isAscendingOrder": ["true"]})

    assert ("ListCertificates", {"ascendingOrder": True}) == (name, found)


@pytest.mark.parametrize(
    ("method", "path", "header", "name"),
    [
        ("PUT", "/principal-policies/open", "x-amzn-iot-principal", "AttachPrincipalPolicy"),
        ("DELETE", "/principal-policies/open", "x-amzn-iot-principal", "DetachPrincipalPolicy"),
        ("PUT", "/things/open/principals", "x-amzn-principal", "AttachThingPrincipal"),
    ],
)
def test_a_header_gives_way_to_the_api_name(
    iot: ServiceModel, method: str, path: str, header: str, name: str
) -> None:
    found_name, found = parameters(iot, method, path, headers={header: "arn:certificate"})

    assert name == found_name
    assert "arn:certificate" == found["principal"]


def test_an_account_in_the_query_string_is_kept(iot: ServiceModel) -> None:
    name, found = parameters(
        iot, "PATCH", "/transfer-certificate/abc", query={"targetAwsAccount": ["444455556666"]},
        body={"transferMessage": "yours"},
    )  # fmt: skip

    assert "TransferCertificate" == name
    assert {"certificateId": "abc", "targetAwsAccount": "444455556666", "transferMessage": "yours"} == found


def test_a_body_that_is_one_member_keeps_that_member(iot: ServiceModel) -> None:
    name, found = parameters(iot, "POST", "/rules/all", body={"sql": "SELECT *", "actions": []})

    assert "CreateTopicRule" == name
    assert {"ruleName": "all", "topicRulePayload": {"sql": "SELECT *", "actions": []}} == found


def test_an_arn_in_the_path_may_have_slashes(iot: ServiceModel) -> None:
    arn = "arn:aws:iot:us-east-1:000000000000:cert/abc"

    assert ("ListAttachedPolicies", {"target": arn}) == parameters(iot, "POST", f"/attached-policies/{arn}")


def test_a_body_that_is_not_json_leaves_no_parameters(iot: ServiceModel) -> None:
    found = iot.find("POST", "/things/lamp")
    assert found is not None

    assert request_parameters(*found, {}, {}, b"{") is None


def test_a_sensitive_member_of_an_answer_is_hidden(iot: ServiceModel) -> None:
    found = iot.find("POST", "/keys-and-certificate")
    assert found is not None
    answer = {"certificateId": "abc", "keyPair": {"PublicKey": "public", "PrivateKey": "secret"}}

    elements = response_elements(found[0], json.dumps(answer).encode())

    assert {"certificateId": "abc", "keyPair": {"publicKey": "public", "privateKey": HIDDEN}} == elements
