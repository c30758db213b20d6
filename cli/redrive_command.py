"""The command `redrive`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Literal, NoReturn

import typer

from cli.deployment import STACK, NotReached, Place, aws_errors_told, find_deployment
from cli.failures import Failed, failed_data
from cli.mute_commands import JsonOption, ProfileOption, RegionOption, StackOption
from cli.redrive import NotSent, Redrive, reach
from handlers.core.text import say_count

Kind = Literal["delivery", "summary", "event"]
_SHORTEST_ID = 6


def redrive(
    *,
    send: Annotated[bool, typer.Option("--send", help="Send again; without it they are only shown.")] = False,
    only: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this one, by its id or the begin of it.")
    ] = None,
    kind: Annotated[Kind | None, typer.Option(help="Only those of this kind.")] = None,
    stack: StackOption = STACK,
    region: RegionOption = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what could not be processed, since when and why; with --send, send it again.

    What was told before is not told again. Exits with 1 if something is there and was not sent.
    """
    if any(len(each) < _SHORTEST_ID for each in only or ()):
        _refuse(f"--only takes at least {_SHORTEST_ID} characters of an id")
    try:
        with aws_errors_told():
            place = Place(stack=stack, region=region, profile=profile)
            queues = reach(find_deployment(place), stack)
            found = [each for each in queues.find() if _is_wanted(each, only, kind)]
            fates = [_send(each, queues) if send else "waits" for each in found]
            queues.show_again([each for each, fate in zip(found, fates, strict=True) if fate != "sent"])
    except NotReached as error:
        _refuse(str(error))
    told = list(zip(found, fates, strict=True))
    if as_json:
        typer.echo(json.dumps([failed_data(each, fate=fate) for each, fate in told]))
    else:
        typer.echo("\n".join(_lines(told, send=send)))
    raise typer.Exit(1 if any(fate != "sent" for fate in fates) else 0)


def _is_wanted(failed: Failed, only: list[str] | None, kind: Kind | None) -> bool:
    is_chosen = not only or failed.message_id.startswith(tuple(only))
    return is_chosen and kind in (None, failed.kind)


def _send(failed: Failed, queues: Redrive) -> str:
    try:
        queues.send(failed)
    except NotSent as error:
        return f"stays: {error}"
    return "sent"


def _lines(told: list[tuple[Failed, str]], *, send: bool) -> Iterator[str]:
    if not told:
        yield "nothing is in the failure queues"
        return
    for failed, fate in told:
        to = f" to {failed.destination}" if failed.destination else ""
        yield f"{failed.message_id[:8]}  {failed.kind}{to}, since {failed.since:%Y-%m-%d %H:%M:%S} UTC"
        yield f"          {failed.what}"
        yield f"          because {failed.why}"
        if send:
            yield f"          {fate}"
    sent = sum(fate == "sent" for _, fate in told)
    yield ""
    if send:
        yield f"{say_count(sent, 'message')} sent again, {len(told) - sent:,} left"
    else:
        yield f"{say_count(len(told), 'message')}; to send them again: thingwatch redrive --send"


def _refuse(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(2)
