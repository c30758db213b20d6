"""Events for measuring: the calls of a busy fleet in one long list, of real shape and size."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from typing import Any

ACCOUNT = "111122223333"
REGION = "eu-central-1"

_Parameters = Callable[[random.Random], dict[str, Any] | None]


def make_events(count: int, *, seed: int = 1) -> list[str]:
    """`count` EventBridge events as JSON texts of about 2 kB; the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    calls = [call for call, weight in _MIX for _ in range(weight)]
    return [json.dumps(_make_event(chance, *chance.choice(calls))) for _ in range(count)]


def _hex(chance: random.Random, length: int) -> str:
    return f"{chance.getrandbits(4 * length):0{length}x}"


def _id(chance: random.Random) -> str:
    digits = _hex(chance, 32)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _arn(chance: random.Random, kind: str, length: int = 64) -> str:
    return f"arn:aws:iot:{REGION}:{ACCOUNT}:{kind}/{_hex(chance, length)}"


def _document(chance: random.Random) -> str:
    client = f"arn:aws:iot:{REGION}:{ACCOUNT}:client/${{iot:Connection.Thing.ThingName}}"
    topic = f"arn:aws:iot:{REGION}:{ACCOUNT}:topic/site/{_hex(chance, 6)}/${{iot:Connection.Thing.ThingName}}"
    statements = [
        {"Effect": "Allow", "Action": "iot:Connect", "Resource": client},
        {"Effect": "Allow", "Action": ["iot:Publish", "iot:Receive"], "Resource": topic},
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


# (service, operation, parameters) and how often: a fleet mostly makes things, attaches and tags them.
_MIX: list[tuple[tuple[str, str, _Parameters], int]] = [
    (("iot", "CreateThing", lambda c: {"thingName": f"pump-{_hex(c, 8)}", "thingTypeName": "pump"}), 12),
    (("iot", "UpdateThing", lambda c: {"thingName": f"pump-{_hex(c, 8)}", "expectedVersion": 3}), 8),
    (("iot", "AddThingToThingGroup", lambda c: {"thingGroupName": "site-7", "thingName": _hex(c, 8)}), 8),
    (("iot", "AttachThingPrincipal", lambda c: {"thingName": _hex(c, 8), "principal": _arn(c, "cert")}), 10),
    (("iot", "AttachPolicy", lambda c: {"policyName": "pump", "target": _arn(c, "cert")}), 10),
    (("iot", "CreateKeysAndCertificate", lambda _: {"setAsActive": True}), 10),
    (("iot", "UpdateCertificate", lambda c: {"certificateId": _hex(c, 64), "newStatus": "INACTIVE"}), 6),
    (("iot", "DeleteCertificate", lambda c: {"certificateId": _hex(c, 64), "forceDelete": "true"}), 3),
    (("iot", "RegisterCertificate", lambda _: {"certificatePem": "***", "status": "ACTIVE"}), 8),
    (("iot", "TagResource", lambda c: {"resourceArn": _arn(c, "thing", 8), "tags": [{"Key": "a"}]}), 6),
    (("iot", "CreatePolicy", lambda c: {"policyName": _hex(c, 8), "policyDocument": _document(c)}), 2),
    (
        (
            "iot",
            "CreateJob",
            lambda c: {
                "jobId": _id(c),
                "targets": [_arn(c, "thing", 8), _arn(c, "thing", 8)],
                "documentSource": f"https://bucket-{_hex(c, 8)}.s3.amazonaws.com/job.json",
                "targetSelection": "SNAPSHOT",
            },
        ),
        3,
    ),
    (
        (
            "iot",
            "CreateTopicRule",
            lambda c: {
                "ruleName": f"rule_{_hex(c, 8)}",
                "topicRulePayload": {
                    "sql": "SELECT temperature FROM 'site/+/pump'",
                    "actions": [{"sqs": {"roleArn": _arn(c, "role", 8), "queueUrl": "https://example.com"}}],
                    "ruleDisabled": False,
                },
            },
        ),
        2,
    ),
    (("iot", "DescribeEndpoint", lambda _: {"endpointType": "iot:Data-ATS"}), 4),
    (("iotwireless", "SendDataToWirelessDevice", lambda c: {"Id": _id(c), "TransmitMode": 1}), 4),
    (("greengrass", "CreateDeployment", lambda c: {"targetArn": _arn(c, "thinggroup", 8)}), 2),
    (("iotsitewise", "CreateAsset", lambda c: {"assetName": _hex(c, 8), "assetModelId": _id(c)}), 2),
]


def _make_event(
    chance: random.Random, service: str, operation: str, parameters: _Parameters
) -> dict[str, Any]:
    time = f"2026-11-{chance.randint(1, 28):02}T{chance.randint(0, 23):02}:{chance.randint(0, 59):02}:00Z"
    denied = chance.random() < 0.02
    detail = {
        "eventVersion": "1.11",
        "userIdentity": _identity(chance, operation),
        "eventTime": time,
        "eventSource": f"{service}.amazonaws.com",
        "eventName": operation,
        "awsRegion": REGION,
        "sourceIPAddress": f"203.0.113.{chance.randint(1, 254)}",
        "userAgent": "aws-sdk-java/2.29.6 md/io#sync md/http#Apache ua/2.1 os/Linux#5.10 lang/java#17.0.12 "
        "md/OpenJDK_64-Bit_Server_VM md/vendor#Amazon.com_Inc. exec-env/AWS_ECS_FARGATE m/D,E",
        **({"errorCode": "AccessDeniedException", "errorMessage": "not authorized"} if denied else {}),
        "requestParameters": parameters(chance),
        "responseElements": None if denied else {"arn": _arn(chance, "thing", 16), "version": 1},
        "additionalEventData": {"SignatureVersion": "SigV4", "bytesTransferredOut": 312},
        "requestID": _id(chance),
        "eventID": _id(chance),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
        "tlsDetails": {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": f"{service}.{REGION}.amazonaws.com",
        },
    }
    return {
        "version": "0",
        "id": _id(chance),
        "detail-type": "AWS API Call via CloudTrail",
        "source": f"aws.{service}",
        "account": ACCOUNT,
        "time": time,
        "region": REGION,
        "resources": [],
        "detail": detail,
    }


def _identity(chance: random.Random, operation: str) -> Mapping[str, Any]:
    if operation == "RegisterCertificate":
        return {"type": "Unknown", "principalId": "", "accountId": ACCOUNT}
    role = chance.choice(("provisioner", "fleet-admin", "ci-deploy", "backend-eu"))
    session = _hex(chance, 12)
    return {
        "type": "AssumedRole",
        "principalId": f"AROAEXAMPLEEXAMPLE{len(role):03}:{session}",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}",
        "accountId": ACCOUNT,
        "accessKeyId": "ASIAEXAMPLEEXAMPLE12",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": f"AROAEXAMPLEEXAMPLE{len(role):03}",
                "arn": f"arn:aws:iam::{ACCOUNT}:role/{role}",
                "accountId": ACCOUNT,
                "userName": role,
            },
            "webIdFederationData": {},
            "attributes": {"creationDate": "2026-11-01T00:00:00Z", "mfaAuthenticated": "false"},
        },
    }
