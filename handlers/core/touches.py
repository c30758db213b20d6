"""What a call names, by whatever parameter, in one form each: so that a group follows a certificate, a policy
or a role through different operations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from handlers.core.parameter_case import lower_first
from handlers.core.record import Record, as_mapping
from handlers.core.resources import is_of_ca
from handlers.core.text import is_masked

TOUCHED_KINDS: Mapping[str, str] = {
    "certificates": "ids of device certificates",
    "caCertificates": "ids of CA certificates",
    "policies": "names of IoT policies",
    "things": "names of things",
    "thingGroups": "names of thing groups",
    "roles": "ARNs of IAM roles",
    "roleAliases": "names of role aliases",
    "topicRules": "names of topic rules",
    "topicRuleDestinations": "ARNs of topic rule destinations",
    "authorizers": "names of authorizers",
    "provisioningTemplates": "names of provisioning templates",
    "jobs": "ids of jobs",
    "otaUpdates": "ids of OTA updates",
    "streams": "ids of streams",
    "securityProfiles": "names of security profiles",
    "components": "names of Greengrass components",
    "tunnels": "ids of tunnels",
}
"""Every kind of `facts.touches`, and what its values are."""

MOST = 100
"""So many values of one kind are kept: a call names few, a hostile one any number."""
_LONGEST = 512
_DEEPEST = 8

PARAMETERS: Mapping[str, str] = {
    "certificateId": "certificates",
    "caCertificateId": "caCertificates",
    "policyName": "policies",
    "thingName": "things",
    "thingGroupName": "thingGroups",
    "roleAlias": "roleAliases",
    "ruleName": "topicRules",
    "authorizerName": "authorizers",
    "defaultAuthorizerName": "authorizers",
    "templateName": "provisioningTemplates",
    "jobId": "jobs",
    "otaUpdateId": "otaUpdates",
    "streamId": "streams",
    "securityProfileName": "securityProfiles",
    "componentName": "components",
    "tunnelId": "tunnels",
}
"""Parameters whose text is the id itself, by name, and the kind."""

# What stands before the id in an ARN of AWS IoT:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsiot.html
_BY_SEGMENT = {
    "cert": "certificates",
    "cacert": "caCertificates",
    "policy": "policies",
    "thing": "things",
    "thinggroup": "thingGroups",
    "rolealias": "roleAliases",
    "rule": "topicRules",
    "authorizer": "authorizers",
    "provisioningtemplate": "provisioningTemplates",
    "job": "jobs",
    "otaupdate": "otaUpdates",
    "stream": "streams",
    "securityprofile": "securityProfiles",
}
_ARN = re.compile(
    r"arn:aws[a-z-]{0,20}:(?P<service>[a-z0-9]{1,30}):[a-z0-9-]{0,30}:[0-9]{0,12}:"
    r"(?P<segment>[A-Za-z]{1,30})[/:](?P<id>[^*?]{1,500})",
    re.ASCII,
)
# Documents name what they allow, not what the call touches.
_DOCUMENTS = frozenset({"policyDocument", "templateBody", "document", "inlineRecipe"})


def find_touches(record: Record) -> dict[str, list[str]] | None:
    """What a call names: by kind, in the order of the record, each once. None when it names nothing.

    Looked for in the parameters and in what AWS answered: by the parameter's name, and by the form of an ARN
    wherever one stands.
    """
    found: dict[str, dict[str, None]] = {}
    of_ca = is_of_ca(record)
    for section in (record.request_parameters, as_mapping(record.raw.get("responseElements"))):
        for name, text in _texts_in(section, ""):
            named = _read(name, text, of_ca=of_ca)
            if named is not None:
                kind, value = named
                values = found.setdefault(kind, {})
                if len(values) < MOST:
                    values[value] = None
    return {kind: list(values) for kind, values in found.items()} or None


def _read(name: str, text: str, *, of_ca: bool) -> tuple[str, str] | None:
    """The kind and normal form of what a parameter names; None for anything else."""
    if (arn := _ARN.fullmatch(text)) is not None:
        return _read_arn(arn)
    kind = PARAMETERS.get(lower_first(name))
    if kind == "certificates" and of_ca:
        kind = "caCertificates"
    return None if kind is None or text.startswith("arn:") else (kind, text)


def _read_arn(arn: re.Match[str]) -> tuple[str, str] | None:
    service, segment, identifier = arn["service"], arn["segment"], arn["id"]
    if service == "iot":
        if segment == "ruledestination":
            return "topicRuleDestinations", arn[0]
        kind = _BY_SEGMENT.get(segment)
        return None if kind is None else (kind, identifier)
    if service == "iam" and segment == "role":
        return "roles", arn[0]
    if service == "greengrass" and segment == "components":
        return "components", identifier.partition(":")[0]
    return None


def _texts_in(value: Any, name: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Every text with the name of its parameter, outside documents."""
    if isinstance(value, str):
        if 0 < len(value) <= _LONGEST and not is_masked(value):
            yield name, value
    elif depth < _DEEPEST:
        if isinstance(value, dict):
            for inner_name, inner in value.items():
                if lower_first(inner_name) not in _DOCUMENTS:
                    yield from _texts_in(inner, inner_name, depth + 1)
        elif isinstance(value, list):
            for inner in value:
                yield from _texts_in(inner, name, depth + 1)
