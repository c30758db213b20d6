"""The command `thingwatch`: its commands, their options and their exit codes.

0 fine, 1 no (or something was found), 2 bad input.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cli.check import check_data, render_check
from cli.doctor_command import doctor
from cli.event_files import BadFile, name_of, read_json, read_record, read_records
from cli.explain import event_data, explain_event
from cli.explain_text import render_event
from cli.init import BadAnswer, ask, render_config
from cli.lookup import OnlyReads, UnknownName, built_in_rules, explain_name, list_all, rules_of
from cli.mute_commands import mute, mutes, unmute
from cli.redrive_command import redrive
from cli.render import Form, NothingToTell, find_alert, render_alert
from cli.replay import Tally, told_data
from cli.replay import replay as replay_records
from cli.replay_text import render_told, render_totals, render_unreadable
from handlers.core.alerts import Kind
from handlers.core.patterns import PatternError, compile_pattern
from rulebook.catalog import Entry, load_catalog
from rulebook.compile import compile_file
from rulebook.config import check_config, check_source
from rulebook.faults import RulebookError
from rulebook.source import parse_source

_CONFIG = Path(__file__).parent.parent / "config" / "alerts.yaml"

app = typer.Typer(
    name="thingwatch",
    help="Alerts for every change to the control plane of an AWS IoT fleet: the operator's tool.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def main() -> None:
    """Entry point of the console script."""
    # A command ends before cycles of garbage matter, and looking for them takes a third of a replay's time.
    gc.disable()
    try:
        app()
    except OSError as error:
        typer.echo(f"thingwatch: can not write: {error.strerror}", err=True)
        sys.exit(2)


@app.callback()
def _root() -> None:
    """Keeps the commands' names even while there are few."""


@app.command(epilog="Examples: thingwatch check; thingwatch check config/examples/small-team.yaml --json")
def check(
    file: Annotated[Path | None, typer.Argument(help="The config; config/alerts.yaml when left out.")] = None,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 when there are warnings.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Say everything that is wrong with a config, or what it does and what may surprise.

    Exits with 2 on a fault. Needs neither AWS nor the CDK.
    """
    path = file or _default_config()
    checked = check_config(path, _catalog(), today=_today())
    if as_json:
        typer.echo(json.dumps(check_data(str(path), checked)))
    else:
        typer.echo(render_check(str(path), checked, _catalog()), nl=False, err=bool(checked.faults))
    if checked.faults:
        raise typer.Exit(2)
    raise typer.Exit(1 if strict and checked.warnings else 0)


def _today() -> date:
    return datetime.now(UTC).date()


def _default_config() -> Path:
    """The checkout's own config, by the shorter of its names."""
    here = Path.cwd()
    return _CONFIG.relative_to(here) if _CONFIG.is_relative_to(here) else _CONFIG


@app.command(
    epilog="Examples: thingwatch init my.yaml; "
    "thingwatch init my.yaml --slack secops --slack-from high --provisioner none"
)
def init(
    file: Annotated[
        Path | None, typer.Argument(help="Where to write; config/alerts.yaml when left out.")
    ] = None,
    *,
    slack: Annotated[
        str | None, typer.Option(help="Name of the Slack channel's destination, or none.")
    ] = None,
    slack_from: Annotated[
        str | None, typer.Option(help="The severity from which on that channel hears.")
    ] = None,
    provisioner: Annotated[
        str | None, typer.Option(help="ARN of the role or user that provisions devices, or none.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
) -> None:
    """Write a commented config to start from. Asks three questions, but for those that flags answer."""
    path = file or _default_config()
    if path.exists() and not force:
        _refuse(f"{path}: is there already; give another name, or --force to replace it")
    with _told_plainly():
        answers = ask(slack, slack_from, provisioner)
        text = render_config(answers, path, _today())
        check_source(parse_source(text, str(path)), _catalog()).require()
    try:
        # A file that is replaced is there whole, the old one or the new one, whenever somebody stops this.
        written = path.with_name(f"{path.name}.new")
        written.write_text(text, encoding="utf-8")
        written.replace(path)
    except OSError as error:
        _refuse(f"{path}: can not be written: {error.strerror}")
    typer.echo(f"{path}: written. Next: thingwatch check {path}")


@app.command(
    epilog="Examples: thingwatch explain iot:UpdateCertificate; thingwatch explain event.json --json; "
    "thingwatch explain log.json.gz --number 3; thingwatch explain --all"
)
def explain(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME|EVENT", help="An operation or a rule over time, or a file with events (- is stdin)."
        ),
    ] = None,
    *,
    event_id: Annotated[
        str | None, typer.Option("--id", metavar="EVENT_ID", help="Of several events, the one with this id.")
    ] = None,
    number: Annotated[
        int | None, typer.Option(min=1, help="Of several events, the one at this place: 1 is the first.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every operation and rule over time of the catalog.")
    ] = False,
    as_json: JsonOption = False,
    config: Annotated[
        Path | None, typer.Option(help="Judge an event, or explain a rule over time, with this config.")
    ] = None,
) -> None:
    """Say what the catalog knows of an operation or a rule over time, or judge one event step by step.

    A file may hold EventBridge's events, bare CloudTrail records, one of CloudTrail's log files, or what
    `aws cloudtrail lookup-events` prints, compressed with gzip too. Of several events it lists those that
    --id and --number choose from. Nothing is sent.
    """
    if every == (what is not None):
        _refuse("give an operation, a file with an event, or --all")
    is_event = what is not None and _names_a_file(what)
    if event_id is not None and number is not None:
        _refuse("give --id or --number, not both")
    if (event_id is not None or number is not None) and not is_event:
        _refuse("--id and --number choose an event in a file; give a file")
    if config is not None and not is_event and (what is None or ":" in what):
        _refuse("--config is for judging an event; an operation is explained from the catalog")
    with _told_plainly():
        if what is None:
            said = list_all(_catalog(), built_in_rules(), as_json=as_json)
        elif is_event:
            record = read_record(Path(what), event_id=event_id, number=number)
            explained = explain_event(record, compile_file(config or _CONFIG, _catalog()))
            said = json.dumps(event_data(explained)) + "\n" if as_json else render_event(explained)
        else:
            rules = rules_of(compile_file(config, _catalog())) if config is not None else built_in_rules()
            said = explain_name(what, _catalog(), rules, as_json=as_json)
        typer.echo(said, nl=False)


def _names_a_file(what: str) -> bool:
    if what == "-" or what.endswith((".json", ".gz", ".jsonl")) or "/" in what:
        return True
    return os.path.isfile(what)  # noqa: PTH113 - Path.is_file raises on a name too long for any file


@cache
def _catalog() -> dict[str, Entry]:
    return load_catalog()


@app.command(
    epilog="Examples: thingwatch replay log.json.gz; thingwatch replay history.jsonl --config my.yaml --json"
)
def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file with events (- is stdin).")],
    *,
    config: Annotated[
        Path | None, typer.Option(help="Judge with this config, not with config/alerts.yaml.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say what would have been told of the events in a file, in the order of their times.

    The file is as for explain. Nothing is sent, and AWS is not needed. What can not be read is counted, and
    told with an example.
    """
    tally, is_first = Tally(), True
    with _told_plainly():
        ruleset = compile_file(config or _CONFIG, _catalog())
        for told in replay_records(read_records(file), ruleset, tally):
            typer.echo(json.dumps(told_data(told)) + "\n" if as_json else render_told(told), nl=False)
            is_first = False
    typer.echo(render_unreadable(tally, name_of(file)), nl=False, err=True)
    totals = tally.totals()
    said = (
        json.dumps({"kind": "totals", **totals}) + "\n"
        if as_json
        else render_totals(totals, blank=not is_first)
    )
    typer.echo(said, nl=False)


@app.command(
    epilog="Examples: thingwatch render event.json; thingwatch render event.json --as html > message.html; "
    "thingwatch render log.json.gz --kind rollup --as text"
)
def render(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file with events (- is stdin).")],
    *,
    form: Annotated[Form, typer.Option("--as", help="What is sent to a destination of this kind.")] = "slack",
    kind: Annotated[Kind, typer.Option(help="Of all events, the first alert of this kind.")] = "alert",
    event_id: Annotated[
        str | None, typer.Option("--id", metavar="EVENT_ID", help="Of several events, the one with this id.")
    ] = None,
    number: Annotated[
        int | None, typer.Option(min=1, help="Of several events, the one at this place: 1 is the first.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="Judge with this config, not with config/alerts.yaml.")
    ] = None,
) -> None:
    """Print the message of an event as it would be sent, without sending it.

    `html` draws the Slack message as Slack does. A rule over time and a rollup need a file with the events
    that make them. Exits with 1 where nothing would be told.
    """
    if kind != "alert" and (event_id is not None or number is not None):
        _refuse("--id and --number choose one event; a rule over time and a rollup are made of all")
    with _told_plainly():
        ruleset = compile_file(config or _CONFIG, _catalog())
        if kind == "alert":
            found = find_alert([read_record(file, event_id=event_id, number=number)], kind, ruleset)
        else:
            found = find_alert(read_records(file), kind, ruleset)
        typer.echo(render_alert(found, form), nl=False)


@app.command(epilog="Example: thingwatch match --pattern pattern.json --event event.json")
def match(
    pattern: Annotated[Path, typer.Option(help="A file with an event pattern, in JSON.")],
    event: Annotated[Path, typer.Option(help="A file with an event, any JSON object (- is stdin).")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Say whether an event pattern matches an event, as EventBridge would: true or false."""
    if str(pattern) == str(event) == "-":
        _refuse("only one of --pattern and --event may be standard input")
    with _told_plainly():
        wanted, given = read_json(pattern), read_json(event)
        if not isinstance(given, dict):
            raise BadFile(f"{name_of(event)}: an event is a JSON object")
        try:
            matches = compile_pattern(wanted)(given)
        except PatternError as error:
            raise BadFile(f"{name_of(pattern)}: {error}") from None
    typer.echo(json.dumps({"matches": matches}) if as_json else json.dumps(matches))
    raise typer.Exit(0 if matches else 1)


_MUTE = "--operation iot:CreateThing --actor arn:aws:iam::111122223333:role/ci --for 2h"
app.command(epilog=f'Example: thingwatch mute load-test {_MUTE} --reason "load test"')(mute)
app.command(epilog="Examples: thingwatch mutes; thingwatch mutes --all --json")(mutes)
app.command(epilog="Example: thingwatch unmute load-test")(unmute)
_DOCTOR = "thingwatch doctor trail webhooks --json; thingwatch doctor --send-test secops"
app.command(epilog=f"Examples: thingwatch doctor; {_DOCTOR}")(doctor)
app.command(epilog="Examples: thingwatch redrive; thingwatch redrive --send --kind delivery --json")(redrive)


@contextmanager
def _told_plainly() -> Iterator[None]:
    try:
        yield
    except (BadAnswer, BadFile, RulebookError, UnknownName) as error:
        _refuse(str(error))
    except (NothingToTell, OnlyReads) as error:
        _refuse(str(error), code=1)
    except RecursionError:
        _refuse("the event is nested too deeply")


def _refuse(message: str, *, code: int = 2) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)
