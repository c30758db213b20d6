"""The built-in rules: `catalog/*.yaml`, one entry for each operation, checked as they are read.

An entry gives the severity of the plain case. Its escalations only raise it: each is a pattern
over the record and its facts, and the worst one that matches counts. A quiet case is therefore
written as a low base with escalations that exclude it.
"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from handlers.core.severity import Severity
from rulebook.attack import TECHNIQUES
from rulebook.faults import CatalogError, Fault, Place, SourceError
from rulebook.services import SERVICES
from rulebook.source import Source, read_source
from rulebook.titles import ActiveTitle, Title
from rulebook.validation import Items, Pattern, SeverityName, Strict, Text, checked, matching, refuse

CATALOG_FOLDER = pathlib.Path(__file__).parent / "catalog"
WINDOWED_RULES = CATALOG_FOLDER / "windowed_rules.yaml"
"""The one file of the folder that is no list of operations: see `rulebook.windowed_rules`."""

_OPERATION = re.compile(r"[A-Z][A-Za-z0-9]*", re.ASCII)


def _known_technique(identifier: str) -> str:
    if identifier not in TECHNIQUES:
        raise refuse(((), "rulebook/attack.py names no such technique; check the id, or add it there"))
    return identifier


_SUBJECT = r"(requestParameters|responseElements)(\.[A-Za-z0-9_]+)+"
Category = Annotated[str, matching(r"[a-z]+(_[a-z]+)*", "write the category in small letters")]
SubjectPath = Annotated[str, matching(_SUBJECT, "write a path such as requestParameters.policyName")]
# What AWS answers may hold keys and tokens, so that people are shown nothing of it but the subject.
ShownPath = Annotated[
    str, matching(r"requestParameters(\.[A-Za-z0-9_]+)+", "only paths below requestParameters may be shown")
]
Technique = Annotated[
    str,
    matching(r"T\d{4}(\.\d{3})?", "write an ATT&CK id such as T1098.001"),
    AfterValidator(_known_technique),
]


class Escalation(Strict):
    """A pattern that makes a finding worse, and the reason that people are told."""

    when: Pattern
    to: SeverityName
    why: Text
    title: Title | None = None
    """Where this decides, in place of the operation's title."""


class Entry(Strict):
    """What the catalog knows of one operation.

    `subject` is the path of the resource that the operation is about, or None when a record
    names none. `title` is what the call did; None where operation and subject say it well enough.
    `shown` are the parameters that people may see; beside them only subject, title and runbook show any.
    """

    category: Category
    severity: SeverityName
    subject: SubjectPath | None
    title: ActiveTitle | None = None
    shown: Annotated[tuple[ShownPath, ...], Items]
    why: Text
    escalate: Annotated[tuple[Escalation, ...], Items] = ()
    runbook: Annotated[tuple[Text, ...], Field(strict=False, max_length=4)] = ()
    attack: Annotated[tuple[Technique, ...], Items] = ()

    @property
    def reach(self) -> frozenset[Severity]:
        """The severities that the operation can be of, by itself or raised by its parameters."""
        return frozenset({self.severity, *(each.to for each in self.escalate)})

    @property
    def span(self) -> str:
        """How bad the operation is: `medium`, or `medium to critical` where escalations raise it."""
        worst = max(self.reach)
        return self.severity.value if worst == self.severity else f"{self.severity.value} to {worst.value}"

    @model_validator(mode="after")
    def _escalations_only_raise(self) -> Entry:
        if faults := not_above(self.severity, self.escalate):
            raise refuse(*((("escalate", *path), message) for path, message in faults))
        return self


def not_above(base: Severity, escalations: tuple[Escalation, ...]) -> list[tuple[Place, str]]:
    """A fault for each escalation that would not raise `base`: its place in the list, and words."""
    return [
        ((position, "to"), f"an escalation must be above the severity it starts from, {base.value}")
        for position, escalation in enumerate(escalations)
        if escalation.to <= base
    ]


def by_category(entries: Mapping[str, Entry]) -> Iterator[tuple[str, list[tuple[str, Entry]]]]:
    """The entries of each category, the worst base severity first, then by name."""
    for category in sorted({entry.category for entry in entries.values()}):
        found = [item for item in entries.items() if item[1].category == category]
        yield category, sorted(found, key=lambda item: (-item[1].severity.rank, item[0]))


def operation_files(folder: pathlib.Path = CATALOG_FOLDER) -> list[pathlib.Path]:
    """The files that hold entries of operations, by name."""
    return sorted(path for path in folder.glob("*.yaml") if path.name != WINDOWED_RULES.name)


def load_catalog(folder: pathlib.Path = CATALOG_FOLDER) -> dict[str, Entry]:
    """Every entry of the folder's YAML files, by operation (`iot:UpdateCertificate`), sorted.

    Raises `CatalogError` with every fault of every file: entries that break the model, patterns
    that do not compile, escalations that do not raise, operations that stand twice, no files.
    """
    paths = operation_files(folder)
    if not paths:
        raise CatalogError([Fault(str(folder), 1, 1, "", "the folder holds no rules (*.yaml)")])
    entries: dict[str, Entry] = {}
    homes: dict[str, str] = {}
    faults: list[Fault] = []
    for path in paths:
        try:
            source = read_source(path)
        except SourceError as error:
            faults.extend(error.faults)
            continue
        faults.extend(source.faults)
        for operation in source.data:
            entry, wrong = checked(Entry, source, at=(operation,))
            faults.extend(wrong)
            faults.extend(_misnamed(source, operation))
            if operation in homes:
                message = f"the operation stands in {homes[operation]} already; keep one entry"
                faults.append(source.fault((operation,), message, at_key=True))
            homes.setdefault(operation, path.name)
            if entry is not None:
                entries[operation] = entry
    if faults:
        raise CatalogError(faults)
    return dict(sorted(entries.items()))


def _misnamed(source: Source, operation: str) -> Iterator[Fault]:
    prefix, _, name = operation.partition(":")
    if prefix not in SERVICES or not _OPERATION.fullmatch(name):
        message = f"write SERVICE:Operation; known services are {', '.join(SERVICES)}"
        yield source.fault((operation,), message, at_key=True)
