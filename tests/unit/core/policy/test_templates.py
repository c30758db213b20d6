"""The form of a template: https://docs.aws.amazon.com/iot/latest/developerguide/provision-template.html."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.core.policy import read_policy, read_template, template_fact
from tests.unit.core.policy.documents import CASES, DOCUMENTS, JSON

TOPIC = "arn:aws:iot:eu-west-1:111122223333:topic/"
SERIAL = {"Ref": "SerialNumber"}


def template(**properties: Any) -> dict[str, Any]:
    return {
        "Parameters": {"SerialNumber": {"Type": "String"}},
        "Resources": {
            "thing": {"Type": "AWS::IoT::Thing", "Properties": {"ThingName": SERIAL}},
            "policy": {"Type": "AWS::IoT::Policy", "Properties": properties},
        },
    }


def with_policies(*policies: dict[str, Any]) -> dict[str, Any]:
    return {
        "Resources": {
            f"policy {number}": {"Type": "AWS::IoT::Policy", "Properties": properties}
            for number, properties in enumerate(policies)
        }
    }


def publishing_to(resource: object) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "iot:Publish", "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


def names(body: object) -> list[str]:
    return [risk.name for risk in read_template(body)]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_template_has_the_risks_of_the_document_in_it(case: dict[str, Any]) -> None:
    body = template(PolicyDocument=case["document"])
    assert case["risks"] == names(body)
    assert case["risks"] == names(json.dumps(body))


@given(DOCUMENTS)
def test_a_document_as_text_in_a_template_has_exactly_its_risks(document: dict[str, Any]) -> None:
    assert read_policy(document) == read_template(template(PolicyDocument=json.dumps(document)))


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (SERIAL, ["publish-anywhere"]),
        ({"Fn::Join": ["", [TOPIC, SERIAL]]}, ["publish-anywhere"]),
        ({"Fn::Join": ["/", [TOPIC + "ovens", SERIAL, "state"]]}, []),
        ({"Fn::Join": ["", [TOPIC + "$aws/things/", SERIAL, "/shadow/update"]]}, ["reserved-topics"]),
        ({"Fn::Join": ["", [TOPIC, {"Ref": "AWS::IoT::Certificate::CommonName"}, "/*"]]}, []),
        ({"Fn::Join": ["", [TOPIC, {"Fn::Select": ["0", ["a", "b"]]}]]}, ["publish-anywhere"]),
        ({"Fn::Sub": TOPIC + "${SerialNumber}/state"}, ["publish-anywhere"]),
        ({"Fn::Sub": TOPIC + "${AWS::IoT::Certificate::Id}/state"}, []),
        ({"Fn::Sub": TOPIC + "${!iot:Connection.Thing.ThingName}/state"}, []),
        ({"Fn::Sub": TOPIC + "${!aws:SourceIp}/state"}, ["publish-anywhere"]),
        ({"Fn::Sub": [TOPIC + "${Kind}/state", {"Kind": "ovens"}]}, []),
        ({"Fn::Sub": [TOPIC + "${Kind}/state", {"Kind": SERIAL}]}, ["publish-anywhere"]),
        ({"fn::join": ["", [TOPIC, "ovens"]]}, []),
        ({"Fn::FindInMap": ["Topics", "eu", "name"]}, ["publish-anywhere"]),
        ({"Fn::Join": "not a list"}, ["publish-anywhere"]),
        ([TOPIC + "a", SERIAL], ["publish-anywhere"]),
        (TOPIC + "${SerialNumber}", ["publish-anywhere"]),
    ],
)
def test_what_who_provisions_may_choose_counts_as_a_wildcard(resource: object, expected: list[str]) -> None:
    assert expected == names(template(PolicyDocument=publishing_to(resource)))


def test_an_action_that_may_be_chosen_is_every_action() -> None:
    document = publishing_to(TOPIC + "a")
    document["Statement"][0]["Action"] = [{"Ref": "Action"}]
    assert ["any-action"] == names(template(PolicyDocument=document))


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"PolicyName": "Ovens"}, []),
        ({"policyName": "Ovens"}, []),
        ({"PolicyName": SERIAL}, ["policy-chosen-by-caller"]),
        ({"PolicyName": {"Fn::Join": ["-", ["Ovens", SERIAL]]}}, []),
        ({"PolicyName": {"Fn::Join": ["-", [SERIAL, "Ovens"]]}}, ["policy-chosen-by-caller"]),
        ({"PolicyDocument": SERIAL}, ["policy-chosen-by-caller"]),
        ({"PolicyDocument": {"Fn::Sub": '{"Statement": {"Sid": "${Serial}"}}'}}, ["policy-chosen-by-caller"]),
        ({"PolicyDocument": {"Fn::Join": ["", ['{"Statement":', " []}"]]}}, []),
        ({}, ["unreadable"]),
    ],
)
def test_a_policy_that_may_be_chosen_is_a_risk_and_a_named_one_is_not(
    properties: dict[str, Any], expected: list[str]
) -> None:
    assert expected == names(template(**properties))


def test_types_and_properties_are_read_in_every_case() -> None:
    body = {"resources": {"p": {"type": "AWS::Iot::policy", "properties": {"policydocument": "***"}}}}
    assert ["unreadable"] == names(body)


def test_the_fact_counts_the_documents_and_tells_the_risks_of_all() -> None:
    body = with_policies(
        {"PolicyDocument": publishing_to("*")},
        {"PolicyName": "Ovens"},
        {"PolicyDocument": publishing_to("*")},
        {"PolicyDocument": "***"},
        {"PolicyName": SERIAL},
    )
    assert template_fact(body) == {
        "verdicts": ["overly-permissive", "unreadable"],
        "risks": ["policy-chosen-by-caller", "publish-anywhere", "unreadable"],
        "why": [
            "policy 5 lets who provisions a device choose its policy",
            "policy 1, statement 1 lets a device publish to any device's topics",
            "policy 3, statement 1 lets a device publish to any device's topics",
            "policy 4 can not be read",
        ],
        "policies": 3,
    }


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"PolicyDocument": publishing_to("*")}, "statement 1 lets a device publish to any device's topics"),
        ({"PolicyName": SERIAL}, "the template lets who provisions a device choose its policy"),
    ],
)
def test_a_policy_that_is_alone_in_its_template_needs_no_number(
    properties: dict[str, Any], expected: str
) -> None:
    assert [expected] == template_fact(template(**properties))["why"]


def test_a_template_that_can_not_be_read_says_so() -> None:
    assert template_fact("***") == {
        "verdicts": ["unreadable"],
        "risks": ["unreadable"],
        "why": ["the template can not be read"],
        "policies": 0,
    }


def test_a_sentence_names_a_policy_in_our_words_alone() -> None:
    hostile = "<!channel> *bold*"
    policy = {"Type": "AWS::IoT::Policy", "Properties": {"PolicyName": hostile, "PolicyDocument": hostile}}
    body = {"Resources": {hostile: policy, "other": policy}}
    assert ["policy 1 can not be read", "policy 2 can not be read"] == template_fact(body)["why"]


@pytest.mark.parametrize(
    "body",
    [
        None,
        "***",
        "{}",
        {"Resources": []},
        {"Resources": {"policy": "AWS::IoT::Policy"}},
        {"Resources": {"policy": {"Type": SERIAL}}},
        {"Resources": {"policy": {"Type": "AWS::IoT::Policy"}}},
        '{"Resources": {"p": {}, "p": {}}}',
        json.dumps({"Resources": {}, "DeviceConfiguration": "x" * 10_240}),
    ],
)
def test_a_template_that_can_not_be_read_is_a_risk_without_documents(body: object) -> None:
    assert ["unreadable"] == names(body)
    assert template_fact(body)["policies"] == 0


def test_functions_that_nest_without_end_are_not_followed() -> None:
    deep: object = SERIAL
    for _ in range(200):
        deep = {"Fn::Join": ["", [deep]]}
    assert ["unreadable"] == names(template(PolicyDocument=publishing_to(deep)))


@given(JSON | st.text())
def test_whatever_the_template_it_is_read_and_told(body: object) -> None:
    for candidate in (body, {"Resources": body}, template(PolicyDocument=body), template(PolicyName=body)):
        assert len(read_template(candidate)) >= len(template_fact(candidate)["risks"])  # type: ignore[arg-type]
