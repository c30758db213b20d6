from typing import Any

import pytest

from handlers.core.actors import KINDS, describe_actor
from handlers.core.record import parse_event
from tests.support.records import ACCOUNT, make_event

ROLE = f"arn:aws:iam::{ACCOUNT}:role/fleet-admin"


def _actor(**record: Any) -> dict[str, Any]:
    return describe_actor(parse_event(make_event(**record)))


def test_the_actor_of_an_assumed_role_is_the_role_and_the_session_is_told_apart() -> None:
    assert {
        "kind": "role",
        "id": ROLE,
        "name": "fleet-admin",
        "session": "alice",
        "account": ACCOUNT,
        "console": False,
        "mfa": False,
    } == _actor()


IAM = f"arn:aws:iam::{ACCOUNT}"
STS = f"arn:aws:sts::{ACCOUNT}"
OURS = {"accountId": ACCOUNT}


@pytest.mark.parametrize(
    ("identity", "kind", "identifier"),
    [
        ({"type": "Root", "arn": f"{IAM}:root", **OURS}, "root", f"{IAM}:root"),
        ({"type": "IAMUser", "arn": f"{IAM}:user/bob", **OURS}, "iam-user", f"{IAM}:user/bob"),
        ({"type": "AssumedRole", "arn": f"{STS}:assumed-role/r/s", **OURS}, "role", f"{IAM}:role/r"),
        ({"type": "Role", "arn": f"{IAM}:role/r", **OURS}, "role", f"{IAM}:role/r"),
        ({"type": "AWSService", "invokedBy": "iot.amazonaws.com"}, "aws-service", "iot.amazonaws.com"),
        ({"type": "AWSService", "invokedBy": {"serviceName": "old.aws"}}, "aws-service", "old.aws"),
        ({"type": "AWSService", "invokedBy": ["x"], "principalId": "AROA"}, "aws-service", "AROA"),
        (
            {"type": "AWSService", "invokedBy": "iot.amazonaws.com", "accountId": "999999999999"},
            "aws-service",
            "iot.amazonaws.com",
        ),
        ({"type": "IdentityCenterUser", "onBehalfOf": {"userId": "u-1"}, **OURS}, "identity-center", "u-1"),
        ({"type": "FederatedUser", "arn": f"{STS}:f/eve", **OURS}, "federated", f"{STS}:f/eve"),
        ({"type": "SAMLUser", "principalId": "saml:eve", **OURS}, "federated", "saml:eve"),
        ({"type": "WebIdentityUser", "principalId": "idp:eve", **OURS}, "federated", "idp:eve"),
        ({"type": "Directory", "principalId": "d-1:eve"}, "federated", "d-1:eve"),
        ({"type": "AWSAccount", "accountId": "999999999999", "principalId": "AIDA"}, "cross-account", "AIDA"),
        (
            {"type": "IAMUser", "arn": "their-user", "accountId": "999999999999"},
            "cross-account",
            "their-user",
        ),
        (
            {"type": "Unknown", "principalId": "AIDA", "accountId": "999999999999"},
            "unknown",
            "AIDA",
        ),
        ({"accountId": ACCOUNT, "invokedBy": "AWS Internal"}, "aws-service", "AWS Internal"),
        ({"invokedBy": {"serviceName": "old.aws"}}, "aws-service", "old.aws"),
        ({"type": "Unknown", "invokedBy": "x.amazonaws.com"}, "unknown", "x.amazonaws.com"),
        ({}, "unknown", "unknown"),
        (None, "unknown", "unknown"),
        ({"type": 7, "arn": ["x"]}, "unknown", "unknown"),
    ],
)
def test_every_kind_of_identity_has_a_kind_and_a_stable_id(identity: Any, kind: str, identifier: str) -> None:
    actor = _actor(userIdentity=identity)
    assert (kind, identifier) == (actor["kind"], actor["id"])


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        ({"onBehalfOf": {"userId": "u-1"}, "invokedBy": "a.aws", "principalId": "p"}, "u-1"),
        ({"onBehalfOf": {"userId": ["u-1"]}, "invokedBy": "a.aws", "principalId": "p"}, "a.aws"),
        ({"invokedBy": {"serviceName": "b.aws"}, "principalId": "p"}, "b.aws"),
        ({"principalId": "p"}, "p"),
        ({"arn": "arn:x", "onBehalfOf": {"userId": "u-1"}}, "arn:x"),
    ],
)
def test_without_an_arn_the_person_identifies_then_the_service_then_the_principal(
    identity: dict[str, Any], expected: str
) -> None:
    assert expected == _actor(userIdentity=identity)["id"]


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        ({"userName": "bob"}, "bob"),
        ({"userName": ["bob"]}, "issuer"),
        ({}, "issuer"),
        ({"sessionContext": None}, "r"),
        ({"sessionContext": None, "arn": f"{IAM}:root"}, "root"),
        ({"sessionContext": None, "arn": "ends-in:"}, "ends-in:"),
    ],
)
def test_a_name_is_the_users_then_the_issuers_then_the_end_of_the_id(
    identity: dict[str, Any], expected: str
) -> None:
    session = {"sessionIssuer": {"arn": f"{IAM}:role/path/r", "userName": "issuer"}}
    whole = {"arn": f"{STS}:assumed-role/r/s", "sessionContext": session, **identity}
    assert expected == _actor(userIdentity=whole)["name"]


def test_a_federated_user_is_a_session_of_whoever_called_get_federation_token() -> None:
    identity = {
        "type": "FederatedUser",
        "arn": f"{STS}:federated-user/eve",
        "sessionContext": {"sessionIssuer": {"type": "IAMUser", "arn": f"{IAM}:user/bob", "userName": "bob"}},
        **OURS,
    }
    actor = _actor(userIdentity=identity)
    assert ("federated", f"{IAM}:user/bob", "bob", "eve") == (
        actor["kind"],
        actor["id"],
        actor["name"],
        actor["session"],
    )


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        (f"{STS}:assumed-role/r/s@example.com", "s@example.com"),
        (f"{STS}:assumed-role/r", None),
        (f"{STS}:assumed-role/r/", None),
        (f"{STS}:federated-user/eve", "eve"),
        (f"{STS}:federated-user/", None),
        (f"{IAM}:user/bob", None),
    ],
)
def test_only_an_arn_that_names_a_session_gives_one(arn: str, expected: str | None) -> None:
    assert expected == _actor(userIdentity={"arn": arn}).get("session")


@pytest.mark.parametrize(
    ("identity", "expected"), [({"accountId": "999999999999"}, "999999999999"), ({}, ACCOUNT)]
)
def test_an_actor_without_an_account_is_of_the_records(identity: dict[str, Any], expected: str) -> None:
    assert expected == _actor(userIdentity=identity)["account"]


def test_a_person_who_signed_in_through_identity_center_is_known_by_the_role() -> None:
    issuer = {"arn": f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_1"}
    identity = {"type": "AssumedRole", "accountId": ACCOUNT, "sessionContext": {"sessionIssuer": issuer}}
    assert "identity-center" == _actor(userIdentity=identity)["kind"]


@pytest.mark.parametrize("identity", [None, {}, {"type": "SomethingNew"}])
def test_a_certificate_registered_by_someone_we_can_not_name_is_not_taken_for_a_device(identity: Any) -> None:
    actor = _actor(operation="RegisterCertificate", userIdentity=identity)
    assert "unknown" == actor["kind"]


def test_a_certificate_registered_by_nobody_is_a_device_on_its_first_connection() -> None:
    actor = _actor(operation="RegisterCertificate", userIdentity={"type": "Unknown"})
    assert "device-registration" == actor["kind"]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({}, False),
        ({"sessionCredentialFromConsole": "true"}, True),
        ({"sessionCredentialFromConsole": True}, True),
        ({"sessionCredentialFromConsole": "false"}, False),
        ({"userAgent": "Mozilla/5.0 (X11; Linux x86_64)"}, True),
        ({"userAgent": "console.amazonaws.com"}, True),
        ({"userAgent": "signin.amazonaws.com"}, True),
        ({"userAgent": "[S3Console/0.4, aws-internal/3 aws-sdk-java/1.11.666 Linux/4.9.184]"}, True),
        ({"userAgent": "S3Console/0.4"}, True),
        ({"userAgent": "[Mozilla/5.0 (X11; Linux x86_64)]"}, True),
        ({"userAgent": "EC2ConsoleFrontend, aws-internal/3 aws-sdk-java/1.12.150"}, True),
        ({"userAgent": "RDS Console, aws-internal/3 aws-sdk-java/1.11.590"}, True),
        ({"userAgent": "aws-internal/3 aws-sdk-java/1.11.590"}, False),
        ({"userAgent": "aws-cli/2.31 S3Console/0.4"}, False),
        ({"userIdentity": {"type": "IAMUser", "invokedBy": "signin.amazonaws.com"}}, True),
        ({"userIdentity": {"type": "IAMUser", "invokedBy": "cloudformation.amazonaws.com"}}, False),
        ({"userAgent": "aws-cli/2.31 (like Mozilla/5.0)"}, False),
        ({"userAgent": ["Mozilla/5.0"]}, False),
    ],
)
def test_a_call_made_in_the_console_is_told_from_one_made_with_keys(
    record: dict[str, Any], expected: bool
) -> None:
    assert expected == _actor(**record)["console"]


@pytest.mark.parametrize(("said", "expected"), [("true", True), (True, True), ("false", False), (0, False)])
def test_whether_there_was_a_second_factor_is_told_where_cloudtrail_says_it(
    said: object, expected: bool
) -> None:
    identity = {"type": "IAMUser", "sessionContext": {"attributes": {"mfaAuthenticated": said}}}
    assert expected == _actor(userIdentity=identity)["mfa"]


def test_nothing_is_said_of_a_second_factor_where_cloudtrail_does_not() -> None:
    assert "mfa" not in _actor(userIdentity={"type": "IAMUser", "userName": "bob"})


def test_every_kind_that_is_named_can_be_one() -> None:
    identities = [*("Root", "IAMUser", "AssumedRole", "FederatedUser", "IdentityCenterUser"), "AWSService"]
    found = {_actor(userIdentity={"type": each})["kind"] for each in [*identities, "AWSAccount", "Nobody"]}
    assert {"device-registration"} == KINDS - found


@pytest.mark.parametrize(
    ("identity", "kind"),
    [
        ({"type": "IAMUser", "arn": "arn:aws:iam::444455556666:user/bob"}, "iam-user"),
        ({"type": "Role", "arn": "arn:aws:iam::444455556666:role/r"}, "role"),
        ({"type": "AWSAccount", "principalId": "AIDA"}, "unknown"),
    ],
)
def test_somebody_of_another_account_of_ours_is_no_stranger(identity: dict[str, str], kind: str) -> None:
    record = parse_event(make_event(userIdentity={**identity, "accountId": "444455556666"}))
    assert ("cross-account", kind) == (
        describe_actor(record)["kind"],
        describe_actor(record, {"444455556666"})["kind"],
    )


@pytest.mark.parametrize(
    "said", ["cloudformation.amazonaws.com", {"serviceName": "cloudformation.amazonaws.com"}]
)
def test_the_service_that_made_the_call_for_the_actor_is_told(said: object) -> None:
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/AWSCloudFormation"
    actor = _actor(userIdentity={"type": "AssumedRole", "arn": arn, "invokedBy": said})
    assert ("cloudformation.amazonaws.com", "role") == (actor["invokedBy"], actor["kind"])
    assert "invokedBy" not in _actor()
