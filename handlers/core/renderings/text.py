"""The alert as plain text: for e-mail and the terminal, on a phone too."""

from __future__ import annotations

from collections.abc import Iterator

from handlers.core.alerts import Alert, Story
from handlers.core.renderings.content import (
    DOCUMENT_SAYS,
    LOOKED_UP,
    is_of_one_place,
    list_deciding,
    list_details,
    list_links,
    list_other_reasons,
    list_steps,
    say_actor,
    say_headline,
    say_time,
    span_of,
    tell_call,
    tell_rollup,
    tell_story,
    tells_who,
)

_WIDTH = 8
_STEP_WIDTH = 14


def render_title(alert: Alert) -> str:
    """One line: how bad, what happened to what, by whom, and where if the account has a name."""
    account = f" ({alert.account_name})" if alert.account_name else ""
    return f"{alert.severity.value.capitalize()}: {say_headline(alert)}{account}"


def render_text(alert: Alert) -> str:
    """Everything that an alert says, readable in a fixed-width font or not."""
    return "\n".join(_lines(alert)) + "\n"


def _lines(alert: Alert) -> Iterator[str]:
    yield render_title(alert)
    yield f"{alert.operation or alert.rule}, alert {alert.short_id}"
    yield ""
    yield from (f"- {reason}" for reason in list_deciding(alert))
    yield ""
    if alert.story is not None:
        yield f"What happened, {span_of(alert.story)}"
        yield from (f"  {line}" for line in story_lines(alert.story))
        yield f"Completed by {tell_call(alert.story.completed_by)}"
        yield ""
    yield from (_row(name, text) for name, text in _about(alert))
    if alert.shown or alert.error or alert.statements:
        yield ""
        yield from (f"{name}: {value}" for name, value in alert.shown.items())
        if alert.error:
            yield f"error: {alert.error}"
        if alert.statements:
            yield DOCUMENT_SAYS
        yield from (f"- {statement}" for statement in alert.statements)
    if alert.answers:
        yield ""
        yield LOOKED_UP
        yield from (f"{each.name}: {each.text}" for each in alert.answers)
    if alert.runbook:
        yield ""
        yield "What to do"
        for number, step in enumerate(list_steps(alert), start=1):
            yield from _step(number, step)
    yield ""
    if links := [f"{label}: {address}" for label, address in list_links(alert)]:
        yield from links
        yield ""
    yield from (f"{name}: {text}" for name, text in list_details(alert))
    yield from (f"- {reason}" for reason in list_other_reasons(alert))


def story_lines(story: Story) -> Iterator[str]:
    """A story in a fixed-width font, the names of its steps in a column of their own."""
    for name, line in tell_story(story):
        yield f"{name:<{_STEP_WIDTH}} {line}" if len(story.steps) > 1 else line


def _step(number: int, step: str) -> Iterator[str]:
    """A step with each command on a line of its own, ready to be copied."""
    sentence, *commands = step.split("`")
    if not commands or any(not each.startswith("aws ") for each in commands[::2]):
        yield f"{number}. {step}"
        return
    yield f"{number}. {sentence.strip()}"
    for command, rest in zip(commands[::2], commands[1::2], strict=False):
        yield f"   {command}"
        if rest.strip():
            yield f"   {rest.strip()}"


def _about(alert: Alert) -> Iterator[tuple[str, str]]:
    if alert.rollup is not None:
        yield from tell_rollup(alert.rollup)
    if tells_who(alert):
        yield "Who", say_actor(alert.actor) + (f" from {alert.source_ip}" if alert.source_ip else "")
    if alert.rollup is None:
        yield "When", say_time(alert.time)
    if is_of_one_place(alert):
        account, region = alert.where
        yield "Where", f"account {account}, {region}"


def _row(name: str, value: str) -> str:
    return f"{name:<{_WIDTH}} {value}"
