"""Judging a whole policy document."""

from __future__ import annotations

from collections.abc import Iterator

from handlers.core.policy.documents import Document, Unreadable, read_document
from handlers.core.policy.misconfigured import misconfigured
from handlers.core.policy.overly_permissive import overly_permissive
from handlers.core.policy.risks import (
    UNREADABLE,
    Risk,
    as_fact,
    as_risk,
    in_order,
)


def read_policy(document: object) -> tuple[Risk, ...]:
    """The risks of a policy document (JSON text as the API takes it, or an object), worst first.

    Never raises: a document that can not be read is itself a risk, as is one that is longer than AWS
    accepts.
    """
    try:
        return in_order(_risks_of(read_document(document)))
    except Unreadable:
        return (as_risk(UNREADABLE, None),)


def policy_fact(document: object) -> dict[str, object]:
    """The risks of a policy document as a fact for rules: `{verdicts, risks, why}`.

    `verdicts` and `risks` are sorted lists of names without repetition; `why` says the worst first, at
    most 8 sentences and then how many more there are.
    """
    return as_fact(read_policy(document), "the document")


def _risks_of(document: Document) -> Iterator[Risk]:
    for statement in document.statements:
        if statement.allows:
            yield from overly_permissive(statement)
    yield from misconfigured(document)
