"""Suppressions and known automation that reach too far: those that name nobody and nothing in particular.

Region, user agent and outcome do not narrow a suppression: whatever happens there is silenced all the same.
So they are left out, and what is left is tried on ordinary calls by several callers, one for each operation
of the catalog. A pattern that matches nearly all of a severity, or of a service, is too broad.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from handlers.core.facts import derive_facts
from handlers.core.operations import split_operation
from handlers.core.patterns import Field, Nodes, alternatives_of, compile_nodes, compile_pattern, read_pattern
from handlers.core.record import parse_record
from handlers.core.resources import RESOURCE_KINDS
from handlers.core.severity import Severity
from rulebook.catalog import Entry
from rulebook.services import SERVICES
from rulebook.validation import is_sound

# What a suppression may name to be narrow: the operation, who called, from which address, on what.
_NARROWING = (
    *("eventName", "requestParameters", "responseElements", "resources", "sourceIPAddress"),
    *("userIdentity.arn", "userIdentity.principalId", "userIdentity.userName", "userIdentity.sessionContext"),
    *("userIdentity.onBehalfOf", "userIdentity.accessKeyId", "userIdentity.invokedBy"),
    *("facts.actor.id", "facts.actor.name", "facts.actor.session", "facts.resource", "facts.policy"),
    *("facts.template", "facts.topicRule", "facts.job", "facts.firmware", "facts.thingGroups"),
    *("facts.crossAccount", "facts.outside", "finding.rule", "finding.category"),
)
# What these are in ordinary calls: a condition that all of them meet names none of them.
_ORDINARY = {
    "facts.resource.id": ("Lamp.7", "7a1f" * 16),
    "facts.resource.arn": ("arn:aws:iot:eu-west-1:1:thing/x", "arn:aws:iot:us-east-1:2:cert/y"),
    "facts.resource.kind": tuple(sorted(RESOURCE_KINDS)),
}
_ACCOUNT = re.compile(r"[0-9]{12}")
_OURS = "111111111111"
# So unlike that a pattern which all of them match names nobody.
_ORDINARY_NAMES = ("deploy-7", "Zx_Operator", "team.blue@corp", "qa=nightly,run")
_ORDINARY_ADDRESSES = ("203.0.113.77", "198.51.100.9", "192.0.2.130", "18.66.1.9")
_NEARLY_ALL = 0.9
_MANY = 10
"""Of a service with fewer operations, somebody may well name all."""

_Operation = tuple[str, str, str | None, frozenset[Severity]]
"""Its name, category, subject, and the severities that it can be of."""
_Predicate = Callable[[Mapping[str, Any]], bool]


def silenced_by(pattern: object, catalog: Mapping[str, Entry]) -> str | None:
    """What a pattern would silence whole, in words; None for a pattern that is narrow or not sound."""
    if not is_sound(pattern):
        return None
    matches = _any_branch(_at_home(pattern))
    operations = tuple((name, entry.category, entry.subject, entry.reach) for name, entry in catalog.items())
    ways = _calls(operations)
    found = {each for each in Severity if any(_nearly_all(way.get(each, ()), matches) for way in ways)}
    if len(found) == len(Severity):
        return "everything within its reach"
    if found:
        return "every finding that is " + " or ".join(each.value for each in sorted(found, reverse=True))
    services = [name for name in SERVICES if any(_whole_service(way.get(name, ()), matches) for way in ways)]
    return f"everything of {' and '.join(services)}" if services else None


_Call = tuple[Mapping[str, Any], ...]
"""One call as patterns see it, by each of several people."""


def _nearly_all(calls: Sequence[_Call], matches: _Predicate) -> bool:
    may_miss = int(len(calls) * (1 - _NEARLY_ALL))
    for views in calls:
        if not all(map(matches, views)):
            may_miss -= 1
            if may_miss < 0:
                return False
    return bool(calls)


def _whole_service(calls: Sequence[_Call], matches: _Predicate) -> bool:
    return len(calls) >= _MANY and _nearly_all(calls, matches)


@cache
def _calls(operations: tuple[_Operation, ...]) -> tuple[Mapping[Severity | str, Sequence[_Call]], ...]:
    """For each way in which a record may come, a call of each operation: by the severities that it can be
    of, and by its service.
    """
    ways = []
    for identify, answer in ((_role, None), (_role, {"version": 1}), (_role_with_mfa, None), (_user, None)):
        groups: dict[Severity | str, list[_Call]] = {}
        for operation in operations:
            people = range(len(_ORDINARY_NAMES))
            call = tuple(_view(operation, identify(person), answer, person) for person in people)
            name, _, _, severities = operation
            of: list[Severity | str] = [*severities, split_operation(name)[0]]
            for group in of:
                groups.setdefault(group, []).append(call)
        ways.append(groups)
    return tuple(ways)


def _at_home(pattern: Any) -> Any:
    """The pattern with every account in it replaced by the one in which the ordinary calls are made."""
    return json.loads(_ACCOUNT.sub(_OURS, json.dumps(pattern)))


def _role(person: int, mfa: str = "false") -> dict[str, Any]:
    name = _ORDINARY_NAMES[person]
    role = f"arn:aws:iam::{_OURS}:role/{name}"
    issuer = {"type": "Role", "arn": role, "accountId": _OURS, "userName": name}
    return {
        "type": "AssumedRole",
        "principalId": f"AROA{person}:session-of-{name}",
        "arn": f"arn:aws:sts::{_OURS}:assumed-role/{name}/session-of-{name}",
        "accountId": _OURS,
        "accessKeyId": f"ASIA{person}",
        "sessionContext": {
            "sessionIssuer": {**issuer, "principalId": f"AROA{person}"},
            "attributes": {"mfaAuthenticated": mfa, "creationDate": "2026-01-01T00:00:00Z"},
        },
    }


def _role_with_mfa(person: int) -> dict[str, Any]:
    return _role(person, mfa="true")


def _user(person: int) -> dict[str, Any]:
    name = _ORDINARY_NAMES[person]
    return {
        "type": "IAMUser",
        "principalId": f"AIDA{person}",
        "arn": f"arn:aws:iam::{_OURS}:user/{name}",
        "accountId": _OURS,
        "accessKeyId": f"AKIA{person}",
        "userName": name,
    }


def _view(operation: _Operation, identity: Mapping[str, Any], answer: object, person: int) -> dict[str, Any]:
    called, category, subject, _ = operation
    prefix, name = split_operation(called)
    record: dict[str, Any] = {
        "eventName": name,
        "eventSource": SERVICES[prefix].event_sources[0],
        "eventTime": "2026-01-01T00:00:00Z",
        "eventID": "an-ordinary-id",
        "awsRegion": "eu-west-1",
        "recipientAccountId": identity["accountId"],
        "sourceIPAddress": _ORDINARY_ADDRESSES[person],
        "userIdentity": identity,
        "requestParameters": _parameters(subject, _ORDINARY_NAMES[person]),
        "responseElements": answer,
    }
    facts = derive_facts(parse_record(record))
    return {**record, "facts": facts, "finding": {"rule": [called], "category": category}}


def _parameters(subject: str | None, value: str) -> dict[str, Any]:
    section, *names = (subject or "").split(".")
    if section != "requestParameters":
        return {}
    found: Any = value
    for name in reversed(names):
        found = {name: found}
    return dict(found)


def _any_branch(pattern: Mapping[str, Any]) -> _Predicate:
    """Whether one of the alternatives of a pattern matches, each with nothing but what narrows it."""
    branches = [_narrowing(fields.values()) for fields in alternatives_of(read_pattern(pattern))]
    predicates = [compile_nodes(branch) if branch else _always for branch in branches]
    return lambda view: any(matches(view) for matches in predicates)


def _always(_: Mapping[str, Any]) -> bool:
    return True


def _narrowing(fields: Iterable[Field]) -> Nodes:
    return tuple(each for each in fields if _narrows(".".join(each.path), each.values))


def _narrows(path: str, values: Any) -> bool:
    if not any(path == each or path.startswith(f"{each}.") for each in _NARROWING):
        return False
    ordinary = _ORDINARY.get(path)
    matches = compile_pattern({"value": values})
    return ordinary is None or not all(matches({"value": each}) for each in ordinary)
