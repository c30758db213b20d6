"""Facts: what is derived from a record by pure code, so that every judgement stays data.

Patterns see them under `facts` beside the record itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from handlers.core.actors import describe_actor
from handlers.core.allow_lists import EMPTY, AllowLists, find_outside, foreign_accounts, texts_of
from handlers.core.policy import policy_fact, template_fact
from handlers.core.record import Record, as_mapping
from handlers.core.resources import describe_groups, find_resource
from handlers.core.text import MASKS
from handlers.core.topic_rules import describe_topic_rule
from handlers.core.touches import find_touches

_GROUPS = (dict, list)
_DENIALS = ("AccessDenied", "Unauthorized", "NotAuthorized", "Forbidden")


def derive_facts(
    record: Record, allow_lists: AllowLists = EMPTY, needed: Collection[str] | None = None
) -> dict[str, Any]:
    """What rules may look at beyond what CloudTrail wrote.

    `needed` names the facts of `ON_DEMAND` that somebody looks at, None for all.

    - `actor` {kind, id, name, session?, account, console, mfa?, invokedBy?}
    - `failed`, `denied` (refused for want of permission), `omitted` (CloudTrail dropped parameters): booleans
    - `masked`: the names of the parameters that CloudTrail hid (`***`), as the record spells them
    - `resource` {kind, id, arn?, url?, suggests?}, when the call names a resource of AWS IoT Core
    - `policy` {verdicts, risks, why}, when it carries a policy document
    - `template` {verdicts, risks, why, policies}, when it carries a provisioning template
    - `topicRule` {everyMessage, secret}, when it carries a topic rule's SQL
    - `job` {targets (how many), plainHttp}, when it sends a job to devices
    - `thingGroups` {added, removed} (what their names suggest), when a thing changes groups
    - `firmware` {unsigned}, when it carries the files of an update over the air
    - `touches` {certificates, policies, things, …}: lists of what the call names, by whatever parameter
    - `crossAccount` {accounts}, when the parameters name an account that is not ours
    - `outside` {buckets?, domains?}, when they name a bucket or web host that is on no list of ours
    """
    parameters, error = record.request_parameters, record.error_code
    facts: dict[str, Any] = {
        "actor": describe_actor(record, allow_lists.accounts),
        "failed": error is not None,
        "denied": error is not None and any(word in error for word in _DENIALS),
        "omitted": _is_omitted(parameters),
    }
    # As `derive_on_demand`, without a call for each record.
    for name in _DERIVERS if needed is None else needed:
        if fact := _DERIVERS[name](record):
            facts[name] = fact
    texts = texts_of(parameters)
    if foreign := foreign_accounts(texts, record.account, allow_lists):
        facts["crossAccount"] = {"accounts": foreign}
    if outside := find_outside(texts, allow_lists):
        facts["outside"] = outside
    return facts


def derive_on_demand(record: Record, names: Iterable[str]) -> dict[str, Any]:
    """These facts of `ON_DEMAND`, as far as the record has them."""
    return {name: fact for name in names if (fact := _DERIVERS[name](record))}


def _is_omitted(parameters: Mapping[str, Any]) -> bool:
    # CloudTrail drops what is over 100 KB; a policy padded with white space gets there:
    # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
    return parameters.get("omitted") in ("true", True)


def _masked_names(record: Record) -> list[str]:
    # Names, not paths: what an attacker nests would make paths without end.
    found = set()
    pending: list[tuple[str, Any]] = [("", record.request_parameters)]
    while pending:
        name, group = pending.pop()
        items = group.items() if isinstance(group, dict) else [(name, each) for each in group]
        for inner_name, value in items:
            if isinstance(value, str):
                if value in MASKS:
                    found.add(inner_name)
            elif isinstance(value, _GROUPS):
                pending.append((inner_name, value))
    return sorted(found)


def _describe_policy(record: Record) -> dict[str, Any] | None:
    parameters = record.request_parameters
    return policy_fact(parameters["policyDocument"]) if "policyDocument" in parameters else None


def _describe_template(record: Record) -> dict[str, Any] | None:
    parameters = record.request_parameters
    body = parameters.get("templateBody")
    if body is None and "registrationConfig" in parameters:
        body = as_mapping(parameters["registrationConfig"]).get("templateBody")
    return template_fact(body) if body is not None else None


def _describe_job(record: Record) -> dict[str, Any] | None:
    parameters = record.request_parameters
    if "jobId" not in parameters or "targets" not in parameters:
        return None
    targets = parameters["targets"]
    written = {name: parameters[name] for name in ("document", "documentSource") if name in parameters}
    return {
        "targets": len(targets) if isinstance(targets, list) else 1,
        "plainHttp": any("http://" in text.lower() for _, text in texts_of(written)),
    }


def _describe_firmware(record: Record) -> dict[str, bool] | None:
    parameters = record.request_parameters
    if "otaUpdateId" not in parameters or not isinstance(files := parameters.get("files"), list):
        return None
    return {"unsigned": not all(map(_is_signed, files))}


def _is_signed(file: object) -> bool:
    # The three ways to sign: https://docs.aws.amazon.com/iot/latest/apireference/API_CodeSigning.html
    signing = as_mapping(as_mapping(file).get("codeSigning"))
    return any(
        signing.get(way) for way in ("awsSignerJobId", "startSigningJobParameter", "customCodeSigning")
    )


_DERIVERS: Mapping[str, Callable[[Record], Any]] = {
    "masked": _masked_names,
    "resource": find_resource,
    "policy": _describe_policy,
    "template": _describe_template,
    "topicRule": describe_topic_rule,
    "job": _describe_job,
    "thingGroups": describe_groups,
    "firmware": _describe_firmware,
    "touches": find_touches,
}

ON_DEMAND = frozenset(_DERIVERS)
"""The facts that are derived only where somebody needs them; absent where their function finds nothing."""
