"""What a pattern may look at: the fields of a CloudTrail record, the facts, and the finding.

Fields: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
and …-event-reference-user-identity.html; facts: handlers/core/facts.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from handlers.core.actors import KINDS
from handlers.core.policy import OVERLY_PERMISSIVE, POTENTIALLY_MISCONFIGURED, RISK_NAMES, UNREADABLE
from handlers.core.resources import HINTS, RESOURCE_KINDS
from handlers.core.severity import Severity
from handlers.core.touches import TOUCHED_KINDS


@dataclass(frozen=True)
class Leaf:
    """A value: its type, the values that it can have (None: any), and what it means."""

    type: Literal["text", "flag", "number"]
    choices: frozenset[str] | None = None
    meaning: str = ""
    form: Literal["account", "address", "free"] | None = None
    """How the text is written: twelve digits, an IP address or a name, or anything (a star too)."""
    is_list: bool = False
    """A list of such values."""


@dataclass(frozen=True)
class Anything:
    """Below this, names and values are not known here."""

    meaning: str = ""


@dataclass(frozen=True)
class Group:
    """Named values below one name."""

    members: Mapping[str, Group | Leaf | Anything] = field(default_factory=dict)


Node = Group | Leaf | Anything

_TEXT = Leaf("text")
_FLAG = Leaf("flag")
_ACCOUNT = Leaf("text", form="account")


def _text(meaning: str, choices: frozenset[str] | None = None) -> Leaf:
    return Leaf("text", choices, meaning)


def _texts(meaning: str, choices: frozenset[str] | None = None) -> Leaf:
    return Leaf("text", choices, meaning, is_list=True)


def _flag(meaning: str) -> Leaf:
    return Leaf("flag", None, meaning)


def _document(what: str) -> dict[str, Node]:
    verdicts = frozenset({OVERLY_PERMISSIVE, POTENTIALLY_MISCONFIGURED, UNREADABLE})
    return {
        "verdicts": _texts(f"what Device Defender would say of {what}", verdicts),
        "risks": _texts(f"what {what} allows that it should not", frozenset(RISK_NAMES)),
        "why": Leaf("text", None, "the same as sentences, with the statement", "free", is_list=True),
    }


_HINT = frozenset(HINTS)

FACTS = Group(
    {
        "actor": Group(
            {
                "kind": _text("what the caller is", KINDS),
                "id": _text(
                    "who it is: an ARN; of an assumed role the role's, of a federated user the issuer's"
                ),
                "name": _text("the name of the role or user"),
                "session": _text("the name of the session or federated user, which the caller chooses"),
                "account": Leaf("text", None, "the caller's account", "account"),
                "console": _flag("the call was made in the AWS console"),
                "mfa": _flag("signed in with a second factor; absent where CloudTrail does not say"),
                "invokedBy": _text(
                    "the AWS service that made the call for the caller, such as cloudformation.amazonaws.com"
                ),
            }
        ),
        "failed": _flag("the call met an error"),
        "denied": _flag("the error is a want of permission"),
        "omitted": _flag("CloudTrail dropped the parameters"),
        "masked": _texts("names of the parameters that CloudTrail hid (`***`), as the record spells them"),
        "resource": Group(
            {
                "kind": _text("the kind of IoT Core resource that the call is about", RESOURCE_KINDS),
                "id": _text("its name or id"),
                "arn": _text("its ARN"),
                "url": _text("its page in the console"),
                "suggests": _texts("what the name of a policy or thing group tells people", _HINT),
            }
        ),
        "policy": Group(_document("the policy document")),
        "template": Group(
            {
                **_document("the policies in the provisioning template"),
                "policies": Leaf("number", None, "how many policies the template holds"),
            }
        ),
        "topicRule": Group(
            {
                "everyMessage": _flag("the rule's SQL reads every topic"),
                "secret": _flag("it reads a secret"),
            }
        ),
        "job": Group(
            {
                "targets": Leaf("number", None, "how many things and groups the job is for"),
                "plainHttp": _flag("its document names an http:// address"),
            }
        ),
        "thingGroups": Group(
            {
                "added": _texts("what the names of the groups suggest that a thing joins", _HINT),
                "removed": _texts("and of those that it leaves", _HINT),
            }
        ),
        "touches": Group({kind: _texts(meaning) for kind, meaning in TOUCHED_KINDS.items()}),
        "firmware": Group({"unsigned": _flag("a file of the update is not signed")}),
        "crossAccount": Group(
            {
                "accounts": Leaf(
                    "text",
                    None,
                    "accounts that the parameters name and that are not yours",
                    "account",
                    is_list=True,
                )
            }
        ),
        "outside": Group(
            {
                "buckets": _texts("buckets that they name and that are not in allow_lists.buckets"),
                "domains": _texts("web hosts that they name and that are not in allow_lists.domains"),
            }
        ),
    }
)

_IDENTITY_TYPES = frozenset(
    {
        *("Root", "IAMUser", "AssumedRole", "Role", "FederatedUser", "Directory", "AWSAccount", "AWSService"),
        *("SAMLUser", "WebIdentityUser", "IdentityCenterUser", "Unknown"),
    }
)
_USER_IDENTITY = Group(
    {
        "type": Leaf("text", _IDENTITY_TYPES),
        "accountId": _ACCOUNT,
        **dict.fromkeys(("userName", "principalId", "arn", "accessKeyId", "credentialId"), _TEXT),
        **dict.fromkeys(
            (
                *("invokedBy", "invokedByDelegate", "onBehalfOf", "inScopeOf", "webIdFederationData"),
                "identityProvider",
            ),
            Anything(),
        ),
        "sessionContext": Group(
            {
                "sessionIssuer": Group(
                    {
                        "accountId": _ACCOUNT,
                        **dict.fromkeys(("type", "userName", "principalId", "arn"), _TEXT),
                    }
                ),
                "attributes": Group(
                    {"mfaAuthenticated": _text("", frozenset({"true", "false"})), "creationDate": _TEXT}
                ),
                **dict.fromkeys(
                    ("webIdFederationData", "sourceIdentity", "ec2RoleDelivery", "assumedRoot"), Anything()
                ),
            }
        ),
    }
)

# Some in two spellings: that of the record reference, and that of real records and of AWS's examples.
_EVENT_TYPES = frozenset(
    {
        *("AwsApiCall", "AwsServiceEvent", "AwsConsoleAction", "AwsCloudTrailInsight"),
        *("AwsConsoleSignIn", "AwsConsoleSignin", "AwsVpceEvents", "AwsVpceEvent"),
    }
)

RECORD = Group(
    {
        **dict.fromkeys(
            (
                *("eventName", "eventSource", "awsRegion", "userAgent", "apiVersion"),
                *("errorCode", "errorMessage", "eventTime", "eventVersion", "eventID", "requestID"),
                *("sharedEventID", "vpcEndpointId"),
            ),
            _TEXT,
        ),
        "recipientAccountId": _ACCOUNT,
        "vpcEndpointAccountId": _ACCOUNT,
        "sourceIPAddress": Leaf("text", form="address"),
        "eventType": Leaf("text", _EVENT_TYPES),
        "eventCategory": Leaf("text", frozenset({"Management", "Data", "NetworkActivity", "Insight"})),
        "sessionCredentialFromConsole": _text("", frozenset({"true"})),
        "readOnly": _FLAG,
        "managementEvent": _FLAG,
        "userIdentity": _USER_IDENTITY,
        **dict.fromkeys(
            (
                *("requestParameters", "responseElements", "additionalEventData", "resources"),
                *("serviceEventDetails", "addendum", "tlsDetails", "edgeDeviceDetails", "eventContext"),
            ),
            Anything(),
        ),
        "facts": FACTS,
    }
)


def is_list(path: str) -> bool:
    """Whether a fact, by its dotted path, is a list of values."""
    node: Node = RECORD
    for part in path.split("."):
        if not isinstance(node, Group) or part not in node.members:
            return False
        node = node.members[part]
    return isinstance(node, Leaf) and node.is_list


def finding_group(rules: frozenset[str], categories: frozenset[str]) -> Group:
    """What suppressions and routes see beside the record, under `finding`; rules do not, for they make it."""
    return Group(
        {
            "rule": _text(
                "the rules that match: custom rules, and operations such as iot:CreatePolicy",
                rules,
            ),
            "category": _text("the kind of resource or work, such as certificate or policy", categories),
            "severity": _text("how bad it is", frozenset(severity.value for severity in Severity)),
        }
    )
