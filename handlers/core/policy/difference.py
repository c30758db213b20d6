"""What a new version of a policy allows that the old one did not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from handlers.core.policy.documents import Conditions, Document, Unreadable, read_document
from handlers.core.policy.wildcards import Pattern, are_apart, as_pattern, covers

MOST_ALLOWANCES = 100
"""A person reads the first few; a statement of 300 actions and 300 resources has 90,000."""

_ALLOWED = "no statement of the old version allowed it"
_EXCLUSION = "allowed as part of everything but what a statement names"
FREED = "a Deny of the old version kept it back and is gone or narrower"
"""The `why` of an allowance that no Allow added."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """Something that may now be done. `action` and `resource` are text of the document, so hostile."""

    action: str
    """In lower case; `*` where a statement has NotAction."""
    resource: str
    """`*` where a statement has NotResource."""
    conditional: bool
    """It holds only under the statement's conditions."""
    why: str
    """In our words alone."""


@dataclass(frozen=True, slots=True)
class _Side:
    """The actions or the resources of a statement: these, or every one but these."""

    texts: tuple[str, ...]
    patterns: tuple[Pattern, ...]
    excludes: bool

    def parts(self) -> Sequence[tuple[str, _Side]]:
        """One by one; an exclusion is a single part, written `*`."""
        if self.excludes:
            return [("*", self)]
        return [
            (text, _Side((text,), (pattern,), excludes=False))
            for text, pattern in zip(self.texts, self.patterns, strict=True)
        ]

    def holds(self, part: _Side) -> bool:
        """Whether everything of a part is in this side; False may mean that it could not be shown."""
        if not self.excludes:
            everything_or_part = [("*",)] if part.excludes else part.patterns
            return all(any(covers(wide, narrow) for wide in self.patterns) for narrow in everything_or_part)
        if part.excludes:
            return all(any(covers(wide, narrow) for wide in part.patterns) for narrow in self.patterns)
        return all(are_apart(out, inside) for out in self.patterns for inside in part.patterns)

    def is_apart_from(self, part: _Side) -> bool:
        """Whether nothing of a part is in this side; False may mean that it could not be shown."""
        if self.excludes and part.excludes:
            return False
        if self.excludes or part.excludes:
            excluding, other = (self, part) if self.excludes else (part, self)
            return all(any(covers(out, inside) for out in excluding.patterns) for inside in other.patterns)
        return all(are_apart(one, other) for one in self.patterns for other in part.patterns)


@dataclass(frozen=True, slots=True)
class _Rule:
    actions: _Side
    resources: _Side
    conditions: Conditions


def added_allowances(old: object, new: object) -> tuple[Allowance, ...]:
    """What the new document allows and the old did not, and what a Deny that is gone or narrower frees.

    Both as JSON text or object. Sorted, at most MOST_ALLOWANCES. Never raises: an old document that can
    not be read allowed nothing; of a new one nothing can be said (`read_policy` says that it is so).

    Nothing that is added is left out, but something may be named that is not new: when the old version
    allowed or the new one denies it only by several statements or patterns together.
    """
    try:
        after = read_document(new)
    except Unreadable:
        return ()
    try:
        before = read_document(old)
    except Unreadable:
        before = Document((), substitutes_variables=True)
    found = {*_newly_allowed(before, after), *_freed(before, after)}
    return tuple(
        sorted(found, key=lambda added: (added.action, added.resource, added.conditional, added.why))[
            :MOST_ALLOWANCES
        ]
    )


def _newly_allowed(before: Document, after: Document) -> Iterator[Allowance]:
    # What the new document denies under no more conditions than it allows it, it does not allow.
    covering = [*_rules(before, allows=True), *_rules(after, allows=False)]
    for rule in _rules(after, allows=True):
        why = _EXCLUSION if rule.actions.excludes or rule.resources.excludes else _ALLOWED
        for action, resource in _uncovered_parts(rule, covering):
            yield Allowance(action, resource, bool(rule.conditions), why)


def _freed(before: Document, after: Document) -> Iterator[Allowance]:
    allowed = _rules(after, allows=True)
    denied = _rules(after, allows=False)
    for rule in _rules(before, allows=False):
        reachable = [
            other
            for other in allowed
            if not other.actions.is_apart_from(rule.actions)
            and not other.resources.is_apart_from(rule.resources)
        ]
        if not reachable:
            continue
        conditional = all(other.conditions for other in reachable)
        for action, resource in _uncovered_parts(rule, denied):
            yield Allowance(action, resource, conditional, FREED)


def _uncovered_parts(rule: _Rule, by: Sequence[_Rule]) -> Iterator[tuple[str, str]]:
    """The (action, resource) of a rule that no other rule holds under no more than its conditions."""
    # Actions and resources are compared apart, and only then as pairs: a product of sums, not of texts.
    wider = [
        (
            [other.actions.holds(part) for _, part in rule.actions.parts()],
            [other.resources.holds(part) for _, part in rule.resources.parts()],
        )
        for other in by
        if other.conditions <= rule.conditions
    ]
    for row, (action, _) in enumerate(rule.actions.parts()):
        of_this_action = [resources for actions, resources in wider if actions[row]]
        for column, (resource, _) in enumerate(rule.resources.parts()):
            if not any(resources[column] for resources in of_this_action):
                yield action, resource


def _rules(document: Document, *, allows: bool) -> list[_Rule]:
    return [
        _Rule(
            _side(statement.actions, excludes=statement.excludes_actions, substitutes_variables=False),
            _side(
                statement.resources,
                excludes=statement.excludes_resources,
                substitutes_variables=document.substitutes_variables,
            ),
            _in_one_language(statement.conditions, document),
        )
        for statement in document.statements
        if statement.allows == allows
    ]


def _in_one_language(conditions: Conditions, document: Document) -> Conditions:
    if document.substitutes_variables:
        return conditions
    # `${` is plain text there, which today's language spells `${$}{`: the same values mean something else.
    return frozenset(
        (operator, key, frozenset(value.replace("${", "${$}{") for value in values))
        for operator, key, values in conditions
    )


def _side(texts: tuple[str, ...], *, excludes: bool, substitutes_variables: bool) -> _Side:
    return _Side(
        texts,
        tuple(as_pattern(text, substitutes_variables=substitutes_variables) for text in texts),
        excludes,
    )
