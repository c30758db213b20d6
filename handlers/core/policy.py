"""What an AWS IoT policy document allows that it should not.

The risks are those that AWS IoT Device Defender calls overly permissive
(https://docs.aws.amazon.com/iot-device-defender/latest/devguide/audit-chk-iot-policy-permissive.html,
severity critical there), found in the document alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

ANY_ACTION_ON_ANY_RESOURCE = "any-action-on-any-resource"
ANY_ACTION = "any-action"
ANY_RESOURCE = "any-resource"
ALLOW_BY_EXCLUSION = "allow-by-exclusion"
ANY_ROLE_ALIAS = "any-role-alias"
UNREADABLE = "unreadable"

_EVERY_ACTION = frozenset({"*", "iot:*"})
_EVERY_RESOURCE = re.compile(r"arn:[^:]*:[^:]*:[^:]*:[^:]*:\*")
_ASSUME_ROLE = "iot:assumerolewithcertificate"


def policy_risks(document: object) -> tuple[str, ...]:
    """The risks in one policy document (JSON text as the API takes it, or an object), sorted.

    A document that can not be read is itself a risk: `unreadable`.
    """
    try:
        return tuple(sorted({risk for statement in _statements(document) for risk in _risks_of(statement)}))
    except _Unreadable:
        return (UNREADABLE,)


class _Unreadable(Exception):
    pass


def _statements(document: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except (ValueError, RecursionError):
            raise _Unreadable from None
    if not isinstance(document, Mapping):
        raise _Unreadable
    statements = document.get("Statement")
    for statement in statements if isinstance(statements, list) else [statements]:
        if not isinstance(statement, Mapping) or statement.get("Effect") not in ("Allow", "Deny"):
            raise _Unreadable
        yield statement


def _risks_of(statement: Mapping[str, Any]) -> Iterator[str]:
    if statement["Effect"] != "Allow":
        return
    if "NotAction" in statement or "NotResource" in statement:
        yield ALLOW_BY_EXCLUSION
    actions = {action.lower() for action in _texts(statement, "Action", "NotAction")}
    resources = _texts(statement, "Resource", "NotResource")
    every_action = not _EVERY_ACTION.isdisjoint(actions)
    every_resource = any(resource == "*" or _EVERY_RESOURCE.fullmatch(resource) for resource in resources)
    if every_action:
        yield ANY_ACTION_ON_ANY_RESOURCE if every_resource else ANY_ACTION
    elif every_resource and any(_reaches_the_broker(action) for action in actions):
        yield ANY_RESOURCE
    takes_roles = every_action or any(fnmatchcase(_ASSUME_ROLE, action) for action in actions)
    if takes_roles and (every_resource or any(resource.endswith(":rolealias/*") for resource in resources)):
        yield ANY_ROLE_ALIAS


def _reaches_the_broker(action: str) -> bool:
    # iot:Receive on every topic is compliant for Device Defender: a client receives only
    # what it may subscribe to.
    return action.startswith("iot:") and action not in ("iot:receive", _ASSUME_ROLE)


def _texts(statement: Mapping[str, Any], name: str, negated: str) -> tuple[str, ...]:
    value = statement.get(name)
    if value is None and negated in statement:
        return ()
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(item, str) for item in values):
        raise _Unreadable
    return tuple(values)
