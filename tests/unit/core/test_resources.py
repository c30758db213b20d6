from typing import Any

import pytest

from handlers.core.record import parse_event
from handlers.core.resources import find_resource
from tests.records import ACCOUNT, CERTIFICATE, REGION, make_event

ARN = f"arn:aws:iot:{REGION}:{ACCOUNT}"
CONSOLE = f"https://{REGION}.console.aws.amazon.com/iot/home?region={REGION}#"


def _resource(**record: Any) -> dict[str, Any] | None:
    return find_resource(parse_event(make_event(**record)))


def test_a_resource_has_a_kind_an_id_an_arn_and_its_page_in_the_console() -> None:
    assert {
        "kind": "certificate",
        "id": CERTIFICATE,
        "arn": f"{ARN}:cert/{CERTIFICATE}",
        "url": f"{CONSOLE}/certificate/{CERTIFICATE}",
    } == _resource()


@pytest.mark.parametrize(
    ("operation", "parameters", "kind", "arn"),
    [
        ("AttachPolicy", {"target": "arn:x", "policyName": "p"}, "policy", f"{ARN}:policy/p"),
        ("AttachThingPrincipal", {"principal": "arn:x", "thingName": "t"}, "thing", f"{ARN}:thing/t"),
        (
            "AddThingToThingGroup",
            {"thingName": "t", "thingGroupName": "g"},
            "thing-group",
            f"{ARN}:thinggroup/g",
        ),
        ("UpdateCACertificate", {"certificateId": "c"}, "ca-certificate", f"{ARN}:cacert/c"),
        ("CreateTopicRule", {"ruleName": "r"}, "topic-rule", f"{ARN}:rule/r"),
        ("CreateDomainConfiguration", {"domainConfigurationName": "d"}, "domain-configuration", None),
    ],
)
def test_the_resource_is_the_one_that_the_call_is_about(
    operation: str, parameters: dict[str, Any], kind: str, arn: str | None
) -> None:
    resource = _resource(operation=operation, requestParameters=parameters)
    assert resource is not None
    assert (kind, arn) == (resource["kind"], resource.get("arn"))


def test_a_resource_that_only_the_answer_names_is_found_there() -> None:
    resource = _resource(requestParameters={"setAsActive": True}, responseElements={"certificateId": "c"})
    assert resource is not None
    assert "c" == resource["id"]


@pytest.mark.parametrize(
    "record",
    [
        {"requestParameters": None},
        {"requestParameters": {"policyName": ["x"]}},
        {"eventSource": "iam.amazonaws.com", "requestParameters": {"policyName": "p"}},
    ],
)
def test_a_call_that_names_no_resource_of_iot_has_none(record: dict[str, Any]) -> None:
    assert _resource(**record) is None


def test_the_arn_and_the_page_are_those_of_the_partition() -> None:
    resource = _resource(awsRegion="cn-north-1")
    assert resource is not None
    assert resource["arn"].startswith("arn:aws-cn:iot:cn-north-1:")
    assert resource["url"].startswith("https://cn-north-1.console.amazonaws.cn/iot/")


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"policyName": "allow-everything"}, ["wide-access"]),
        ({"policyName": "FleetADMIN"}, ["wide-access"]),
        ({"policyName": "full_access"}, ["wide-access"]),
        ({"policyName": "Deny-All"}, ["isolation"]),
        ({"thingGroupName": "QUARANTINE"}, ["isolation"]),
        ({"policyName": "pump-telemetry"}, None),
        ({"thingName": "quarantine-lamp"}, None),
    ],
)
def test_the_name_of_a_policy_or_group_may_say_what_it_is_for(
    parameters: dict[str, Any], expected: list[str] | None
) -> None:
    resource = _resource(requestParameters=parameters)
    assert resource is not None
    assert expected == resource.get("suggests")


@pytest.mark.parametrize("name", ["a/../b>|c", "x" * 129, "\ud800x", "🔥", "a b"])
def test_a_name_that_aws_does_not_take_has_no_page(name: str) -> None:
    resource = _resource(requestParameters={"policyName": name})
    assert resource is not None
    assert "url" not in resource


def test_an_id_keeps_its_signs_in_the_address() -> None:
    resource = _resource(requestParameters={"policyName": "a+b=c@d"})
    assert resource is not None
    assert f"{CONSOLE}/policy/a%2Bb%3Dc%40d" == resource["url"]
