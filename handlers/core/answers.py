"""What AWS IoT answers about an alert, in words: what a version newly allows, what hangs on a certificate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from handlers.core.alerts import Answer
from handlers.core.names import shorten
from handlers.core.policy.difference import FREED, MOST_ALLOWANCES, Allowance, added_allowances
from handlers.core.policy.documents import Unreadable, read_document
from handlers.core.policy.templates import named_policies, written_policies
from handlers.core.text import clean, say_count

_MOST_LINES = 5
"""A person reads so many allowances; of the others the number is told."""
_MOST_NAMES = 6

_NOTHING = Answer("Newly allowed", "nothing")

_KINDS = {"cert": "certificate", "thinggroup": "thing group"}
"""What a policy can be attached to, by its part of an ARN; anything else is an identity of Cognito:
https://docs.aws.amazon.com/iot/latest/apireference/API_AttachPolicy.html."""


@dataclass(frozen=True, slots=True)
class Former:
    """The version that another is compared with."""

    version: str
    document: object
    """The policy or template, as JSON text."""
    is_in_force: bool
    """It is the default. Else the other is, and this is the newest beside it: AWS does not say which one was
    the default before.
    """


@dataclass(frozen=True, slots=True)
class Page:
    """The first page of a list."""

    names: Sequence[str]
    is_last: bool


def tell_policy(document: object, former: Former | None, targets: Page) -> tuple[Answer, ...]:
    """What a version of a policy allows that the former did not, and what has the policy."""
    compared = [] if former is None else [(former.document, document)]
    return (*_compare(former, compared), Answer("Attached to", _say_targets(targets)))


def tell_template(body: object, former: Former | None) -> tuple[Answer, ...]:
    """What the policies of a version of a provisioning template allow that those of the former did not, and
    which policies it newly gives by name.
    """
    if former is None:
        return tuple(_compare(None, []))
    try:
        after, given = written_policies(body), named_policies(body)
    except Unreadable:
        return tuple(_compare(former, [(None, None)]))
    try:
        before, given_before = written_policies(former.document), named_policies(former.document)
    except Unreadable:
        before, given_before = {}, frozenset()
    documents = [(before.get(name), document) for name, document in after.items()]
    answers = _compare(former, documents)
    if names := _list(sorted(given - given_before)):
        return (*(each for each in answers if each != _NOTHING), Answer("Newly given policies", names))
    return tuple(answers)


def tell_certificate(things: Page, policies: Page) -> tuple[Answer, ...]:
    """What hangs on a certificate."""
    return (
        Answer("Its things", _list(things.names, are_all=things.is_last) or "none"),
        Answer("Its policies", _list(policies.names, are_all=policies.is_last) or "none"),
    )


def _compare(former: Former | None, documents: Sequence[tuple[object, object]]) -> Iterator[Answer]:
    """What is new in the second document of each pair."""
    if former is None:
        yield Answer("Compared with", "nothing: there is no other version")
        return
    which = "which is in force" if former.is_in_force else "the newest of the others"
    yield Answer("Compared with", f"version {clean(former.version)}, {which}")
    if not all(_is_readable(after) for _, after in documents):
        yield Answer("Newly allowed", "unknown: the document can not be read")
        return
    added = [added_allowances(before, after) for before, after in documents]
    yield from _tell_allowances(added, are_all=all(len(each) < MOST_ALLOWANCES for each in added))


def _is_readable(document: object) -> bool:
    try:
        read_document(document)
    except Unreadable:
        return False
    return True


def _tell_allowances(added: Iterable[Iterable[Allowance]], *, are_all: bool) -> Iterator[Answer]:
    lines = list(_group(one for each in added for one in each))
    if not lines:
        yield _NOTHING
    yield from lines[:_MOST_LINES]
    more = max(0, len(lines) - _MOST_LINES)
    if not are_all:
        yield Answer("And", f"at least {more + 1:,} more")
    elif more:
        yield Answer("And", f"{more:,} more")


def _group(added: Iterable[Allowance]) -> Iterator[Answer]:
    """Allowances in words: those that differ in the action alone, or in the resource alone, are one."""
    resources: dict[tuple[bool, bool, str], set[str]] = {}
    for each in added:
        resources.setdefault((each.why == FREED, each.conditional, each.action), set()).add(each.resource)
    actions: dict[tuple[bool, bool, tuple[str, ...]], set[str]] = {}
    for (freed, conditional, action), names in resources.items():
        actions.setdefault((freed, conditional, tuple(sorted(names))), set()).add(action)
    # What holds for everything and without conditions has to be read first.
    for freed, conditional, on in sorted(
        actions, key=lambda one: (one[1], "*" not in one[2], one[2], one[0])
    ):
        what = _list(sorted(actions[freed, conditional, on]))
        where = "every resource" if "*" in on else _list(map(_without_account, on))
        under = ", under conditions" if conditional else ""
        yield Answer("No longer denied" if freed else "Newly allowed", f"{what} on {where}{under}")


def _without_account(resource: str) -> str:
    """`topic/pumps/*` of an ARN: what comes before is the same for all of an account."""
    return resource.split(":", 5)[-1] if resource.startswith("arn:") else resource


def _say_targets(targets: Page) -> str:
    if not targets.names:
        return "nothing"
    kinds = Counter(_kind_of(target) for target in targets.names)
    counted = ", ".join(say_count(number, kind) for kind, number in kinds.most_common())
    return counted if targets.is_last else f"at least {counted}"


def _kind_of(target: str) -> str:
    return _KINDS.get(target.rpartition(":")[2].partition("/")[0], "Cognito ID")


def _list(names: Iterable[str], *, are_all: bool = True) -> str:
    """The first few names, and how many more; empty where there is none."""
    short = [clean(shorten(name)) for name in names]
    listed = ", ".join(short[:_MOST_NAMES])
    more = max(0, len(short) - _MOST_NAMES)
    if not are_all:
        return f"{listed} and at least {more + 1:,} more"
    return f"{listed} and {more:,} more" if more else listed
