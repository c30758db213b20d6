"""What an AWS IoT policy document allows that it should not.

The risks are the plainest of those that AWS IoT Device Defender calls overly permissive
(https://docs.aws.amazon.com/iot-device-defender/latest/devguide/audit-chk-iot-policy-permissive.html,
severity critical there): Allow statements whose wildcards reach everything, or every client, topic
or thing. Not looked at yet: policy variables, conditions, reserved topics, and what a Deny takes back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

ANY_ACTION_ON_ANY_RESOURCE = "any-action-on-any-resource"
ANY_ACTION = "any-action"
ANY_RESOURCE = "any-resource"
ALLOW_BY_EXCLUSION = "allow-by-exclusion"
ANY_ROLE_ALIAS = "any-role-alias"
UNREADABLE = "unreadable"

_ASSUME_ROLE = "iot:assumerolewithcertificate"

# What devices do, and the kind of resource that they do it on. Not iot:Receive: a client receives
# only what it may subscribe to, so Device Defender calls it compliant on every topic.
_DEVICE_ACTIONS = {
    "iot:connect": "client",
    "iot:publish": "topic",
    "iot:retainpublish": "topic",
    "iot:subscribe": "topicfilter",
    "iot:getretainedmessage": "topic",
    "iot:getthingshadow": "thing",
    "iot:updatethingshadow": "thing",
    "iot:deletethingshadow": "thing",
    "iot:describejobexecution": "thing",
    "iot:getpendingjobexecutions": "thing",
    "iot:startnextpendingjobexecution": "thing",
    "iot:updatejobexecution": "thing",
}

_EVERY_ACTION = (*_DEVICE_ACTIONS, _ASSUME_ROLE, "iot:receive", "iot:createpolicy", "iot:x")
"""A pattern that covers all of these, whatever it looks like (`*`, `iot:*`, `i*`), is for every action."""


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
            document = json.loads(document, object_pairs_hook=_without_repeated_keys)
        except (ValueError, RecursionError):
            raise _Unreadable from None
    if not isinstance(document, Mapping):
        raise _Unreadable
    statements = document.get("Statement")
    for statement in statements if isinstance(statements, list) else [statements]:
        if not isinstance(statement, Mapping) or statement.get("Effect") not in ("Allow", "Deny"):
            raise _Unreadable
        yield statement


def _without_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        # Which of the two AWS believes is not documented.
        raise _Unreadable
    return found


def _risks_of(statement: Mapping[str, Any]) -> Iterator[str]:
    if statement["Effect"] != "Allow":
        return
    if "NotAction" in statement or "NotResource" in statement:
        yield ALLOW_BY_EXCLUSION
    actions = [action.lower() for action in _texts(statement, "Action", "NotAction")]
    resources = [_after_arn(resource) for resource in _texts(statement, "Resource", "NotResource")]
    every_action = all(_covered(action, actions) for action in _EVERY_ACTION)
    every_resource = any(_is_everything(resource) for resource in resources)
    if every_action:
        yield ANY_ACTION_ON_ANY_RESOURCE if every_resource else ANY_ACTION
    elif any(
        _covered(action, actions) and (every_resource or f"{kind}/*" in resources)
        for action, kind in _DEVICE_ACTIONS.items()
    ):
        yield ANY_RESOURCE
    if _covered(_ASSUME_ROLE, actions) and (every_resource or "rolealias/*" in resources):
        yield ANY_ROLE_ALIAS


def _texts(statement: Mapping[str, Any], name: str, negated: str) -> tuple[str, ...]:
    value = statement.get(name)
    if value is None and negated in statement:
        return ()
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(item, str) for item in values):
        raise _Unreadable
    return tuple(values)


def _covered(action: str, patterns: Iterable[str]) -> bool:
    return any(_matches(pattern, action) for pattern in patterns)


def _matches(pattern: str, text: str) -> bool:
    """IAM's wildcards (`*` any text, `?` any character), without a regular expression: an attacker
    writes the pattern, and `?*?*?*?*x` would keep one busy for hours.
    """
    at = place = 0
    star, taken = -1, 0
    while at < len(text):
        if place < len(pattern) and pattern[place] == "*":
            star, taken = place, at
            place += 1
        elif place < len(pattern) and pattern[place] in ("?", text[at]):
            at += 1
            place += 1
        elif star >= 0:
            # Let the last asterisk take one character more, and go on behind it.
            taken += 1
            at, place = taken, star + 1
        else:
            return False
    return not pattern[place:].strip("*")


def _after_arn(resource: str) -> str:
    """What a resource names behind `arn:partition:iot:region:account:`, runs of asterisks as one; a
    wildcard that stands for a part of the ARN and all that follows (`arn:aws:*`) names everything.
    """
    parts = re.sub(r"\*+", "*", resource).split(":", 5)
    if len(parts) == 6:
        return parts[5]
    return "*" if parts[-1].endswith("*") else resource


def _is_everything(resource: str) -> bool:
    return "*" in resource and set(resource) <= set("*?/")
