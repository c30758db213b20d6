"""Statements that do not do what their author meant, after Device Defender's definition of potentially
misconfigured:
https://docs.aws.amazon.com/iot-device-defender/latest/devguide/audit-chk-iot-misconfigured-policies.html.

Like Device Defender's, this check may be wrong about what was meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from handlers.core.policy.documents import Document, Statement
from handlers.core.policy.resources import (
    MQTT_WILDCARDS,
    WILDCARDS,
    fixed_beginning,
    target_of,
)
from handlers.core.policy.risks import (
    MQTT_WILDCARD_IN_DENY,
    RECEIVE_NOT_DENIED,
    VARIABLE_NOT_SUBSTITUTED,
    Risk,
    as_risk,
)
from handlers.core.policy.wildcards import covers

_FILTER, _TOPIC = "topicfilter/", "topic/"


def misconfigured(document: Document) -> Iterator[Risk]:
    """What in a document seems to deny or to narrow, and does not."""
    yield from _mqtt_wildcards_in_deny(document)
    yield from _receiving_not_denied(document)
    if not document.substitutes_variables:
        for statement in document.statements:
            if _has_variables(statement):
                yield as_risk(VARIABLE_NOT_SUBSTITUTED, statement.position)


def _mqtt_wildcards_in_deny(document: Document) -> Iterator[Risk]:
    for statement in document.statements:
        if not statement.allows and any(
            _has_mqtt_wildcard(target_of(resource)) for resource in statement.resources
        ):
            yield as_risk(MQTT_WILDCARD_IN_DENY, statement.position)


def _receiving_not_denied(document: Document) -> Iterator[Risk]:
    """A Deny of a topic filter, where a wider filter is allowed and receiving is not denied.

    Whether receiving is allowed is not asked: another policy of the device may do that.
    """
    denying = list(_about("iot:subscribe", document, allows=False))
    if not denying:
        return
    allowed = [
        target_of(resource)
        for statement in _about("iot:subscribe", document, allows=True)
        for resource in statement.resources
    ]
    not_received = [
        target_of(resource, _is_one_name)
        for statement in _about("iot:receive", document, allows=False)
        if not statement.conditions
        for resource in statement.resources
    ]
    for statement in denying:
        if any(_can_be_received(target_of(item), allowed, not_received) for item in statement.resources):
            yield as_risk(RECEIVE_NOT_DENIED, statement.position)


def _is_one_name(_variable: str) -> bool:
    # Whatever its value is: denying it denies no other name for sure.
    return True


def _about(action: str, document: Document, *, allows: bool) -> Iterator[Statement]:
    """The statements that allow (or deny) this action on resources that they name."""
    for statement in document.statements:
        if statement.allows != allows:
            continue
        named = any(covers(pattern, action) for pattern in statement.actions)
        if named != statement.excludes_actions and not statement.excludes_resources:
            yield statement


def _can_be_received(denied: str, allowed: Sequence[str], not_received: Sequence[str]) -> bool:
    if not denied.startswith((_FILTER, *WILDCARDS)) or _has_mqtt_wildcard(denied):
        return False
    topic = denied.replace(_FILTER, _TOPIC, 1)
    return any(_reaches_around(target, denied) for target in allowed) and not any(
        covers(target, topic) for target in not_received
    )


def _reaches_around(allowed: str, denied: str) -> bool:
    """Whether an allowed filter can hold an MQTT wildcard, overlap with the denied one, and escape it."""
    beginning = fixed_beginning(allowed, "topicfilter", WILDCARDS + MQTT_WILDCARDS)
    if beginning is None:
        return False
    denied_beginning = fixed_beginning(denied, "topicfilter", WILDCARDS)
    if denied_beginning is None:
        denied_beginning = denied.removeprefix(_FILTER)
    overlap = beginning.startswith(denied_beginning) or denied_beginning.startswith(beginning)
    return overlap and not covers(denied, allowed)


def _has_mqtt_wildcard(target: str) -> bool:
    return any(sign in target for sign in MQTT_WILDCARDS)


def _has_variables(statement: Statement) -> bool:
    return any("${" in resource for resource in statement.resources) or any(
        "${" in value for _, _, values in statement.conditions for value in values
    )
