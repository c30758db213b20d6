"""The page docs/gallery.md: every headline of AWS IoT Core, and the pictures that `make gallery` takes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from handlers.core.operations import split_operation
from handlers.core.templates import fill_title
from rulebook.catalog import Entry, by_category
from rulebook.titles import make_title, title_of_failure
from rulebook.windowed_rules import load_windowed_rules

PAGE = Path(__file__).parent.parent / "docs" / "gallery.md"
PICTURES = PAGE.parent / "gallery"

_WHO = "alice"
_EXAMPLES = {
    "target": "certificate 008df3f9…",
    "principal": "certificate 008df3f9…",
    "securityProfileTargetArn": "group pumps",
    "newStatus": "REVOKED",
    "status": "DISABLED",
    "targetAwsAccount": "444455556666",
    "verificationState": "BENIGN_POSITIVE",
    "logLevel": "DEBUG",
    "policyVersionId": "3",
    "versionId": "3",
    "versionName": "1.4",
    "roleArn": "FleetRole",
    "thingName": "pump-7",
    "parameters.ThingName": "pump-7",
    "checkName": "CA_CERTIFICATE_EXPIRING_CHECK",
    "kmsKeyArn": "1b4e28ba…",
    "resourceArn": "pump-7",
}
_ID = re.compile(r"(Id|Arn|arn)$")


def render_page(catalog: Mapping[str, Entry], pictures: Mapping[str, str]) -> str:
    """The page; `pictures` are the titles of the pictures by the name of their file."""
    return "\n".join(_lines(catalog, pictures)) + "\n"


def _lines(catalog: Mapping[str, Entry], pictures: Mapping[str, str]) -> Iterator[str]:
    yield "# Messages"
    yield ""
    yield "<!-- Written by `make docs` from rulebook/catalog; the pictures by `make gallery`. -->"
    yield ""
    yield "A message says first what happened to what, and by whom: a locked phone shows no more. Then why it"
    yield "is as bad as it is, who did it, from where and when, what was changed, what to do, with commands"
    yield "that are ready to be pasted, and links. Everything else stands small at the end."
    yield ""
    yield "[Every headline](#headlines) of AWS IoT Core stands below the pictures."
    for name, title in pictures.items():
        yield ""
        yield f"## {title}"
        yield ""
        yield f"![{title}](gallery/{name}.png)"
    yield ""
    yield "## Headlines"
    yield ""
    yield "Where the parameters make it worse, some calls have a better headline."
    iot = {name: entry for name, entry in catalog.items() if name.startswith("iot:")}
    for category, found in by_category(iot):
        yield ""
        yield f"### {category}"
        yield ""
        yield "| operation | headline | when it failed | when it is worse |"
        yield "|---|---|---|---|"
        for operation, entry in found:
            yield f"| {operation.partition(':')[2]} | {' | '.join(_headlines(operation, entry))} |"
    yield ""
    yield "### Rules over time"
    yield ""
    yield "| rule | headline |"
    yield "|---|---|"
    for name, rule in load_windowed_rules().items():
        values = {"count": str(_needed(rule)), "within": "10 minutes", "subject": "pumps"}
        yield f"| {name} | {fill_title(rule.title, values.get)} |"


def _needed(rule: object) -> int:
    kind = getattr(rule, "kind", None)
    return int(getattr(kind, "at_least", 0))


def _headlines(operation: str, entry: Entry) -> tuple[str, str, str]:
    title = entry.title or make_title(split_operation(operation)[1])
    failure = title_of_failure(title) or title
    better = dict.fromkeys(each.title for each in entry.escalate if each.title is not None)
    return (
        f"{_fill(title, entry)}, by {_WHO}",
        f"{_fill(failure, entry)}, by {_WHO}",
        "<br>".join(_fill(each, entry) for each in better),
    )


def _fill(title: str, entry: Entry) -> str:
    def tell(name: str) -> str | None:
        if name == "subject":
            return None if entry.subject is None else tell(entry.subject.partition(".")[2])
        if name in _EXAMPLES:
            return _EXAMPLES[name]
        return "008df3f9…" if _ID.search(name) else "pumps"

    return fill_title(title, tell)
