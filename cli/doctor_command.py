"""The command `doctor`."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cli.deployment import STACK, NotReached, Place, aws_errors_told
from cli.doctor.check import Check, Result, run_checks
from cli.doctor.checks import CHECKS
from cli.doctor.site import Site
from cli.doctor.trial import send_test
from cli.mute_commands import JsonOption, ProfileOption, RegionOption, StackOption
from handlers.core.digest import digest
from handlers.core.ruleset_file import dump_ruleset
from handlers.core.text import clean, say_count
from rulebook.catalog import load_catalog
from rulebook.compile import compile_file
from rulebook.config import check_config

_CONFIG = Path(__file__).parent.parent / "config" / "alerts.yaml"
_WIDTH = 16
_INDENT = " " * (6 + _WIDTH + 1)


def doctor(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Only these checks; all when left out.")
    ] = None,
    *,
    listing: Annotated[bool, typer.Option("--list", help="Say what the checks are, and run none.")] = False,
    to: Annotated[
        str | None,
        typer.Option(
            "--send-test", metavar="DESTINATION", help="Send a test alert there, and check nothing."
        ),
    ] = None,
    config: Annotated[Path | None, typer.Option(help="The config; config/alerts.yaml when left out.")] = None,
    stack: StackOption = STACK,
    region: RegionOption = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look whether everything that an alert needs is there, and say what mends it. Changes nothing.

    Exits with 1 where something is wrong or can not be looked at.
    """
    if listing and to is not None:
        _refuse("give --list or --send-test, not both")
    checks = _choose(names or [])
    if listing:
        typer.echo(_list(checks, as_json=as_json))
        return
    place = Place(stack=stack, region=region, profile=profile)
    site = _make_site(place, config or _CONFIG)
    if to is not None:
        _send(to, site)
        return
    results = []
    for result in run_checks(checks, site):
        results.append(result)
        if not as_json and result.status != "unknown":
            typer.echo("\n".join(_lines(result)))
    if as_json:
        typer.echo(json.dumps([each.as_data() for each in results]))
    else:
        typer.echo(_sum_up(results))
    raise typer.Exit(0 if all(each.status == "fine" for each in results) else 1)


def _choose(names: Sequence[str]) -> Sequence[Check]:
    known = {each.name: each for each in CHECKS}
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]}?" if near else "; --list says which there are"
            _refuse(f"there is no check {clean(name)}{hint}")
    return [known[name] for name in dict.fromkeys(names)] if names else CHECKS


def _make_site(place: Place, config: Path) -> Site:
    catalog, now = load_catalog(), datetime.now(UTC)
    checked = check_config(config, catalog, today=now.date())
    own = None if checked.config is None else digest(dump_ruleset(compile_file(config, catalog)))
    file = None if config == _CONFIG else config
    return Site(place, checked, digest=own, now=now, file=file)


def _send(destination: str, site: Site) -> None:
    try:
        with aws_errors_told():
            identifier = send_test(destination, site)
    except NotReached as error:
        _refuse(str(error))
    typer.echo(f"alert {identifier} is on its way to {destination}; it arrives within seconds")


def _list(checks: Sequence[Check], *, as_json: bool) -> str:
    if as_json:
        return json.dumps(
            [{"name": each.name, "severity": each.severity.value, "why": each.why} for each in checks]
        )
    return "\n".join(f"{each.name:<{_WIDTH}} {each.severity.value:<9} {each.why}" for each in checks)


def _lines(result: Result) -> Iterator[str]:
    sign = "ok" if result.status == "fine" else "WRONG"
    yield _fold(f"{sign:<6}{result.check.name:<{_WIDTH}} {clean(result.said, 400)}")
    if result.status == "wrong":
        yield _fold(f"{_INDENT}{result.check.severity.value}: {result.check.why}")
        # Not folded: it is pasted.
        yield f"{_INDENT}to mend it: {result.command}"


def _fold(line: str) -> str:
    return textwrap.fill(line, 100, subsequent_indent=_INDENT, break_on_hyphens=False, break_long_words=False)


def _sum_up(results: Sequence[Result]) -> str:
    lines = []
    unknown: dict[str, list[str]] = {}
    for each in results:
        if each.status == "unknown":
            unknown.setdefault(each.said, []).append(each.check.name)
    for said, names in unknown.items():
        lines.append(
            textwrap.fill(
                f"?     {clean(said, 400)}: {', '.join(names)}",
                100,
                subsequent_indent=" " * 6,
                break_on_hyphens=False,
            )
        )
    count = {
        status: sum(each.status == status for each in results) for status in ("fine", "wrong", "unknown")
    }
    parts = [f"{count['fine']} fine"]
    if count["wrong"]:
        parts.append(f"{count['wrong']} wrong")
    if count["unknown"]:
        parts.append(f"{count['unknown']} not looked at")
    return "\n".join([*lines, "", f"{say_count(len(results), 'check')}: {', '.join(parts)}"])


def _refuse(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(2)
