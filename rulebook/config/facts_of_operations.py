"""Which facts the calls of an operation can have at all, after AWS's own service models.

When unsure, they can: where no model tells, where callers choose the names, where an ARN may be of any kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from botocore.model import Shape

from handlers.core.parameter_case import lower_first
from handlers.core.patterns import Path
from handlers.core.touches import NOT_LOOKED_INTO, PARAMETERS, TOUCHED_KINDS
from rulebook.api_models import answers_of, members_of, parameters_of
from rulebook.services import Service

_CARRIED_BY = {
    "policy": {"policyDocument"},
    "template": {"templateBody", "registrationConfig"},
    "topicRule": {"topicRulePayload"},
    "job": {"jobId"},
    "thingGroups": {"thingGroupsToAdd", "thingGroupsToRemove"},
    "firmware": {"otaUpdateId"},
}
"""Facts, and the parameters that one is derived from: see handlers/core/facts.py."""

_OF_ARN = {
    "policy": {"policies"},
    "certificate": {"certificates", "caCertificates"},
    "thing": {"things"},
    "thingGroup": {"thingGroups"},
    "role": {"roles"},
    "roleAlias": {"roleAliases"},
    "rule": {"topicRules"},
    "authorizer": {"authorizers"},
    "template": {"provisioningTemplates"},
    "job": {"jobs"},
    "otaUpdate": {"otaUpdates"},
    "stream": {"streams"},
    "securityProfile": {"securityProfiles"},
}
"""What an ARN is of, by the name before `Arn`. Of any other it may be of anything."""
_ANY_ARN = frozenset({"principal", "target", "targets"})
_DEEPEST = 8


def can_have(path: Path, service: Service, operation: str) -> bool:
    """Whether a call of an operation can have a fact, by its path without `facts`."""
    inputs = parameters_of(service, operation)
    if not inputs:
        return True
    if path[0] == "touches" and len(path) > 1:
        return path[1] in _touched_by(service, operation)
    carriers = _CARRIED_BY.get(path[0])
    names = {lower_first(name) for shape in inputs for name in members_of(shape) or ()}
    return carriers is None or not carriers.isdisjoint(names)


@cache
def _touched_by(service: Service, operation: str) -> frozenset[str]:
    shapes = (*parameters_of(service, operation), *answers_of(service, operation))
    return frozenset(kind for shape in shapes for kind in _kinds_in(shape, "", _DEEPEST))


def _kinds_in(shape: Shape, name: str, depth: int) -> Iterator[str]:
    """The kinds that a parameter of this name may name, and those below it."""
    members = members_of(shape)
    if name in NOT_LOOKED_INTO or depth == 0:
        return
    if members is None:
        yield from TOUCHED_KINDS
        return
    yield from _kinds_of(name)
    for inner_name, inner in members.items():
        yield from _kinds_in(inner, lower_first(inner_name), depth - 1)


def _kinds_of(name: str) -> Iterator[str]:
    if name in PARAMETERS:
        yield PARAMETERS[name]
        if PARAMETERS[name] == "certificates":
            # Of some operations it is a CA's.
            yield "caCertificates"
    if name in _ANY_ARN or name.lower().endswith(("arn", "arns")):
        yield from _OF_ARN.get(name.removesuffix("s").removesuffix("Arn"), TOUCHED_KINDS)
