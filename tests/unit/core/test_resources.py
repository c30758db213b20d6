from itertools import pairwise
from typing import Any

import pytest

from handlers.core.record import parse_event
from handlers.core.resources import find_resource
from tests.support.records import ACCOUNT, CERTIFICATE, REGION, make_event

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


def test_a_name_that_cloudtrail_hid_is_no_resource() -> None:
    assert _resource(requestParameters={"policyName": "***"}) is None
    answer = {"policyName": "p"}
    found = _resource(requestParameters={"policyName": "***"}, responseElements=answer) or {}
    assert "p" == found["id"]


# (parameter, kind, what stands before the id in its ARN). Of two in one call, it is about the upper one.
NAMES: list[tuple[str, str, str | None]] = [
    ("policyName", "policy", "policy"),
    ("roleAlias", "role-alias", "rolealias"),
    ("authorizerName", "authorizer", "authorizer"),
    ("domainConfigurationName", "domain-configuration", None),
    ("templateName", "provisioning-template", "provisioningtemplate"),
    ("certificateProviderName", "certificate-provider", "certificateprovider"),
    ("ruleName", "topic-rule", "rule"),
    ("otaUpdateId", "ota-update", "otaupdate"),
    ("jobId", "job", "job"),
    ("jobTemplateId", "job-template", "jobtemplate"),
    ("streamId", "stream", "stream"),
    ("packageName", "package", "package"),
    ("commandId", "command", "command"),
    ("securityProfileName", "security-profile", "securityprofile"),
    ("scheduledAuditName", "scheduled-audit", "scheduledaudit"),
    ("metricName", "metric", None),
    ("dimensionName", "dimension", "dimension"),
    ("actionName", "mitigation-action", "mitigationaction"),
    ("thingGroupName", "thing-group", "thinggroup"),
    ("billingGroupName", "billing-group", "billinggroup"),
    ("thingName", "thing", "thing"),
    ("thingTypeName", "thing-type", "thingtype"),
    ("certificateId", "certificate", "cert"),
    ("caCertificateId", "ca-certificate", "cacert"),
    ("indexName", "index", "index"),
]


@pytest.mark.parametrize(("parameter", "kind", "segment"), NAMES)
def test_every_parameter_that_names_a_resource_tells_its_kind_and_its_arn(
    parameter: str, kind: str, segment: str | None
) -> None:
    arn = {"arn": f"{ARN}:{segment}/x"} if segment else {}
    resource = _resource(requestParameters={parameter: "x"})
    assert resource is not None
    resource.pop("url", None)
    assert {"kind": kind, "id": "x", **arn} == resource


@pytest.mark.parametrize(("first", "second"), list(pairwise(name for name, _, _ in NAMES)))
def test_of_two_names_the_one_that_the_call_is_about_counts_in_either_order(first: str, second: str) -> None:
    given = {first: "about", second: "touched"}
    found = [_resource(requestParameters=each) for each in (given, dict(reversed(given.items())))]
    assert ["about", "about"] == [each and each["id"] for each in found]


def test_a_name_that_is_empty_or_no_text_gives_way_to_the_next() -> None:
    resource = _resource(requestParameters={"policyName": "", "jobId": ["j"], "thingName": "t"})
    assert resource is not None
    assert ("thing", "t") == (resource["kind"], resource["id"])


@pytest.mark.parametrize(
    ("parameter", "page"),
    [
        ("policyName", "policy"),
        ("ruleName", "rule"),
        ("thingName", "thing"),
        ("certificateId", "certificate"),
    ],
)
def test_the_kinds_with_a_page_in_the_console_link_to_it(parameter: str, page: str) -> None:
    resource = _resource(requestParameters={parameter: "x"})
    assert resource is not None
    assert f"{CONSOLE}/{page}/x" == resource["url"]


def test_every_other_kind_has_no_page() -> None:
    resources = [_resource(requestParameters={name: "x"}) for name, _, _ in NAMES]
    linked = [each["kind"] for each in resources if each and "url" in each]
    assert ["policy", "topic-rule", "thing", "certificate"] == linked


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
        ("RegisterCACertificate", {"certificateId": "c"}, "ca-certificate", f"{ARN}:cacert/c"),
        ("UpdateCACertificate", {"certificateId": "c"}, "ca-certificate", f"{ARN}:cacert/c"),
        ("DeleteCACertificate", {"certificateId": "c"}, "ca-certificate", f"{ARN}:cacert/c"),
        ("DeleteCACertificate", {"thingName": "t"}, "thing", f"{ARN}:thing/t"),
        ("DeleteCertificate", {"certificateId": "c"}, "certificate", f"{ARN}:cert/c"),
    ],
)
def test_the_resource_is_the_one_that_the_call_is_about(
    operation: str, parameters: dict[str, Any], kind: str, arn: str
) -> None:
    resource = _resource(operation=operation, requestParameters=parameters)
    assert resource is not None
    assert (kind, arn) == (resource["kind"], resource["arn"])


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
        ({"thingGroupArn": "arn:aws:iot:eu-west-1:111122223333:thinggroup/isolated"}, ["isolation"]),
        ({"thingGroupName": "building-block-7"}, None),
        ({"policyName": "BadmintonClub"}, None),
        ({"policyName": "tenantAdmin"}, ["wide-access"]),
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
