"""`userIdentity` of a record: who the access key of a call belongs to, in CloudTrail's words."""

from datetime import UTC, datetime
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import iam

from . import pinned


def install() -> None:
    """Check the parts of MiniStack that are read here."""
    pinned.function(iam_evaluator, "resolve_caller_identity", "access_key_id")
    pinned.attribute(iam, "_roles")


def user_identity(access_key: str) -> dict[str, Any]:
    """Describe the owner of an access key of the current account."""
    caller = iam_evaluator.resolve_caller_identity(access_key)
    if caller is None:
        # With IAM off, MiniStack takes any key. AWS would have refused the call, and recorded nothing.
        return {"type": "Unknown", "accessKeyId": access_key}
    arn, account = caller["userArn"], caller["accountId"]
    identity = {
        "type": _type_of(arn),
        "principalId": caller["userId"],
        "arn": arn,
        "accountId": account,
        "accessKeyId": access_key,
    }
    if identity["type"] == "IAMUser":
        identity["userName"] = arn.rpartition("/")[2]
    session = caller["session"]
    if session is not None:
        identity["sessionContext"] = {"attributes": _attributes(session)}
    if identity["type"] == "AssumedRole":
        role_name, session_name = arn.split("/")[1:3]
        issuer = _issuer(role_name, account)
        identity["sessionContext"]["sessionIssuer"] = issuer
        # MiniStack's session ids name the role; CloudTrail's begin with the role's unique id.
        identity["principalId"] = f"{issuer['principalId']}:{session_name}"
    return identity


def _type_of(arn: str) -> str:
    kinds = {":assumed-role/": "AssumedRole", ":user/": "IAMUser", ":federated-user/": "FederatedUser"}
    return next((kind for part, kind in kinds.items() if part in arn), "Root")


def _issuer(role_name: str, account: str) -> dict[str, str]:
    role = iam._roles.get_scoped(account, None, role_name) or {}
    return {
        "type": "Role",
        "principalId": role.get("RoleId", "AROAUNKNOWNROLE"),
        "arn": role.get("Arn", f"arn:aws:iam::{account}:role/{role_name}"),
        "accountId": account,
        "userName": role_name,
    }


def _attributes(session: dict[str, Any]) -> dict[str, str]:
    issued = datetime.fromtimestamp(session.get("IssuedAt", 0), UTC)
    return {"creationDate": issued.strftime("%Y-%m-%dT%H:%M:%SZ"), "mfaAuthenticated": "false"}
