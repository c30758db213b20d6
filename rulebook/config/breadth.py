"""Suppressions and known automation that reach too far: those that name nobody and nothing in particular.

Conditions on where a call was made, with which program and with what result narrow nothing: whatever happens
there is silenced all the same. So they are left out, and what is left is tried on calls of an ordinary
caller, one for each operation of the catalog. A pattern that matches all of a severity is broad.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from handlers.core.patterns import PatternError, compile_pattern
from handlers.core.severity import Severity
from rulebook.catalog import Entry
from rulebook.services import SERVICES

# What a suppression may name to be narrow: the operation, who called, from which address, on what.
_NARROWING = (
    *("eventName", "requestParameters", "responseElements", "resources", "sourceIPAddress"),
    *("userIdentity.arn", "userIdentity.principalId", "userIdentity.userName", "userIdentity.sessionContext"),
    *("userIdentity.onBehalfOf", "userIdentity.accessKeyId", "userIdentity.invokedBy"),
    *("facts.actor.id", "facts.actor.name", "facts.actor.session", "facts.resource.id", "facts.resource.arn"),
    *(
        "facts.policy",
        "facts.template",
        "facts.topicRule",
        "facts.job",
        "facts.firmware",
        "facts.thingGroups",
    ),
    *("facts.crossAccount", "facts.outside", "facts.resource.suggests", "facts.resource.kind"),
    *("finding.rule", "finding.category"),
)
_ACCOUNT = re.compile(r"[0-9]{12}")


def silenced_by(pattern: object, catalog: Mapping[str, Entry]) -> str | None:
    """What a pattern would silence whole, in words; None for a pattern that is narrow or not sound."""
    try:
        compile_pattern(pattern)  # type: ignore[arg-type]  # raises for anything but a mapping
    except PatternError:
        return None
    accounts = sorted({"111111111111", *_ACCOUNT.findall(str(pattern))})
    silenced = [_of_branch(branch, catalog, accounts) for branch in _branches(pattern)]
    found = {severity for each in silenced for severity in each}
    if not found:
        return None
    if len(found) == len(Severity):
        return "everything within its reach, whoever does it"
    return "every finding that is " + " or ".join(each.value for each in sorted(found, reverse=True))


def _of_branch(branch: Mapping[str, Any], catalog: Mapping[str, Entry], accounts: list[str]) -> set[Severity]:
    """The severities of which every ordinary call matches."""
    if not branch:
        return set(Severity)
    matches = compile_pattern(branch)
    return {
        severity
        for severity, entries in _by_severity(catalog).items()
        for account in accounts
        for kind in ("role", "user")
        if all(matches(_ordinary(operation, entry, account, kind)) for operation, entry in entries)
    }


def _by_severity(catalog: Mapping[str, Entry]) -> dict[Severity, list[tuple[str, Entry]]]:
    """The operations that can be of each severity, by themselves or raised by their parameters."""
    found: dict[Severity, list[tuple[str, Entry]]] = {severity: [] for severity in Severity}
    for operation, entry in catalog.items():
        for severity in {entry.severity, *(each.to for each in entry.escalate)}:
            found[severity].append((operation, entry))
    return {severity: entries for severity, entries in found.items() if entries}


def _ordinary(operation: str, entry: Entry, account: str, kind: str) -> dict[str, Any]:
    prefix, _, name = operation.partition(":")
    arn = f"arn:aws:iam::{account}:{kind}/an-ordinary-name"
    return {
        "eventName": name,
        "eventSource": SERVICES[prefix].event_sources[0],
        "sourceIPAddress": "203.0.113.77",
        "userIdentity": {"arn": arn, "principalId": "AROAORDINARY", "userName": "an-ordinary-name"},
        "facts": {"actor": {"id": arn, "name": "an-ordinary-name", "session": "an-ordinary-session"}},
        "finding": {"rule": [operation], "category": entry.category},
    }


def _branches(pattern: Any) -> Iterator[dict[str, Any]]:
    """The alternatives of a pattern, each with nothing but what narrows it."""
    yield from _flat(pattern, "")


def _flat(pattern: Mapping[str, Any], path: str) -> Iterator[dict[str, Any]]:
    found: list[dict[str, Any]] = [{}]
    for key, value in pattern.items():
        here = path if key == "$or" else f"{path}{key}"
        if key == "$or":
            alternatives = [each for branch in value for each in _flat(branch, path)]
        elif isinstance(value, Mapping):
            alternatives = list(_flat(value, f"{here}."))
        else:
            alternatives = [{here: value} if _narrows(here) else {}]
        found = [{**one, **other} for one in found for other in alternatives]
    yield from found


def _narrows(path: str) -> bool:
    return any(path == each or path.startswith(f"{each}.") for each in _NARROWING)
