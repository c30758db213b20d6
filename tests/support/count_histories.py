"""What makes each built-in count fire, and what nearly does; and the calls that sequences are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from tests.support.histories import DENIED, Call, document
from tests.support.records import ACCOUNT, REGION

ARN = f"arn:aws:iot:{REGION}:{ACCOUNT}"
WIDE = {"policyName": "p", "policyDocument": document("iot:*")}
EVERYONE = f"{ARN}:thinggroup/all"
URL = "https://collector.example"
GREENGRASS = "greengrass.amazonaws.com"
TUNNELING = "iotsecuredtunneling.amazonaws.com"


def certificate(number: int) -> str:
    return f"{number:064x}"


def certificate_arn(number: int) -> str:
    return f"{ARN}:cert/{certificate(number)}"


def identity(number: int = 1, operation: str = "CreateKeysAndCertificate") -> Call:
    answer = {"certificateId": certificate(number), "certificateArn": certificate_arn(number)}
    return Call(operation, {"setAsActive": True}, answer)


def attach(policy: str = "p", number: int = 1) -> Call:
    return Call("AttachPolicy", {"policyName": policy, "target": certificate_arn(number)})


def switch_off(number: int, status: str = "REVOKED") -> Call:
    return Call("UpdateCertificate", {"certificateId": certificate(number), "newStatus": status})


def detach(number: int) -> Call:
    return Call("DetachPolicy", {"policyName": "p", "target": certificate_arn(number)})


def part(number: int) -> Call:
    return Call("DetachThingPrincipal", {"thingName": f"t-{number}", "principal": certificate_arn(number)})


def delete_certificate(number: int) -> Call:
    return Call("DeleteCertificate", {"certificateId": certificate(number)})


def delete_thing(number: int) -> Call:
    return Call("DeleteThing", {"thingName": f"t-{number}"})


def delete_policy(number: int) -> Call:
    return Call("DeletePolicy", {"policyName": f"p-{number}"})


def each_in_turn(*makers: Callable[[int], Call]) -> Callable[[int], Call]:
    return lambda number: makers[number % len(makers)](number)


def denied(number: int, operation: str = "CreateThing") -> Call:
    return Call(operation, {"thingName": f"t-{number}"}, error=DENIED)


def send_to(**action: Any) -> Call:
    payload = {"sql": "SELECT * FROM 'a'", "actions": [action]}
    return Call("CreateTopicRule", {"ruleName": "copy", "topicRulePayload": payload})


def run_job(selection: str = "CONTINUOUS") -> Call:
    return Call("CreateJob", {"jobId": "j", "targets": [EVERYONE], "targetSelection": selection})


def deploy(target: str = EVERYONE) -> Call:
    return Call("CreateDeployment", {"targetArn": target}, source=GREENGRASS)


TUNNEL = Call("OpenTunnel", {"destinationConfig": {"thingName": "t", "services": ["SSH"]}}, source=TUNNELING)
ALIAS = Call("CreateRoleAlias", {"roleAlias": "camera", "roleArn": f"arn:aws:iam::{ACCOUNT}:role/r"})
ALLOW_ALIAS = {
    "policyName": "p",
    "policyDocument": document("iot:AssumeRoleWithCertificate", f"{ARN}:rolealias/camera"),
}
CA = Call("RegisterCACertificate", {"allowAutoRegistration": True}, {"certificateId": certificate(9)})
DEVICE = replace(identity(operation="RegisterCertificate"), by=None)
AUTHORIZER = Call("CreateAuthorizer", {"authorizerName": "anyone", "signingDisabled": True})
BLINDED = Call("SetV2LoggingOptions", {"disableAllLogs": True})


COUNTED: dict[str, Callable[[int], Call]] = {
    "certificate-burst": identity,
    "mass-revocation": switch_off,
    "mass-deletion": each_in_turn(delete_thing, delete_certificate, delete_policy),
    "devices-cut-off": each_in_turn(detach, part, switch_off, delete_certificate),
    "denied-probing": denied,
    "denied-variety": lambda number: denied(
        number, ("CreateThing", "CreatePolicy", "DeleteThing", "UpdateThing", "CreateJob")[number % 5]
    ),
}
"""The n-th call of each count."""
NOT_COUNTED: dict[str, Sequence[Call]] = {
    "certificate-burst": [DEVICE, replace(identity(99), error=DENIED)],
    "mass-revocation": [
        switch_off(99, "ACTIVE"),
        switch_off(1),
        delete_certificate(99),
        replace(switch_off(99), error=DENIED),
    ],
    "mass-deletion": [
        delete_thing(3),
        Call("DeleteJob", {"jobId": "j"}),
        replace(delete_thing(99), error=DENIED),
    ],
    "devices-cut-off": [
        part(1),
        switch_off(99, "ACTIVE"),
        Call("DetachPolicy", {"policyName": "p", "target": EVERYONE}),
    ],
    "denied-probing": [
        Call("CreateThing", {"thingName": "t"}),
        replace(denied(99), error="ThrottlingException"),
        replace(DEVICE, error=DENIED),
    ],
    "denied-variety": [denied(99, "CreatePolicy"), Call("CreateJob", {"jobId": "j"})],
}
"""Calls in the place of the last one with which each count does not fire."""

TOUCHES = {
    "first-touch-of-certificates": switch_off(1),
    "first-touch-of-policies": attach(),
    "first-touch-of-jobs": run_job("SNAPSHOT"),
}
