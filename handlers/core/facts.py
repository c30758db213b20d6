"""Facts: what is derived from a record by pure code, so that every judgement stays data.

Patterns see them under `facts` beside the record itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from handlers.core.policy import policy_risks
from handlers.core.record import Record, as_mapping, as_text

_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]*:[a-z0-9-]*:(\d{12}):")

# CloudTrail's userIdentity.type, in the words of our rules:
# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
_ACTOR_KINDS = {
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

_DENIALS = ("AccessDenied", "Unauthorized", "NotAuthorized", "Forbidden")


def derive_facts(record: Record) -> dict[str, Any]:
    """Everything the rules may ask of a record beyond what CloudTrail wrote.

    `actor` {kind, id, name, session?, account, mfa?}; `failed`, `denied`, `omitted` (booleans);
    `policy` {risks} when the call carries a policy document; `crossAccount` {accounts} when an
    ARN in the parameters belongs to another account.
    """
    parameters = record.request_parameters
    facts: dict[str, Any] = {
        "actor": _actor(record),
        "failed": record.error_code is not None,
        "denied": any(word in (record.error_code or "") for word in _DENIALS),
        # CloudTrail drops parameters over 100 KB. A policy padded with white space gets there.
        "omitted": str(parameters.get("omitted", "")).lower() == "true",
    }
    if "policyDocument" in parameters:
        facts["policy"] = {"risks": list(policy_risks(parameters["policyDocument"]))}
    foreign = sorted({account for account in _accounts(parameters) if account != record.account})
    if foreign:
        facts["crossAccount"] = {"accounts": foreign}
    return facts


def _actor(record: Record) -> dict[str, Any]:
    identity = record.user_identity
    session = as_mapping(identity.get("sessionContext"))
    issuer = as_mapping(session.get("sessionIssuer"))
    arn = as_text(identity.get("arn"))
    account = as_text(identity.get("accountId"))
    role = as_text(issuer.get("arn")) or _role_of(arn)
    identifier = (
        role
        or arn
        or as_text(as_mapping(identity.get("onBehalfOf")).get("userId"))
        or _service(identity)
        or as_text(identity.get("principalId"))
        or "unknown"
    )
    actor: dict[str, Any] = {
        "kind": _kind(record, account, role),
        "id": identifier,
        "name": as_text(identity.get("userName")) or as_text(issuer.get("userName")) or _last(identifier),
        "account": account or record.account,
    }
    if role and ":assumed-role/" in arn:
        actor["session"] = _last(arn)
    mfa = as_mapping(session.get("attributes")).get("mfaAuthenticated")
    if mfa is not None:
        actor["mfa"] = str(mfa).lower() == "true"
    return actor


def _kind(record: Record, account: str, role: str) -> str:
    identity = record.user_identity
    said = as_text(identity.get("type"))
    kind = _ACTOR_KINDS.get(said, "unknown")
    if said == "Unknown" and record.event_name == "RegisterCertificate":
        # Just-in-time provisioning and registration: the device's first connection, not a person.
        return "device-registration"
    if kind not in ("unknown", "aws-service") and account and account != record.account:
        return "cross-account"
    if kind == "role" and "/aws-reserved/sso.amazonaws.com/" in role:
        return "identity-center"
    return kind


def _role_of(arn: str) -> str:
    """The role's ARN of an assumed role's session ARN, so that every session is the same actor."""
    head, found, rest = arn.partition(":assumed-role/")
    if not found:
        return ""
    return f"{head.replace(':sts:', ':iam:', 1)}:role/{rest.split('/')[0]}"


def _service(identity: Mapping[str, Any]) -> str:
    # In old records invokedBy is an object.
    invoked_by = identity.get("invokedBy")
    return as_text(invoked_by) or as_text(as_mapping(invoked_by).get("serviceName"))


def _last(text: str) -> str:
    return text.rsplit("/", 1)[-1].rsplit(":", 1)[-1] or text


def _accounts(value: object) -> Iterator[str]:
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            yield from _ARN.findall(item)
        elif isinstance(item, Mapping):
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
