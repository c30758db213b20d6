"""What a call names, by whatever parameter, in one form each: so that a group follows a certificate, a policy
or a role through different operations.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
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
    "deviceCertificateId": "certificates",
    "coreDeviceThingName": "things",
    "parentGroupName": "thingGroups",
    "thingGroupNames": "thingGroups",
    "thingGroupsToAdd": "thingGroups",
    "thingGroupsToRemove": "thingGroups",
    "awsIotJobId": "jobs",
    "iotJobId": "jobs",
}
"""Parameters whose text, or each text of whose list, is the id itself, by name, and the kind."""

_OF_CA = {**PARAMETERS, "certificateId": "caCertificates"}

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
    "tunnel": "tunnels",
}
_ARN = re.compile(
    r"arn:aws[a-z-]{0,20}:(?P<service>[a-z0-9]{1,30}):[a-z0-9-]{0,30}:[0-9]{0,12}:"
    r"(?P<segment>[A-Za-z]{1,30})[/:](?P<id>[^*?]{1,500})",
    re.ASCII,
)
NOT_LOOKED_INTO = frozenset(
    {"policyDocument", "templateBody", "document", "documentParameters", "inlineRecipe", "tags", "attributes"}
)
"""Documents name what they allow, tags and attributes what people write on things; a call touches neither."""

_Found = dict[str, dict[str, None]]


def find_touches(record: Record) -> dict[str, list[str]] | None:
    """What a call names: by kind, in the order of the record, each once. None when it names nothing.

    Looked for in the parameters and in what AWS answered: by the parameter's name, and by the form of an ARN
    wherever one stands.
    """
    found: _Found = {}
    parameters = _OF_CA if is_of_ca(record) else PARAMETERS
    _look_into(record.request_parameters, found, parameters, 1)
    if answer := record.raw.get("responseElements"):
        _look_into(as_mapping(answer), found, parameters, 1)
    return {kind: list(values) for kind, values in found.items()} if found else None


def _look_into(group: Mapping[str, Any], found: _Found, parameters: Mapping[str, str], depth: int) -> None:
    for written, value in group.items():
        name = lower_first(written) if written[:1].isupper() else written
        if isinstance(value, str):
            _read(name, value, found, parameters)
        elif depth < _DEEPEST and name not in NOT_LOOKED_INTO:
            if isinstance(value, dict):
                _look_into(value, found, parameters, depth + 1)
            elif isinstance(value, list):
                _look_through(name, value, found, parameters, depth + 1)


def _look_through(
    name: str, values: list[Any], found: _Found, parameters: Mapping[str, str], depth: int
) -> None:
    """Each text of a list stands under the list's name."""
    for value in values:
        if isinstance(value, str):
            _read(name, value, found, parameters)
        elif depth < _DEEPEST:
            if isinstance(value, dict):
                _look_into(value, found, parameters, depth + 1)
            elif isinstance(value, list):
                _look_through(name, value, found, parameters, depth + 1)


def _read(name: str, text: str, found: _Found, parameters: Mapping[str, str]) -> None:
    """Note what a parameter names, in its normal form, if it names anything."""
    if not text or len(text) > _LONGEST or is_masked(text):
        return
    if text.startswith("arn:") and (arn := _ARN.fullmatch(text)) is not None:
        kind, value = _read_arn(arn)
    else:
        kind, value = parameters.get(name), text
    if kind is not None:
        values = found.setdefault(kind, {})
        if len(values) < MOST:
            values[value] = None


def _read_arn(arn: re.Match[str]) -> tuple[str | None, str]:
    service, segment, identifier = arn["service"], arn["segment"], arn["id"]
    if service == "iot":
        if segment == "ruledestination":
            return "topicRuleDestinations", arn[0]
        return _BY_SEGMENT.get(segment), identifier
    if service == "iam" and segment == "role":
        return "roles", arn[0]
    if service == "greengrass" and segment == "components":
        return "components", identifier.partition(":")[0]
    return None, identifier
