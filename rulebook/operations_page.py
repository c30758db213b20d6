"""The page docs/operations.md, written from the catalog: `make docs`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from handlers.core.severity import say_bounds
from rulebook.any_operation import AnyOperation, load_any_operation
from rulebook.catalog import Entry, by_category, load_catalog
from rulebook.services import SERVICES

PAGE = Path(__file__).parent.parent / "docs" / "operations.md"


def render_page(catalog: Mapping[str, Entry], any_operation: AnyOperation) -> str:
    """Every operation that is judged, in a table by category; the worst severity first."""
    return "\n".join(_lines(catalog, any_operation)) + "\n"


def _lines(catalog: Mapping[str, Entry], any_operation: AnyOperation) -> Iterator[str]:
    yield "# Operations"
    yield ""
    yield "<!-- Written by `make docs` from rulebook/catalog; change the catalog, not this page. -->"
    yield ""
    yield f"The catalog judges {len(catalog)} operations: all of these services that may write. Severity is"
    yield "that of the plain case, and how far the parameters may raise it; `thingwatch explain OPERATION`"
    yield "tells when, and what to do."
    yield ""
    yield "An operation that only reads (`Get…`, `List…`, `Describe…`, `BatchGet…`) is not told. One that may"
    yield "write and is not in these tables, because AWS launched it later, is"
    yield f"**{any_operation.uncatalogued.severity.value}**."
    yield ""
    yield "## Any operation"
    yield ""
    yield "Whatever was called, these move its severity:"
    yield ""
    yield "| circumstance | severity | why |"
    yield "|---|---|---|"
    for name, circumstance in any_operation.circumstances.items():
        bounds = say_bounds(circumstance.at_least, circumstance.at_most)
        yield f"| {name} | {bounds} | {_cell(circumstance.why)} |"
    for prefix, service in SERVICES.items():
        yield ""
        yield f"## {prefix}" + (" (retired by AWS)" if service.retired else "")
        yield from _service({name: entry for name, entry in catalog.items() if name.startswith(f"{prefix}:")})


def _service(entries: Mapping[str, Entry]) -> Iterator[str]:
    for category, found in by_category(entries):
        yield ""
        yield f"### {category}"
        yield ""
        yield "| operation | severity | why |"
        yield "|---|---|---|"
        for operation, entry in found:
            yield f"| {operation.partition(':')[2]} | {entry.span} | {_cell(entry.why)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    PAGE.write_text(render_page(load_catalog(), load_any_operation()), encoding="utf-8")
