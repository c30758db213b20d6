"""Facts: what is derived from a record by pure code, so that every judgement stays data.

Patterns see them under `facts` beside the record itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handlers.core.actors import describe_actor
from handlers.core.ownership import NOTHING, Own, find_outside, foreign_accounts, texts_of
from handlers.core.policy import policy_fact, template_fact
from handlers.core.record import MASKS, Record, as_mapping
from handlers.core.resources import describe_groups, find_resource
from handlers.core.topic_rules import describe_topic_rule

_DENIALS = ("AccessDenied", "Unauthorized", "NotAuthorized", "Forbidden")


def derive_facts(record: Record, own: Own = NOTHING) -> dict[str, Any]:
    """Everything the rules may ask of a record beyond what CloudTrail wrote; `own` is what belongs to us.

    - `actor` {kind, id, name, session?, account, console, mfa?}
    - `failed`, `denied` (refused for want of permission), `omitted` (CloudTrail dropped parameters): booleans
    - `masked`: the names of the parameters that CloudTrail hid (`***`), as the record spells them
    - `resource` {kind, id, arn?, url?, suggests?}, when the call names a resource of AWS IoT Core
    - `policy` {verdicts, risks, why}, when it carries a policy document
    - `template` {verdicts, risks, why, policies}, when it carries a provisioning template
    - `topicRule` {everyMessage, secret}, when it carries a topic rule's SQL
    - `job` {targets (how many), plainHttp}, when it sends a job to devices
    - `thingGroups` {added, removed} (what their names suggest), when a thing changes groups
    - `firmware` {unsigned}, when it carries the files of an update over the air
    - `crossAccount` {accounts}, when the parameters name an account that is not ours
    - `outside` {buckets?, domains?}, when they name a bucket or web host that is on no list of ours
    """
    parameters = record.request_parameters
    error = record.error_code
    facts: dict[str, Any] = {
        "actor": describe_actor(record, own.accounts),
        "failed": error is not None,
        "denied": error is not None and any(word in error for word in _DENIALS),
        **_describe_gaps(parameters),
    }
    if (resource := find_resource(record)) is not None:
        facts["resource"] = resource
    if "policyDocument" in parameters:
        facts["policy"] = policy_fact(parameters["policyDocument"])
    if (template := _template_body(parameters)) is not None:
        facts["template"] = template_fact(template)
    if (topic_rule := describe_topic_rule(parameters)) is not None:
        facts["topicRule"] = topic_rule
    if "jobId" in parameters and "targets" in parameters:
        facts["job"] = _describe_job(parameters)
    if groups := describe_groups(parameters):
        facts["thingGroups"] = groups
    if "otaUpdateId" in parameters and isinstance(parameters.get("files"), list):
        facts["firmware"] = {"unsigned": not all(map(_is_signed, parameters["files"]))}
    texts = tuple(texts_of(parameters))
    if foreign := foreign_accounts(texts, record.account, own):
        facts["crossAccount"] = {"accounts": foreign}
    if outside := find_outside(texts, own):
        facts["outside"] = outside
    return facts


def _describe_gaps(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What CloudTrail did not record of the parameters: {omitted, masked?}."""
    # It drops what is over 100 KB; a policy padded with white space gets there:
    # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
    omitted = parameters.get("omitted") in ("true", True)
    masked = _masked_names(parameters)
    return {"omitted": omitted, "masked": masked} if masked else {"omitted": omitted}


def _masked_names(parameters: Mapping[str, Any]) -> list[str]:
    # Names, not paths: what an attacker nests would make paths without end.
    found = set()
    pending: list[tuple[str, Any]] = [("", parameters)]
    while pending:
        name, group = pending.pop()
        items = group.items() if isinstance(group, dict) else [(name, each) for each in group]
        for inner_name, value in items:
            if isinstance(value, str):
                if value in MASKS:
                    found.add(inner_name)
            elif isinstance(value, dict | list):
                pending.append((inner_name, value))
    return sorted(found)


def _describe_job(parameters: Mapping[str, Any]) -> dict[str, Any]:
    targets = parameters["targets"]
    written = {name: parameters[name] for name in ("document", "documentSource") if name in parameters}
    return {
        "targets": len(targets) if isinstance(targets, list) else 1,
        "plainHttp": any("http://" in text.lower() for _, text in texts_of(written)),
    }


def _is_signed(file: object) -> bool:
    # The three ways to sign: https://docs.aws.amazon.com/iot/latest/apireference/API_CodeSigning.html
    signing = as_mapping(as_mapping(file).get("codeSigning"))
    return any(
        signing.get(way) for way in ("awsSignerJobId", "startSigningJobParameter", "customCodeSigning")
    )


def _template_body(parameters: Mapping[str, Any]) -> object:
    if "templateBody" in parameters:
        return parameters["templateBody"]
    return as_mapping(parameters.get("registrationConfig")).get("templateBody")
