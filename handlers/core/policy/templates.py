"""The policies inside an AWS IoT provisioning template, whose form is
https://docs.aws.amazon.com/iot/latest/developerguide/provision-template.html.

A parameter gets its value from who provisions: with fleet provisioning, from the device itself, which
is why AWS offers hooks that check it (https://docs.aws.amazon.com/iot/latest/developerguide/pre-provisioning-hook.html).
We do not see the hook, and a device that sends `*` as its name would own the fleet: so a parameter in a
policy counts as a wildcard, and so does every function that is not resolved here. Parameters that AWS
fills in (`AWS::...`, from the certificate) are as fixed as the certificate is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from handlers.core.policy.assessment import read_policy
from handlers.core.policy.documents import Unreadable, read_elements, read_json
from handlers.core.policy.risks import (
    POLICY_CHOSEN_BY_CALLER,
    UNREADABLE,
    Risk,
    as_fact,
    as_risk,
    in_order,
)
from handlers.core.policy.wildcards import split_variables

MOST_CHARACTERS = 10_240
"""Of a template's body: https://docs.aws.amazon.com/iot/latest/apireference/API_CreateProvisioningTemplate.html."""

# A real one has four levels; functions nest a few more.
_DEEPEST = 16


def read_template(body: object) -> tuple[Risk, ...]:
    """The risks of all policies that a template (JSON text or object) holds, worst first.

    A policy that is named and not written out is no risk, unless who provisions may choose the name.
    `Risk.policy` counts every policy, also those; `Risk.statement` counts inside its own. Never raises.
    """
    try:
        policies = list(_policies(body))
        return in_order(
            replace(risk, policy=position) if len(policies) > 1 else risk
            for position, policy in enumerate(policies, start=1)
            for risk in _risks_of(policy)
        )
    except Unreadable:
        return (as_risk(UNREADABLE, None),)


def template_fact(body: object) -> dict[str, object]:
    """The risks of a template as a fact for rules: like `policy_fact`, and `policies`, the number of
    policy documents in it (0 if it can not be read).
    """
    try:
        written = sum("policydocument" in policy for policy in _policies(body))
    except Unreadable:
        written = 0
    return {**as_fact(read_template(body), "the template"), "policies": written}


def written_policies(body: object) -> dict[str, object]:
    """The policy documents that a template holds, by the names of their resources. What who provisions may
    choose stands as `*`, as it does for `read_template`.

    Raises:
        Unreadable: it is no template.
    """
    return {
        name: _resolved(policy["policydocument"], "*")
        for name, policy in _policies_by_name(body)
        if "policydocument" in policy
    }


def named_policies(body: object) -> frozenset[str]:
    """The names of the policies that a template gives without writing them out; `*` where who provisions may
    choose.

    Raises:
        Unreadable: it is no template.
    """
    return frozenset(
        _as_text(policy["policyname"], "*", 0)
        for policy in _policies(body)
        if "policydocument" not in policy and "policyname" in policy
    )


def _policies(body: object) -> Iterator[dict[str, Any]]:
    return (policy for _, policy in _policies_by_name(body))


def _policies_by_name(body: object) -> Iterator[tuple[str, dict[str, Any]]]:
    """The name of each policy resource and its properties, by their names in lower case."""
    resources = read_elements(read_json(body, MOST_CHARACTERS)).get("resources")
    if not isinstance(resources, Mapping):
        raise Unreadable
    for name, resource in resources.items():
        elements = read_elements(resource)
        kind = elements.get("type")
        if not isinstance(kind, str):
            raise Unreadable
        if kind.lower() == "aws::iot::policy":
            yield str(name), read_elements(elements.get("properties"))


def _risks_of(policy: Mapping[str, Any]) -> Iterator[Risk]:
    if "policydocument" in policy:
        document = _resolved(policy["policydocument"], "*")
        if isinstance(document, str) and document != _resolved(policy["policydocument"], "?"):
            # A value inside a text may end the string that it stands in, and go on as it likes.
            yield as_risk(POLICY_CHOSEN_BY_CALLER, None)
        else:
            yield from read_policy(document)
    elif "policyname" in policy:
        if _as_text(policy["policyname"], "*", 0).startswith("*"):
            yield as_risk(POLICY_CHOSEN_BY_CALLER, None)
    else:
        yield as_risk(UNREADABLE, None)


def _resolved(value: object, chosen: str, depth: int = 0) -> object:
    """The value with its functions replaced by what they give; `chosen` is what a caller may choose."""
    if depth > _DEEPEST:
        raise Unreadable
    if isinstance(value, list):
        return [_resolved(item, chosen, depth + 1) for item in value]
    if not isinstance(value, Mapping):
        return value
    if len(value) == 1:
        ((name, argument),) = value.items()
        function = str(name).lower()
        if function == "ref" or function.startswith("fn:"):
            return _result(function, argument, chosen, depth + 1)
    return {name: _resolved(item, chosen, depth + 1) for name, item in value.items()}


def _result(function: str, argument: object, chosen: str, depth: int) -> str:
    if function == "ref":
        return _reference(argument, chosen)
    match argument:
        case [str(delimiter), list(items)] if function == "fn::join":
            return delimiter.join(_as_text(item, chosen, depth) for item in items)
        case str(text) if function == "fn::sub":
            return _substituted(text, {}, chosen, depth)
        case [str(text), dict(values)] if function == "fn::sub":
            return _substituted(text, values, chosen, depth)
        case _:
            return chosen


def _reference(name: object, chosen: str) -> str:
    return "fixed" if isinstance(name, str) and name.startswith("AWS::") else chosen


def _substituted(text: str, values: Mapping[str, object], chosen: str, depth: int) -> str:
    done = []
    for piece, is_variable in split_variables(text):
        name = piece[2:-1]
        if not is_variable:
            done.append(piece)
        elif name.startswith("!"):
            # Left for the policy: `${!iot:ClientId}` becomes the policy variable.
            done.append(f"${{{name[1:]}}}")
        elif name in values:
            done.append(_as_text(values[name], chosen, depth))
        else:
            done.append(_reference(name, chosen))
    return "".join(done)


def _as_text(value: object, chosen: str, depth: int) -> str:
    resolved = _resolved(value, chosen, depth + 1)
    return resolved if isinstance(resolved, str) else chosen
