"""Suppressions and known automation that reach too far: those that name nobody and nothing in particular.

Conditions on where a call was made, with which program and with what result narrow nothing: whatever happens
there is silenced all the same. So they are left out, and what is left is tried on ordinary calls by several
callers, one for each operation of the catalog. A pattern that matches nearly all of a severity, or of a
service, is broad.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from handlers.core.facts import derive_facts
from handlers.core.patterns import PatternError, compile_pattern
from handlers.core.record import parse_record
from handlers.core.resources import RESOURCE_KINDS
from handlers.core.severity import Severity
from rulebook.catalog import Entry
from rulebook.services import SERVICES

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
_SOMEBODY = "111111111111"
# So unlike that a pattern which all of them match names nobody.
_ORDINARY_NAMES = ("deploy-7", "Zx_Operator", "team.blue@corp", "qa=nightly,run")
_ORDINARY_ADDRESSES = ("203.0.113.77", "198.51.100.9", "192.0.2.130", "18.66.1.9")
_MOST_ACCOUNTS = 10
_NEARLY_ALL = 0.9
_MANY = 10
"""Of a service with fewer operations, somebody may well name all."""

_Operation = tuple[str, str, str | None, frozenset[Severity]]
"""Its name, category, subject, and the severities that it can be of."""
_Predicate = Callable[[Mapping[str, Any]], bool]


def silenced_by(pattern: object, catalog: Mapping[str, Entry]) -> str | None:
    """What a pattern would silence whole, in words; None for a pattern that is narrow or not sound."""
    try:
        compile_pattern(pattern)  # type: ignore[arg-type]  # raises for anything but a mapping
    except PatternError:
        return None
    matches = _any_branch(pattern)
    operations = tuple(
        (
            name,
            entry.category,
            entry.subject,
            frozenset({entry.severity, *(each.to for each in entry.escalate)}),
        )
        for name, entry in catalog.items()
    )
    # Enough of them to find a pattern that is broad in one: a list of thousands names them one by one.
    accounts = sorted({_SOMEBODY, *_ACCOUNT.findall(str(pattern))})[:_MOST_ACCOUNTS]
    calls = [group for account in accounts for group in _calls(operations, account)]
    found = {severity for group in calls for severity in Severity if _nearly_all(group, severity, matches)}
    if len(found) == len(Severity):
        return "everything within its reach, whoever does it"
    if found:
        return "every finding that is " + " or ".join(each.value for each in sorted(found, reverse=True))
    services = [name for name in SERVICES if any(_nearly_all(group, name, matches) for group in calls)]
    return f"everything of {' and '.join(services)}" if services else None


def _reach(entry: Entry) -> frozenset[Severity]:
    """The severities that an operation can be of, by itself or raised by its parameters."""
    return frozenset({entry.severity, *(each.to for each in entry.escalate)})


class _Call:
    """One ordinary call, by several people: what patterns see of it, and the groups that it stands for."""

    def __init__(self, views: tuple[Mapping[str, Any], ...], groups: frozenset[Severity | str]) -> None:
        self.views = views
        self.groups = groups


def _nearly_all(calls: Iterable[_Call], group: Severity | str, matches: _Predicate) -> bool:
    concerned = [call for call in calls if group in call.groups]
    if isinstance(group, str) and len(concerned) < _MANY:
        return False
    may_miss = int(len(concerned) * (1 - _NEARLY_ALL))
    for call in concerned:
        if not all(map(matches, call.views)):
            may_miss -= 1
            if may_miss < 0:
                return False
    return bool(concerned)


@cache
def _calls(operations: tuple[_Operation, ...], account: str) -> tuple[tuple[_Call, ...], ...]:
    """Each operation once, for each way in which a record may come: callers, and whether AWS answered."""
    return tuple(
        tuple(
            _Call(
                tuple(
                    _view(operation, identify(account, person), answer, person)
                    for person in range(len(_ORDINARY_NAMES))
                ),
                frozenset({*operation[3], operation[0].partition(":")[0]}),
            )
            for operation in operations
        )
        for identify in (_role, _role_with_mfa, _user)
        for answer in (None, {"version": 1})
    )


def _role(account: str, person: int, mfa: str = "false") -> dict[str, Any]:
    name = _ORDINARY_NAMES[person]
    role = f"arn:aws:iam::{account}:role/{name}"
    issuer = {"type": "Role", "arn": role, "accountId": account, "userName": name}
    return {
        "type": "AssumedRole",
        "principalId": f"AROA{person}:session-of-{name}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{name}/session-of-{name}",
        "accountId": account,
        "accessKeyId": f"ASIA{person}",
        "sessionContext": {
            "sessionIssuer": {**issuer, "principalId": f"AROA{person}"},
            "attributes": {"mfaAuthenticated": mfa, "creationDate": "2026-01-01T00:00:00Z"},
        },
    }


def _role_with_mfa(account: str, person: int) -> dict[str, Any]:
    return _role(account, person, mfa="true")


def _user(account: str, person: int) -> dict[str, Any]:
    name = _ORDINARY_NAMES[person]
    return {
        "type": "IAMUser",
        "principalId": f"AIDA{person}",
        "arn": f"arn:aws:iam::{account}:user/{name}",
        "accountId": account,
        "accessKeyId": f"AKIA{person}",
        "userName": name,
    }


def _view(operation: _Operation, identity: Mapping[str, Any], answer: object, person: int) -> dict[str, Any]:
    called, category, subject, _ = operation
    prefix, _, name = called.partition(":")
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


def _any_branch(pattern: Any) -> _Predicate:
    """Whether one of the alternatives of a pattern matches, each with nothing but what narrows it."""
    branches = [compile_pattern(branch) if branch else _always for branch in _flat(pattern, "")]
    return lambda view: any(matches(view) for matches in branches)


def _always(_: Mapping[str, Any]) -> bool:
    return True


def _flat(pattern: Mapping[str, Any], path: str) -> Iterator[dict[str, Any]]:
    found: list[dict[str, Any]] = [{}]
    for key, value in pattern.items():
        here = path if key == "$or" else f"{path}{key}"
        if key == "$or":
            alternatives = [each for branch in value for each in _flat(branch, path)]
        elif isinstance(value, Mapping):
            alternatives = list(_flat(value, f"{here}."))
        else:
            alternatives = [{here: value} if _narrows(here, value) else {}]
        found = [{**one, **other} for one in found for other in alternatives]
    yield from found


def _narrows(path: str, values: Any) -> bool:
    if not any(path == each or path.startswith(f"{each}.") for each in _NARROWING):
        return False
    ordinary = _ORDINARY.get(path)
    matches = compile_pattern({"value": values})
    return ordinary is None or not all(matches({"value": each}) for each in ordinary)
