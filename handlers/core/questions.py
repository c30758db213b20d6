"""What is worth asking AWS IoT before an alert is sent, because the call itself does not tell it.

`deliver` asks, and `answers` says in words what came of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from handlers.core.alerts import Question
from handlers.core.operations import is_read
from handlers.core.record import Record, as_text
from handlers.core.subjects import find_value

OPERATIONS: Mapping[str, str | None] = {
    "iot:ListPolicyVersions": "policy",
    "iot:GetPolicyVersion": "policy",
    "iot:ListTargetsForPolicy": "policy",
    "iot:ListProvisioningTemplateVersions": "provisioningtemplate",
    "iot:DescribeProvisioningTemplateVersion": "provisioningtemplate",
    "iot:ListPrincipalThings": None,
    "iot:ListAttachedPolicies": None,
}
"""What `deliver` calls to find answers, and the kind of resource that IAM grants it on. None where IAM knows
none: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsiot.html."""

# What makes or chooses a version: of what, and the parameters that name it and its version.
_VERSIONS: Mapping[str, tuple[Literal["policy", "template"], str, str]] = {
    "CreatePolicyVersion": ("policy", "policyName", "policyVersionId"),
    "SetDefaultPolicyVersion": ("policy", "policyName", "policyVersionId"),
    "CreateProvisioningTemplateVersion": ("template", "templateName", "versionId"),
    "UpdateProvisioningTemplate": ("template", "templateName", "defaultVersionId"),
}

# What AWS takes, so that nothing else of an event gets into a call of ours:
# https://docs.aws.amazon.com/iot/latest/apireference/API_GetPolicyVersion.html
_NAME = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)
_VERSION = re.compile(r"[0-9]{1,9}", re.ASCII)
_CERTIFICATE = re.compile(r"arn:aws[a-z-]{0,20}:iot:[a-z0-9-]{1,30}:[0-9]{12}:cert/[0-9a-fA-F]{64}", re.ASCII)
# Nothing is on a certificate yet that the call made, and none is left of one that it deletes.
_NOTHING_TO_ASK = ("Create", "Register", "Delete")


def find_question(record: Record, resource: Mapping[str, Any]) -> Question | None:
    """What to ask about a call to AWS IoT Core that succeeded; `resource` is as `find_resource` says.

    Of a new or newly chosen version of a policy or template: that version. Of a certificate that the call
    names: the certificate. None where there is nothing to ask.
    """
    if record.event_source != "iot.amazonaws.com" or record.error_code or is_read(record.event_name):
        return None
    if record.event_name in _VERSIONS:
        about, *parameters = _VERSIONS[record.event_name]
        name, version = (find_value(record, each) or "" for each in parameters)
        if not _NAME.fullmatch(name) or not _VERSION.fullmatch(version):
            return None
        return Question(about, name, version)
    if record.event_name.startswith(_NOTHING_TO_ASK):
        return None
    named = next((arn for arn in _certificates(record, resource) if _CERTIFICATE.fullmatch(arn)), None)
    return None if named is None else Question("certificate", named)


def _certificates(record: Record, resource: Mapping[str, Any]) -> Iterator[str]:
    if resource.get("kind") == "certificate":
        yield resource["arn"]
    for parameter in ("target", "principal"):
        yield as_text(record.request_parameters.get(parameter))
