"""Which resource of AWS IoT Core a call is about: its kind, id and ARN, and its page in the console."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from handlers.core.console import iot_link, partition_of
from handlers.core.record import Record, as_mapping, as_text
from handlers.core.text import is_masked

# A parameter that names a resource: the kind, and what stands before the id in its ARN, None where the id
# alone makes no ARN: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsiot.html
# A call may name several resources; the one that comes first here is what it is about.
_NAMES: Mapping[str, tuple[str, str | None]] = {
    "policyName": ("policy", "policy"),
    "roleAlias": ("role-alias", "rolealias"),
    "authorizerName": ("authorizer", "authorizer"),
    "domainConfigurationName": ("domain-configuration", None),
    "templateName": ("provisioning-template", "provisioningtemplate"),
    "certificateProviderName": ("certificate-provider", "certificateprovider"),
    "ruleName": ("topic-rule", "rule"),
    "otaUpdateId": ("ota-update", "otaupdate"),
    "jobId": ("job", "job"),
    "jobTemplateId": ("job-template", "jobtemplate"),
    "streamId": ("stream", "stream"),
    "packageName": ("package", "package"),
    "commandId": ("command", "command"),
    "securityProfileName": ("security-profile", "securityprofile"),
    "scheduledAuditName": ("scheduled-audit", "scheduledaudit"),
    "metricName": ("metric", None),
    "dimensionName": ("dimension", "dimension"),
    "actionName": ("mitigation-action", "mitigationaction"),
    "thingGroupName": ("thing-group", "thinggroup"),
    "thingGroupArn": ("thing-group", "thinggroup"),
    "billingGroupName": ("billing-group", "billinggroup"),
    "thingName": ("thing", "thing"),
    "thingTypeName": ("thing-type", "thingtype"),
    "certificateId": ("certificate", "cert"),
    "caCertificateId": ("ca-certificate", "cacert"),
    "indexName": ("index", "index"),
}

_RANKS = {name: rank for rank, name in enumerate(_NAMES)}

RESOURCE_KINDS = frozenset(kind for kind, _ in _NAMES.values())
"""Every kind that a resource can be of."""

# Operations whose certificateId is a CA's.
_CA_OPERATIONS = frozenset({"RegisterCACertificate", "UpdateCACertificate", "DeleteCACertificate"})

# What a name says to people. Beginnings of its words, and what stands in it whatever stands between words.
HINTS = {
    "wide-access": (("admin",), ("allowall", "alloweverything", "allowany", "allaccess", "fullaccess")),
    "isolation": (("quarantin", "isolat", "deny", "denied", "blocked", "blocklist", "lockdown"), ()),
}
_TELLING_KINDS = frozenset({"policy", "thing-group"})
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+", re.ASCII)

# What AWS takes as a name or id of these kinds. A hostile one has no page; its link could have any length.
_IDENTIFIER = re.compile(r"[\w+=,.@:-]{1,128}", re.ASCII)

# Kinds whose page in the console is known to be at #/KIND/ID.
_PAGES = {"policy": "policy", "topic-rule": "rule", "thing": "thing", "certificate": "certificate"}


def find_resource(record: Record) -> dict[str, Any] | None:
    """The resource that a call to AWS IoT Core is about: {kind, id, arn?, url?, suggests?}.

    None for other services and for calls that name none. `url` is its page in the console. `suggests` is
    what the name of a policy or thing group tells people: `wide-access`, `isolation`.
    """
    if record.event_source != "iot.amazonaws.com":
        return None
    found = _named(record.request_parameters) or _named(as_mapping(record.raw.get("responseElements")))
    if found is None:
        return None
    parameter, identifier = found
    if parameter == "thingGroupArn":
        identifier = identifier.rpartition("/")[2]
    kind, segment = _NAMES[parameter]
    if kind == "certificate" and is_of_ca(record):
        kind, segment = _NAMES["caCertificateId"]
    resource: dict[str, Any] = {"kind": kind, "id": identifier}
    if segment is not None:
        partition = partition_of(record.region)
        resource["arn"] = f"arn:{partition}:iot:{record.region}:{record.account}:{segment}/{identifier}"
    if kind in _TELLING_KINDS and (hints := _suggests(identifier)):
        resource["suggests"] = list(hints)
    if kind in _PAGES and _IDENTIFIER.fullmatch(identifier):
        resource["url"] = iot_link(record.region, _PAGES[kind], identifier)
    return resource


def is_of_ca(record: Record) -> bool:
    """Whether the certificate that a call names is a CA's."""
    return record.event_name in _CA_OPERATIONS


def describe_groups(record: Record) -> dict[str, list[str]]:
    """What the names of the groups suggest that a thing joins (`added`) and leaves (`removed`)."""
    parameters = record.request_parameters
    lists = {"added": parameters.get("thingGroupsToAdd"), "removed": parameters.get("thingGroupsToRemove")}
    return {
        change: sorted({hint for name in names if isinstance(name, str) for hint in _suggests(name)})
        for change, names in lists.items()
        if isinstance(names, list)
    }


# A fleet's calls name the same few policies and groups again and again.
@lru_cache(maxsize=1024)
def _suggests(name: str) -> tuple[str, ...]:
    words = [word.lower() for word in _WORD.findall(name[:128])]
    joined = "".join(words)
    return tuple(
        hint
        for hint, (beginnings, phrases) in HINTS.items()
        if any(word.startswith(beginnings) for word in words) or any(phrase in joined for phrase in phrases)
    )


def _named(parameters: Mapping[str, Any]) -> tuple[str, str] | None:
    named = [
        name
        for name in parameters
        if name in _RANKS and as_text(parameters[name]) and not is_masked(parameters[name])
    ]
    if not named:
        return None
    first = min(named, key=_RANKS.__getitem__) if len(named) > 1 else named[0]
    return first, parameters[first]
