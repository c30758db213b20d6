"""The commands `mute`, `mutes` and `unmute`: they work on the deployed stack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, NoReturn

import typer

from cli.deployment import STACK, NotReached, Place, aws_errors_told, find_deployment
from cli.mutes import (
    BadMute,
    Muted,
    NoSuchMute,
    Wanted,
    describe_match,
    make_mute,
    muted_data,
    reach,
    render_muted,
)
from handlers.core.mutes import Mute
from handlers.core.severity import Severity
from handlers.core.text import say_count
from rulebook.catalog import load_catalog

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
StackOption = Annotated[str, typer.Option(help="Name of the deployed stack.")]
ProfileOption = Annotated[str | None, typer.Option(help="AWS profile; as AWS is configured when left out.")]
_REGION_HELP = "Region of the stack; as AWS is configured when left out."
RegionOption = Annotated[str | None, typer.Option("--region", "--stack-region", help=_REGION_HELP)]


def mute(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name, by which it is listed and ended.")],
    *,
    operation: Annotated[
        list[str] | None, typer.Option(help="Of this operation, such as iot:CreateThing; may be repeated.")
    ] = None,
    actor: Annotated[
        list[str] | None,
        typer.Option(help="By this actor, the ARN of a role or user; * stands for any text."),
    ] = None,
    account: Annotated[list[str] | None, typer.Option(help="In this account.")] = None,
    region: Annotated[
        list[str] | None,
        typer.Option(
            help="In this Region. The stack is looked for there too, if AWS is configured for none."
        ),
    ] = None,
    rule: Annotated[list[str] | None, typer.Option(help="Of this rule.")] = None,
    severity_at_most: Annotated[
        Severity | None, typer.Option(help="Only what is no worse than this.")
    ] = None,
    span: Annotated[str, typer.Option("--for", help="How long, such as 90m or 2h; at most 7d.")],
    reason: Annotated[str, typer.Option(help="Why; people read it when the mute ends.")],
    critical: Annotated[bool, typer.Option("--critical", help="Hold critical alerts too.")] = False,
    stack: StackOption = STACK,
    stack_region: Annotated[str | None, typer.Option(help=_REGION_HELP)] = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hold alerts for a while, and count them. When the mute ends, one summary tells what it held.

    At least one option says which alerts; several narrow. It takes effect a minute after the command.
    """
    with _told_plainly():
        wanted = Wanted(
            name=name,
            span=span,
            reason=reason,
            operations=operation or (),
            actors=actor or (),
            accounts=account or (),
            regions=region or (),
            rules=rule or (),
            severity_at_most=severity_at_most,
            critical=critical,
        )
        catalog = load_catalog()
        # What is wrong with the wish is told before AWS is asked.
        make_mute(wanted, catalog, by="", now=_now())
        deployment = find_deployment(
            Place(stack=stack, region=stack_region, profile=profile), otherwise=next(iter(region or ()), None)
        )
        made = reach(deployment).begin(wanted, catalog, by=deployment.caller(), clock=_now)
        typer.echo(json.dumps(muted_data(Muted(made, 0), now=_now())) if as_json else _say_begun(made))


def _say_begun(mute: Mute) -> str:
    return (
        f"{mute.name}: takes effect at {mute.begins:%H:%M:%S} UTC, a minute from now,"
        f" and ends at {mute.ends:%Y-%m-%d %H:%M:%S} UTC\n"
        f"It holds alerts: {describe_match(mute)}.\n"
        f"When it ends, a summary tells what it held. To end it early: thingwatch unmute {mute.name}"
    )


def mutes(
    *,
    ended: Annotated[bool, typer.Option("--all", help="Those that ended in the last weeks too.")] = False,
    stack: StackOption = STACK,
    region: RegionOption = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what is muted, by whom, from when until when, and how many alerts each mute holds."""
    with _told_plainly():
        muting, now = reach(find_deployment(Place(stack=stack, region=region, profile=profile))), _now()
        found = muting.list_muted(now=now, ended=ended)
        if as_json:
            typer.echo(json.dumps([muted_data(each, now=now) for each in found]))
        else:
            typer.echo(render_muted(found, now=now), nl=False)


def unmute(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of the mute.")],
    *,
    stack: StackOption = STACK,
    region: RegionOption = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a mute a minute after the command. A summary then tells what it held.

    Exits with 1 if nothing of this name is muted.
    """
    with _told_plainly():
        muting = reach(find_deployment(Place(stack=stack, region=region, profile=profile)))
        for ended in muting.end(name, clock=_now):
            typer.echo(json.dumps(muted_data(ended, now=_now())) if as_json else _say_ended(ended))


def _say_ended(ended: Muted) -> str:
    what_next = (
        "what it holds until then is told soon after" if ended.held else "so far nobody has to be told"
    )
    held = f"It holds {say_count(ended.held, 'alert')}; {what_next}."
    return f"{ended.mute.name}: ends at {ended.mute.ends:%H:%M:%S} UTC, at most a minute from now\n{held}"


def _now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def _told_plainly() -> Iterator[None]:
    try:
        with aws_errors_told():
            yield
    except (BadMute, NotReached) as error:
        _refuse(str(error), code=2)
    except NoSuchMute as error:
        _refuse(str(error), code=1)


def _refuse(message: str, *, code: int) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)
