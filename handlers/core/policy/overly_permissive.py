"""Allow statements that reach further than one device should, after Device Defender's definition of
overly permissive:
https://docs.aws.amazon.com/iot-device-defender/latest/devguide/audit-chk-iot-policy-permissive.html.

Where it is silent, we report:

- A Deny takes no risk back, and of all conditions only the one that the definition names does
  (`iot:Connection.Thing.IsAttached`, for connecting under the client id as thing name).
- A wildcard counts at the beginning of a client's, thing's or topic's name, whatever stands behind it.
  Behind a fixed beginning it is no risk: AWS's own policies for Greengrass allow `client/core-name*`.
  So `thing/a*`, which may reach many things, is a known gap.
- No policy is spared: the one that AWS proposes for claim certificates
  (https://docs.aws.amazon.com/iot/latest/developerguide/provision-wo-cert.html#claim-based) allows
  `iot:Connect` on `*`, and so on the `client/*` that the definition calls noncompliant. Who holds a
  claim certificate, and many devices may share one, can end the connection of any client.
- Variables are judged as variables in a document of an older version too, where they are plain text.
- Retained messages, disconnecting clients, role aliases, every action, NotAction and NotResource are
  not in the definition. `iot:ListRetainedMessages` and `iot:ListNamedShadowsForThing` are no risk to
  us: AWS accepts them on `*` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from handlers.core.policy.documents import Statement
from handlers.core.policy.resources import (
    MQTT_WILDCARDS,
    WILDCARDS,
    fixed_beginning,
    is_fixed_as_name,
    target_of,
)
from handlers.core.policy.risks import (
    ALLOW_BY_EXCLUSION,
    ANY_ACTION,
    ANY_ACTION_ON_ANY_RESOURCE,
    ANY_ROLE_ALIAS,
    ANY_THING_JOB,
    ANY_THING_SHADOW,
    CONNECT_AS_ANY_CLIENT,
    DISCONNECT_ANY_CLIENT,
    PUBLISH_ANYWHERE,
    READ_RETAINED_ANYWHERE,
    RESERVED_TOPICS,
    RETAIN_ANYWHERE,
    SUBSCRIBE_ANYWHERE,
    Risk,
    as_risk,
)
from handlers.core.policy.wildcards import as_pattern, covers

# The kind of resource that a risk's actions are for:
# https://docs.aws.amazon.com/iot/latest/developerguide/iot-action-resources.html
_KINDS = {
    ANY_ROLE_ALIAS: "rolealias",
    CONNECT_AS_ANY_CLIENT: "client",
    PUBLISH_ANYWHERE: "topic",
    SUBSCRIBE_ANYWHERE: "topicfilter",
    ANY_THING_SHADOW: "thing",
    ANY_THING_JOB: "thing",
    READ_RETAINED_ANYWHERE: "topic",
    RETAIN_ANYWHERE: "topic",
    DISCONNECT_ANY_CLIENT: "client",
}

# Not iot:Receive: a client receives only what it may subscribe to, so it is compliant on every topic.
_RISK_OF_ACTION = {
    "iot:assumerolewithcertificate": ANY_ROLE_ALIAS,
    "iot:connect": CONNECT_AS_ANY_CLIENT,
    "iot:publish": PUBLISH_ANYWHERE,
    "iot:subscribe": SUBSCRIBE_ANYWHERE,
    "iot:getthingshadow": ANY_THING_SHADOW,
    "iot:updatethingshadow": ANY_THING_SHADOW,
    "iot:deletethingshadow": ANY_THING_SHADOW,
    "iot:getretainedmessage": READ_RETAINED_ANYWHERE,
    "iot:retainpublish": RETAIN_ANYWHERE,
    "iot:deleteconnection": DISCONNECT_ANY_CLIENT,
    # The job actions have two prefixes: that of the definition and that of today's service.
    **{
        f"{service}:{action}": ANY_THING_JOB
        for service in ("iot", "iotjobsdata")
        for action in (
            "describejobexecution",
            "getpendingjobexecutions",
            "startnextpendingjobexecution",
            "updatejobexecution",
        )
    },
}

_THINGS = "$aws/things/"
_SHARED = "$share/"


def overly_permissive(statement: Statement) -> Iterator[Risk]:
    """What an Allow statement lets a device do to others."""
    for name in _names_of_risks(statement):
        yield as_risk(name, statement.position)


def _names_of_risks(statement: Statement) -> Iterator[str]:
    if statement.excludes_actions or statement.excludes_resources:
        yield ALLOW_BY_EXCLUSION
        return
    targets = [target_of(resource) for resource in statement.resources]
    if _allows_every_action(statement.actions):
        if any(_is_everything(target) for target in targets):
            # The rest of what a device may do with everything goes without saying; a role does not.
            yield from (ANY_ACTION_ON_ANY_RESOURCE, ANY_ROLE_ALIAS)
            return
        yield ANY_ACTION
    for risk in _risks_to_look_for(statement.actions):
        if risk == CONNECT_AS_ANY_CLIENT and not _requires_attached_thing(statement):
            yield from _risks_on(risk, [target_of(item, is_fixed_as_name) for item in statement.resources])
        else:
            yield from _risks_on(risk, targets)


def _allows_every_action(actions: Iterable[str]) -> bool:
    return any(
        "*" in action and covers(as_pattern(action, substitutes_variables=False), "iot:?*")
        for action in actions
    )


def _risks_to_look_for(actions: Iterable[str]) -> set[str]:
    return {risk for action in actions for risk in _risks_of_action(action)}


# Policies use the same few actions. One is no longer than its document, so the cache stays small.
@lru_cache(maxsize=128)
def _risks_of_action(action: str) -> frozenset[str]:
    return frozenset(risk for name, risk in _RISK_OF_ACTION.items() if covers(action, name))


def _risks_on(risk: str, targets: Iterable[str]) -> Iterator[str]:
    kind = _KINDS[risk]
    for target in targets:
        beginning = (
            _fixed_filter(target) if kind == "topicfilter" else fixed_beginning(target, kind, WILDCARDS)
        )
        if beginning == "":
            yield risk
        elif beginning and kind.startswith("topic") and _THINGS.startswith(beginning):
            yield RESERVED_TOPICS


def _fixed_filter(target: str) -> str | None:
    """`fixed_beginning` of a topic filter, in which MQTT's wildcards are open too."""
    beginning = fixed_beginning(target, "topicfilter", WILDCARDS + MQTT_WILDCARDS)
    if beginning is None and any(sign in target for sign in MQTT_WILDCARDS):
        # The definition's third example names a filter as a topic.
        beginning = fixed_beginning(target, "topic", WILDCARDS + MQTT_WILDCARDS)
    if beginning is not None and _SHARED.startswith(beginning):
        return ""
    if beginning is not None and beginning.startswith(_SHARED):
        # A shared subscription is `$share/group/filter`.
        return beginning[len(_SHARED) :].partition("/")[2]
    return beginning


def _requires_attached_thing(statement: Statement) -> bool:
    # Not the ...IfExists forms and ForAllValues: they hold when the key is absent.
    return any(
        key == "iot:connection.thing.isattached"
        and operator in ("bool", "foranyvalue:bool", "stringequals", "stringequalsignorecase")
        and {value.lower() for value in values} == {"true"}
        for operator, key, values in statement.conditions
    )


def _is_everything(target: str) -> bool:
    return "*" in target and set(target) <= set("*?/")
