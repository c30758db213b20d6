"""Titles of rules: how catalog and config write them, and what is said of a call that failed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from handlers.core.templates import names_in_title
from rulebook.validation import Text, without

LONGEST = 7
"""Words of a title. With the actor, and as `Tried to …`, it has ten: so many a locked phone shows."""

UNNAMED = "{operation} called [on {subject}]"
"""The title of an operation of which nothing better is known."""

# How people say that it is done: the verbs of AWS's operations, and some that read better.
_PARTICIPLES = {
    "accept": "accepted", "activate": "activated", "add": "added", "associate": "associated",
    "attach": "attached", "call": "called", "cancel": "cancelled", "change": "changed", "check": "checked",
    "claim": "claimed", "clear": "cleared", "close": "closed", "configure": "configured",
    "confirm": "confirmed", "create": "created", "delete": "deleted", "deploy": "deployed",
    "deprecate": "deprecated", "deregister": "deregistered", "describe": "described", "detach": "detached",
    "disable": "disabled", "disassociate": "disassociated", "enable": "enabled", "execute": "executed",
    "give": "given", "import": "imported", "invoke": "invoked", "issue": "issued", "link": "linked",
    "make": "made", "mark": "marked", "move": "moved", "offer": "offered", "open": "opened",
    "provision": "provisioned", "publish": "published", "put": "set", "register": "registered",
    "reject": "rejected", "remove": "removed", "replace": "replaced", "reset": "reset", "resume": "resumed",
    "revoke": "revoked", "rotate": "rotated", "search": "searched", "send": "sent",
    "set": "set", "silence": "silenced", "start": "started", "stop": "stopped", "suppress": "suppressed",
    "suspend": "suspended", "switch": "switched", "tag": "tagged", "take": "taken", "test": "tested",
    "transfer": "transferred", "turn": "turned", "untag": "untagged", "update": "changed",
    "validate": "checked", "write": "written",
}  # fmt: skip
_APIS_WORDS = ("put", "update", "validate")
"""Verbs of operations for which people say another: a policy is changed, not updated."""
_VERBS = {
    "put": "put",
    **{participle: verb for verb, participle in _PARTICIPLES.items() if verb not in _APIS_WORDS},
}

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_BREAKS = frozenset({"With", "From", "To", "For", "On", "In", "As", "By"})
_NAME = re.compile(r"\{[^{}]*\}")


def _title_fault(title: str) -> str | None:
    if not title[:1].isupper() and not title.startswith("{"):
        return "begin it with a capital letter"
    plain = title
    for name in names_in_title(title):
        plain = plain.replace(f"{{{name}}}", "", 1)
    if re.search(r"[{}]", plain):
        return "write a value as `{policyName}`: the name of a parameter, or `{subject}`"
    if plain.count("[") != plain.count("]") or re.search(r"\[[^\[\]]*\[|\]{2}", plain):
        return "write what is left out with its value as `[to {target}]`"
    if count_words(title) > LONGEST:
        return f"has {count_words(title)} words; {LONGEST} are the most, for a phone shows no more"
    return None


Title = Annotated[Text, without(_title_fault)]
"""What a call did to what: `Policy {policyName} attached [to {target}]`; see `handlers.core.templates`."""

OF_WINDOWS = ("count", "within", "subject")
"""The values that the title of a rule over time may show."""


def windowed_title_fault(title: str) -> str | None:
    """What is wrong with the title of a rule over time, beyond what is wrong with any title."""
    if wrong := [name for name in names_in_title(title) if name not in OF_WINDOWS]:
        return f"`{{{wrong[0]}}}` is of one call; a rule over time has {', '.join(OF_WINDOWS)}"
    return None


WindowedTitle = Annotated[Title, without(windowed_title_fault)]
"""What the calls of a rule over time did: `{count} certificates created within {within}`."""


def _passive_fault(title: str) -> str | None:
    failure = title_of_failure(title)
    if failure is None:
        return "say what was done with a verb such as `created`, so that a failed call can be told too"
    if count_words(failure) > LONGEST + 1:
        return f"makes `{failure}` of a failed call, which is too long; say it in fewer words"
    return None


ActiveTitle = Annotated[Title, without(_passive_fault)]
"""A title that also makes the title of a failed call."""


def count_words(title: str) -> int:
    """Words of a title; each value is one."""
    return len(_NAME.sub("x", title).split())


def title_of_failure(title: str) -> str | None:
    """The title of the same call when it failed: `Tried to attach policy {policyName} [to {target}]`.

    None where no word of the title says what was done.
    """
    words = title.split(" ")
    for position, word in enumerate(words):
        if position and word in _VERBS:
            what = [_lower_first(words[0]), *words[1:position]]
            return " ".join(["Tried to", _VERBS[word], *what, *words[position + 1 :]])
    return None


def make_title(operation: str) -> str:
    """The title of an operation that has none of its own: of `CreateAsset`, `Asset {subject} created`."""
    words = _WORD.findall(operation)
    if words[0] == "Batch" and len(words) > 2:
        words = words[1:]
    participle = _PARTICIPLES.get(words[0].lower())
    if participle is None or len(words) == 1:
        return f"{operation} called [on {{subject}}]"
    end = next((place for place, word in enumerate(words) if word in _BREAKS and place > 1), len(words))
    what, tail = list(_in_small_letters(words[1:end])), list(_in_small_letters(words[end:]))
    title = " ".join([what[0][:1].upper() + what[0][1:], *what[1:], "{subject}", participle, *tail])
    # As `Tried to …` it is longer.
    return title if count_words(title) < LONGEST or not tail else title.removesuffix(f" {' '.join(tail)}")


def _in_small_letters(words: list[str]) -> Iterator[str]:
    return (word if len(word) > 1 and word.isupper() else word.lower() for word in words)


def _lower_first(word: str) -> str:
    return word if any(letter.isupper() for letter in word[1:]) else word[:1].lower() + word[1:]
