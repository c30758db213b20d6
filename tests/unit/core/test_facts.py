from typing import Any

import pytest

from handlers.core.facts import derive_facts
from handlers.core.record import parse_event
from tests.events import ACCOUNT, make_event

ROLE = f"arn:aws:iam::{ACCOUNT}:role/fleet-admin"


def _facts(**record: Any) -> dict[str, Any]:
    return derive_facts(parse_event(make_event(**record)))


def test_the_actor_of_an_assumed_role_is_the_role_and_the_session_is_told_apart() -> None:
    assert {
        "kind": "role",
        "id": ROLE,
        "name": "fleet-admin",
        "session": "alice",
        "account": ACCOUNT,
        "mfa": False,
    } == _facts()["actor"]


IAM = f"arn:aws:iam::{ACCOUNT}"
STS = f"arn:aws:sts::{ACCOUNT}"
OURS = {"accountId": ACCOUNT}


@pytest.mark.parametrize(
    ("identity", "kind", "identifier"),
    [
        ({"type": "Root", "arn": f"{IAM}:root", **OURS}, "root", f"{IAM}:root"),
        ({"type": "IAMUser", "arn": f"{IAM}:user/bob", **OURS}, "iam-user", f"{IAM}:user/bob"),
        ({"type": "AssumedRole", "arn": f"{STS}:assumed-role/r/s", **OURS}, "role", f"{IAM}:role/r"),
        ({"type": "AWSService", "invokedBy": "iot.amazonaws.com"}, "aws-service", "iot.amazonaws.com"),
        ({"type": "AWSService", "invokedBy": {"serviceName": "old.aws"}}, "aws-service", "old.aws"),
        ({"type": "IdentityCenterUser", "onBehalfOf": {"userId": "u-1"}, **OURS}, "identity-center", "u-1"),
        ({"type": "FederatedUser", "arn": f"{STS}:f/eve", **OURS}, "federated", f"{STS}:f/eve"),
        ({"type": "AWSAccount", "accountId": "999999999999", "principalId": "AIDA"}, "cross-account", "AIDA"),
        (
            {"type": "IAMUser", "arn": "their-user", "accountId": "999999999999"},
            "cross-account",
            "their-user",
        ),
        ({}, "unknown", "unknown"),
        (None, "unknown", "unknown"),
        ({"type": 7, "arn": ["x"]}, "unknown", "unknown"),
    ],
)
def test_every_kind_of_identity_has_a_kind_and_a_stable_id(identity: Any, kind: str, identifier: str) -> None:
    actor = _facts(userIdentity=identity)["actor"]
    assert (kind, identifier) == (actor["kind"], actor["id"])


def test_a_person_who_signed_in_through_identity_center_is_known_by_the_role() -> None:
    issuer = {"arn": f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_1"}
    identity = {"type": "AssumedRole", "accountId": ACCOUNT, "sessionContext": {"sessionIssuer": issuer}}
    assert "identity-center" == _facts(userIdentity=identity)["actor"]["kind"]


@pytest.mark.parametrize("identity", [None, {}, {"type": "SomethingNew"}])
def test_a_certificate_registered_by_someone_we_can_not_name_is_not_taken_for_a_device(identity: Any) -> None:
    actor = _facts(operation="RegisterCertificate", userIdentity=identity)["actor"]
    assert "unknown" == actor["kind"]


def test_a_certificate_registered_by_nobody_is_a_device_on_its_first_connection() -> None:
    actor = _facts(operation="RegisterCertificate", userIdentity={"type": "Unknown"})["actor"]
    assert "device-registration" == actor["kind"]


@pytest.mark.parametrize(
    ("error", "failed", "denied"),
    [
        (None, False, False),
        ("AccessDenied", True, True),
        ("AccessDeniedException", True, True),
        ("Client.UnauthorizedOperation", True, True),
        ("ResourceNotFoundException", True, False),
    ],
)
def test_a_denied_call_is_told_from_one_that_failed_otherwise(
    error: str | None, failed: bool, denied: bool
) -> None:
    facts = _facts(errorCode=error)
    assert (failed, denied) == (facts["failed"], facts["denied"])


@pytest.mark.parametrize(
    ("omitted", "expected"), [("true", True), (True, True), ("false", False), (None, False)]
)
def test_parameters_that_cloudtrail_dropped_are_a_fact(omitted: object, expected: bool) -> None:
    assert expected == _facts(requestParameters={"omitted": omitted, "originalSize": "149893"})["omitted"]


def test_a_policy_document_is_read_for_its_risks() -> None:
    document = '{"Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}]}'
    assert {"risks": ["any-action-on-any-resource", "any-role-alias"]} == _facts(
        requestParameters={"policyDocument": document}
    )["policy"]


def test_a_call_without_a_policy_document_has_no_policy_fact() -> None:
    assert "policy" not in _facts()


def test_accounts_in_the_parameters_that_are_not_ours_are_found_at_any_depth() -> None:
    parameters = {
        "ours": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:x",
        "theirs": {"deep": ["arn:aws-us-gov:lambda:us-gov-west-1:999999999999:function:y"]},
    }
    assert {"accounts": ["999999999999"]} == _facts(requestParameters=parameters)["crossAccount"]
