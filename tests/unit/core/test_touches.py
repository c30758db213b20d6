"""What a call names has one form each, by whatever parameter it is named."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.event_files import read_record
from handlers.core.record import parse_event
from handlers.core.touches import MOST, TOUCHED_KINDS, find_touches
from tests.support.records import ACCOUNT, CERTIFICATE, REGION, make_event

ARN = f"arn:aws:iot:{REGION}:{ACCOUNT}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/rules"
EVENTS = Path(__file__).parents[2] / "events"


def touches(
    parameters: dict[str, Any] | None, answer: dict[str, Any] | None = None, operation: str = "CreateThing"
) -> dict[str, list[str]] | None:
    event = make_event(operation, requestParameters=parameters, responseElements=answer)
    return find_touches(parse_event(event))


@pytest.mark.parametrize(
    "parameters",
    [
        {"certificateId": CERTIFICATE},
        {"target": f"{ARN}:cert/{CERTIFICATE}"},
        {"principal": f"{ARN}:cert/{CERTIFICATE}"},
        {"principal": f"arn:aws-cn:iot:cn-north-1:{ACCOUNT}:cert/{CERTIFICATE}"},
        {"CertificateId": CERTIFICATE},
        {"resourceIdentifier": {"deviceCertificateId": CERTIFICATE}},
    ],
)
def test_a_certificate_is_its_id_whatever_names_it(parameters: dict[str, Any]) -> None:
    assert {"certificates": [CERTIFICATE]} == touches(parameters)


def test_what_aws_answers_names_it_too_and_twice_is_once() -> None:
    answer = {
        "certificateArn": f"{ARN}:cert/{CERTIFICATE}",
        "certificateId": CERTIFICATE,
        "certificatePem": "-----BEGIN CERTIFICATE-----",
        "keyPair": {"PublicKey": "-----BEGIN PUBLIC KEY-----", "PrivateKey": "***"},
    }
    assert {"certificates": [CERTIFICATE]} == touches({"setAsActive": True}, answer)
    assert {"certificates": [CERTIFICATE]} == touches({"certificateId": CERTIFICATE}, answer)
    assert {"certificates": [CERTIFICATE]} == touches(None, answer)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"policyName": "pump"}, {"policies": ["pump"]}),
        ({"resourceArn": f"{ARN}:policy/pump"}, {"policies": ["pump"]}),
        ({"thingName": "pump-7"}, {"things": ["pump-7"]}),
        ({"targets": [f"{ARN}:thing/pump-7", f"{ARN}:thing/pump-8"]}, {"things": ["pump-7", "pump-8"]}),
        ({"coreDeviceThingName": "core"}, {"things": ["core"]}),
        ({"target": f"{ARN}:thinggroup/pumps"}, {"thingGroups": ["pumps"]}),
        ({"thingGroupArn": f"{ARN}:thinggroup/pumps", "thingGroupName": "pumps"}, {"thingGroups": ["pumps"]}),
        (
            {"thingName": "pump-7", "thingGroupsToAdd": ["a"], "thingGroupsToRemove": ["b"]},
            {"things": ["pump-7"], "thingGroups": ["a", "b"]},
        ),
        ({"roleAliasArn": f"{ARN}:rolealias/camera"}, {"roleAliases": ["camera"]}),
        ({"roleAlias": "camera", "roleArn": ROLE}, {"roleAliases": ["camera"], "roles": [ROLE]}),
        ({"resourceArn": f"{ARN}:rule/copy"}, {"topicRules": ["copy"]}),
        (
            {"arn": f"{ARN}:ruledestination/http/5f2b9d5e"},
            {"topicRuleDestinations": [f"{ARN}:ruledestination/http/5f2b9d5e"]},
        ),
        ({"authorizerConfig": {"defaultAuthorizerName": "anyone"}}, {"authorizers": ["anyone"]}),
        ({"templateName": "line"}, {"provisioningTemplates": ["line"]}),
        ({"resourceArn": f"{ARN}:provisioningtemplate/line"}, {"provisioningTemplates": ["line"]}),
        ({"jobArn": f"{ARN}:job/spring"}, {"jobs": ["spring"]}),
        ({"awsIotJobId": "spring"}, {"jobs": ["spring"]}),
        ({"otaUpdateId": "o", "files": [{"fileLocation": {"stream": {"streamId": "s"}}}]},
         {"otaUpdates": ["o"], "streams": ["s"]}),
        ({"securityProfileName": "usual"}, {"securityProfiles": ["usual"]}),
        ({"lambdaFunction": {"componentName": "shell"}}, {"components": ["shell"]}),
        (
            {"arn": f"arn:aws:greengrass:{REGION}:{ACCOUNT}:components:shell:versions:1.0.0"},
            {"components": ["shell"]},
        ),
        ({"tunnelId": "t"}, {"tunnels": ["t"]}),
        ({"resourceArn": f"{ARN}:tunnel/t"}, {"tunnels": ["t"]}),
    ],
)  # fmt: skip
def test_each_kind_has_one_form(parameters: dict[str, Any], expected: dict[str, list[str]]) -> None:
    assert expected == touches(parameters)
    assert set(expected) <= set(TOUCHED_KINDS)


@pytest.mark.parametrize("operation", ["RegisterCACertificate", "UpdateCACertificate", "DeleteCACertificate"])
def test_the_certificate_of_a_ca_is_no_device_certificate(operation: str) -> None:
    answer = {"certificateArn": f"{ARN}:cacert/{CERTIFICATE}"}
    assert {"caCertificates": [CERTIFICATE]} == touches({"certificateId": CERTIFICATE}, answer, operation)


def test_roles_are_found_wherever_a_topic_rule_names_them() -> None:
    other = f"arn:aws:iam::{ACCOUNT}:role/service-role/errors"
    payload = {
        "sql": "SELECT * FROM '#'",
        "actions": [
            {"republish": {"topic": "t", "roleArn": ROLE}},
            {"s3": {"roleArn": ROLE, "bucketName": "b", "key": "k"}},
        ],
        "errorAction": {"sqs": {"roleArn": other, "queueUrl": "https://sqs.example"}},
    }
    expected = {"topicRules": ["copy"], "roles": [ROLE, other]}
    assert expected == touches({"ruleName": "copy", "topicRulePayload": payload})


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"policyName": "***", "certificateId": "HIDDEN_DUE_TO_SECURITY_REASONS", "thingName": ""},
        {"policyName": None, "certificateId": 7, "thingName": True},
        {"certificateId": "a" * 513},
        {"targetArn": f"{ARN}:thing/*", "resource": f"{ARN}:cert/?"},
        {"target": f"arn:aws:cognito-identity:{REGION}:{ACCOUNT}:identitypool/x"},
        {"certificateArn": f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/x"},
        {"target": f"{REGION}:5f2b9d5e-0000-4000-8000-000000000001"},
        {"policyDocument": json.dumps({"Resource": f"{ARN}:cert/x"})},
        {"document": {"thingName": "x"}, "templateBody": {"policyName": "x"}},
        {"inlineRecipe": {"componentName": "x"}, "documentParameters": {"jobId": "x"}},
        {"tags": [{"key": "certificateId", "value": f"{ARN}:cert/x"}]},
        {"attributePayload": {"attributes": {"certificateId": "x"}}},
    ],
)
def test_masks_documents_labels_patterns_and_strangers_name_nothing(parameters: dict[str, Any]) -> None:
    assert None is touches(parameters)


def test_of_any_number_of_values_the_first_hundred_of_a_kind_are_kept() -> None:
    things = [f"{ARN}:thing/pump-{number}" for number in range(10_000)]
    expected = [f"pump-{number}" for number in range(MOST)]
    assert {"things": expected, "jobs": ["spring"]} == touches({"targets": things, "jobId": "spring"})


def test_nothing_is_looked_for_deeper_than_aws_nests() -> None:
    nested: Any = {"certificateId": CERTIFICATE}
    for _ in range(50_000):
        nested = [nested] if isinstance(nested, dict) else {"a": nested}
    assert {"policies": ["pump"]} == touches({"a": nested, "policyName": "pump"})


@pytest.mark.parametrize("path", sorted(EVENTS.glob("*.json")), ids=lambda path: path.stem)
def test_every_event_gives_known_kinds_of_texts(path: Path) -> None:
    found = find_touches(read_record(path)) or {}
    assert set(found) <= set(TOUCHED_KINDS)
    assert all(isinstance(value, str) and value for values in found.values() for value in values)
