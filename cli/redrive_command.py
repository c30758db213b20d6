"""The command `redrive`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Literal, NoReturn

import typer

from cli.deployment import STACK, NotReached, Place, aws_errors_told, find_deployment
from cli.failures import HIDDEN_MINUTES, Failed, failed_data
from cli.mute_commands import JsonOption, ProfileOption, RegionOption, StackOption
from cli.redrive import SENT, reach
from handlers.core.text import clean, say_count

Kind = Literal["delivery", "summary", "event"]
_SHORTEST_ID = 6


def redrive(
    *,
    send: Annotated[bool, typer.Option("--send", help="Send again; without it they are only shown.")] = False,
    only: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this one, by its id or how it begins.")
    ] = None,
    kind: Annotated[Kind | None, typer.Option(help="Only those of this kind.")] = None,
    stack: StackOption = STACK,
    region: RegionOption = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what could not be processed, since when and why; with --send, send it again.

    What was told before is not told again. Exits with 1 if something is there and was not sent, or was chosen
    and is not there.
    """
    if any(len(each) < _SHORTEST_ID for each in only or ()):
        _refuse(f"--only takes at least {_SHORTEST_ID} characters of an id")
    told: list[tuple[Failed, str]] = []
    queues, fault = None, None
    try:
        with aws_errors_told():
            place = Place(stack=stack, region=region, profile=profile)
            queues = reach(find_deployment(place), stack)
            try:
                for failed in queues.find(kind):
                    if not only or failed.message_id.startswith(tuple(only)):
                        fate = queues.send(failed) if send else "waits"
                        told.append((failed, fate))
            finally:
                queues.unhide_rest()
    except NotReached as error:
        fault = str(error)
    found = [failed.message_id for failed, _ in told]
    missing = [each for each in only or () if not any(name.startswith(each) for name in found)]
    # Who chose, and found what was chosen, asked for no more.
    hidden = 0 if queues is None or (only and not missing) else queues.hidden
    if fault is None or told:
        # Where AWS is out of reach half way, what was sent until then is still told.
        _tell(told, send=send, as_json=as_json, missing=missing, hidden=hidden)
    if fault is not None:
        _refuse(fault)
    raise typer.Exit(1 if missing or hidden or any(fate != SENT for _, fate in told) else 0)


def _tell(
    told: list[tuple[Failed, str]], *, send: bool, as_json: bool, missing: list[str], hidden: int
) -> None:
    if as_json:
        messages = [failed_data(each, fate=fate) for each, fate in told]
        typer.echo(json.dumps({"messages": messages, "missing": missing, "hidden": hidden}))
        return
    if told:
        typer.echo("\n".join(_lines(told, send=send)))
    elif not hidden and not missing:
        typer.echo("nothing is in the failure queues")
    for each in missing:
        typer.echo(f"no message {clean(each)} is in the failure queues", err=True)
    if hidden:
        typer.echo(
            f"{say_count(hidden, 'more message')} can not be shown yet: another run of this command looks at"
            f" them or was stopped, or they wait for another try; run it again in {HIDDEN_MINUTES} minutes",
            err=True,
        )


def _lines(told: list[tuple[Failed, str]], *, send: bool) -> Iterator[str]:
    for failed, fate in told:
        to = f" to {failed.destination}" if failed.destination else ""
        yield f"{failed.message_id[:8]}  {failed.kind}{to}, since {failed.since:%Y-%m-%d %H:%M:%S} UTC"
        yield f"          {failed.what}"
        yield f"          because {failed.why}"
        if send:
            yield f"          {fate}"
    sent = sum(fate == SENT for _, fate in told)
    yield ""
    if send:
        yield f"{say_count(sent, 'message')} sent again, {len(told) - sent:,} left"
    else:
        yield f"{say_count(len(told), 'message')}; to send them again: thingwatch redrive --send"


def _refuse(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(2)
