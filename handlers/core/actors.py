"""Who made a call: CloudTrail's userIdentity in the words of our rules.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from handlers.core.record import Record, as_mapping, as_text

_KINDS = {
    "Root": "root",
    "IAMUser": "iam-user",
    "AssumedRole": "role",
    "Role": "role",
    "FederatedUser": "federated",
    "SAMLUser": "federated",
    "WebIdentityUser": "federated",
    "Directory": "federated",
    "IdentityCenterUser": "identity-center",
    "AWSService": "aws-service",
    "AWSAccount": "cross-account",
}

# A browser, and the console's own host names.
_CONSOLE_AGENTS = ("Mozilla/", "console.", "signin.")
# `S3Console/0.4, aws-internal/3 …`, `EC2ConsoleFrontend, aws-internal/3 …`, `RDS Console, aws-internal/3 …`:
# only the first product counts. Some records put the agent in brackets.
_CONSOLE_PROGRAM = re.compile(r"[A-Za-z0-9 -]{0,40}Console")

KINDS = frozenset({*_KINDS.values(), "device-registration", "unknown"})
"""Every kind that an actor can be of."""


def describe_actor(record: Record, own_accounts: Collection[str] = ()) -> dict[str, Any]:
    """Who made the call: {kind, id, name, session?, account, console, mfa?, invokedBy?}.

    `id` is stable: for an assumed role it is the role's ARN, for a federated user that of whoever called
    GetFederationToken; the name that this caller chose is the `session`. `console` says whether the call
    was made in the AWS console. `mfa` is absent where CloudTrail does not say. `invokedBy` is the AWS service
    that made the call for the actor. Somebody of one of `own_accounts` is no stranger.
    """
    identity = record.user_identity
    session = as_mapping(identity.get("sessionContext"))
    issuer = as_mapping(session.get("sessionIssuer"))
    arn = as_text(identity.get("arn"))
    account = as_text(identity.get("accountId"))
    role = as_text(issuer.get("arn")) or _role_of(arn)
    identifier = role or arn or _other_id(identity)
    actor: dict[str, Any] = {
        "kind": _kind(
            record,
            identity,
            role,
            stranger=account not in ("", record.account) and account not in own_accounts,
        ),
        "id": identifier,
        "name": as_text(identity.get("userName")) or as_text(issuer.get("userName")) or _last(identifier),
        "account": account or record.account,
        "console": _in_console(record.raw, identity),
    }
    if session_name := _session_of(arn):
        actor["session"] = session_name
    if service := _service(identity):
        actor["invokedBy"] = service
    mfa = as_mapping(session.get("attributes")).get("mfaAuthenticated")
    if mfa is not None:
        actor["mfa"] = mfa in (True, "true")
    return actor


def _other_id(identity: Mapping[str, Any]) -> str:
    """The id of an actor without an ARN: a person of Identity Center, an AWS service, or a principal's id."""
    return (
        as_text(as_mapping(identity.get("onBehalfOf")).get("userId"))
        or _service(identity)
        or as_text(identity.get("principalId"))
        or "unknown"
    )


def _kind(record: Record, identity: Mapping[str, Any], role: str, *, stranger: bool) -> str:
    said = as_text(identity.get("type"))
    kind = _KINDS.get(said, "unknown")
    if kind == "unknown" and identity.get("type") is None and _service(identity):
        # As documented for KMS's RotateKey: https://docs.aws.amazon.com/kms/latest/developerguide/ct-rotatekey.html
        return "aws-service"
    if said == "Unknown" and record.event_name == "RegisterCertificate":
        # Just-in-time provisioning and registration: the device's first connection, not a person.
        return "device-registration"
    if stranger and kind not in ("unknown", "aws-service"):
        return "cross-account"
    if kind == "cross-account" and identity.get("accountId"):
        # One of our accounts, of which CloudTrail tells no more.
        return "unknown"
    if kind == "role" and "/aws-reserved/sso.amazonaws.com/" in role:
        return "identity-center"
    return kind


def _in_console(record: Mapping[str, Any], identity: Mapping[str, Any]) -> bool:
    # sessionCredentialFromConsole: eventVersion 1.08 and later. Before that, and for calls that the console's
    # back end makes, the user agent or the service behind the call tells; https://docs.aws.amazon.com/
    # awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
    if record.get("sessionCredentialFromConsole") in ("true", True):
        return True
    agent = as_text(record.get("userAgent")).removeprefix("[")
    if agent.startswith(_CONSOLE_AGENTS):
        return True
    if "invokedBy" in identity and _service(identity) == "signin.amazonaws.com":
        return True
    return "Console" in agent and _CONSOLE_PROGRAM.match(agent) is not None


def _role_of(arn: str) -> str:
    """The role's ARN of an assumed role's session ARN, so that every session is the same actor."""
    head, found, rest = arn.partition(":assumed-role/")
    if not found:
        return ""
    return f"{head.replace(':sts:', ':iam:', 1)}:role/{rest.split('/')[0]}"


def _session_of(arn: str) -> str:
    """The session's name in the ARN of an assumed role's session or of a federated user; else empty."""
    _, assumed, session = arn.partition(":assumed-role/")
    return session.partition("/")[2] if assumed else arn.partition(":federated-user/")[2]


def _service(identity: Mapping[str, Any]) -> str:
    # In old records invokedBy is an object.
    invoked_by = identity.get("invokedBy")
    if invoked_by is None:
        return ""
    return as_text(invoked_by) or as_text(as_mapping(invoked_by).get("serviceName"))


def _last(text: str) -> str:
    return text.rsplit("/", 1)[-1].rsplit(":", 1)[-1] or text
