"""The alert as plain text: for e-mail and the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from handlers.core.alerts import Alert, Call, Rollup, Story
from handlers.core.console import event_link
from handlers.core.text import say_count
from handlers.core.windows import FEW

_WIDTH = 10
_STEP_WIDTH = 14


def render_title(alert: Alert) -> str:
    """One line: how bad, which operation, on what, in which account if that has a name, whether it failed.

    Of a windowed alert: how bad, which rule, what it found, and of whom or what. Of a rollup: how many more,
    or which mute ended.
    """
    if alert.rollup is not None:
        return f"{alert.severity.value.capitalize()}: {_title_of_rollup(alert, alert.rollup)}"
    if alert.story is not None:
        what = f"{alert.rule}: {alert.story.what}"
        return f"{alert.severity.value.capitalize()}: {what}{_of(alert)}"
    subject = f" on {alert.subject}" if alert.subject else ""
    account = f" in {alert.account_name}" if alert.account_name else ""
    failed = " (failed)" if alert.error else ""
    return f"{alert.severity.value.capitalize()}: {alert.operation}{subject}{account}{failed}"


def _title_of_rollup(alert: Alert, rollup: Rollup) -> str:
    if rollup.mute is not None:
        return f"mute {rollup.mute.name} ended, it held {say_count(rollup.count, 'alert')}"
    account = f" in {alert.account_name}" if alert.account_name else ""
    if alert.operation is None:
        return f"{rollup.count:,} more of {alert.rule}{account}"
    failed = " (failed)" if alert.error else ""
    return f"{rollup.count:,} more {alert.operation} by {alert.actor.name}{account}{failed}"


def _of(alert: Alert) -> str:
    """Of whom or of what the calls are: what they have in common."""
    by_actor = alert.story is not None and not {"facts.actor.id", "facts.actor.name"}.isdisjoint(
        alert.story.group
    )
    actor = f" by {alert.actor.name}" if by_actor else ""
    subject = f" on {alert.subject}" if alert.subject else ""
    account = f" in {alert.account_name}" if alert.account_name else ""
    return f"{actor}{subject}{account}"


def tell_story(story: Story) -> Iterator[tuple[str, str]]:
    """A windowed alert call by call: the name of each step, empty where there is one, and its line."""
    if len(story.steps) > 1:
        for step in story.steps:
            for number, call in enumerate(step.calls):
                yield step.name if number == 0 else "", tell_call(call)
        return
    calls = [call for step in story.steps for call in step.calls]
    left_out = story.count - len(calls)
    for number, call in enumerate(calls):
        if number == FEW and left_out > 0:
            yield "", f"… at least {left_out:,} more"
        yield "", tell_call(call)
    if len(calls) <= FEW and left_out > 0:
        yield "", f"… at least {left_out:,} more"


def story_lines(story: Story) -> Iterator[str]:
    """A story in a fixed-width font, the names of its steps in a column of their own."""
    for name, line in tell_story(story):
        yield f"{name:<{_STEP_WIDTH}} {line}" if len(story.steps) > 1 else line


def tell_rollup(rollup: Rollup) -> Iterator[tuple[str, str]]:
    """What a rollup counts, in rows of a name and a text."""
    late = f"; they came late, {rollup.before:,} were counted before" if rollup.before else ""
    yield "Counted", f"{say_count(rollup.count, 'alert')}, {span_of(rollup)}{late}"
    if rollup.subjects:
        yield "On", _and_more(rollup.subjects, rollup.more_subjects)
    if rollup.addresses:
        yield "From", _and_more(rollup.addresses, rollup.more_addresses)
    if (mute := rollup.mute) is not None:
        yield "Muted", f"{_minute(mute.begins)} to {_minute(mute.ends)} UTC"
        yield "By", mute.by
        yield "Because", mute.reason


def _and_more(texts: Sequence[str], more: int) -> str:
    return ", ".join(texts) + (f" and {more:,} more" if more else "")


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def tell_call(call: Call) -> str:
    """One call of a story on one line."""
    subject = f" on {call.subject}" if call.subject else ""
    return f"{call.time:%H:%M:%S} {call.operation}{subject} by {call.actor}"


def span_of(story: Story | Rollup) -> str:
    """From when to when the calls are."""
    return f"{story.first_seen:%Y-%m-%d %H:%M:%S} to {story.last_seen:%Y-%m-%d %H:%M:%S} UTC"


def render_actor(alert: Alert) -> str:
    """Who did it, in the words of a person: kind, name, and the session if there is one."""
    session = f", session {alert.actor.session}" if alert.actor.session else ""
    kind = alert.actor.kind.replace("-", " ").replace("iam", "IAM").replace("aws", "AWS")
    name = "" if alert.actor.name in (alert.actor.kind, "unknown") else f" {alert.actor.name}"
    return f"{kind}{name}{session}"


def is_of_one_actor(alert: Alert) -> bool:
    """Whether the actor of the alert made all calls that it tells of, or completed them."""
    return alert.rollup is None or (alert.rollup.mute is None and alert.operation is not None)


def render_text(alert: Alert) -> str:
    """Everything an alert says, readable in a fixed-width font or not."""
    return "\n".join(_lines(alert)) + "\n"


def _lines(alert: Alert) -> Iterator[str]:
    yield render_title(alert)
    yield ""
    for reason in alert.reasons:
        yield f"- {reason}"
    yield ""
    if alert.story is not None:
        yield f"What happened, {span_of(alert.story)}"
        yield from (f"  {line}" for line in story_lines(alert.story))
        yield f"Completed by {tell_call(alert.story.completed_by)}"
        yield ""
    yield from (_row(name, value) for name, value in _details(alert))
    if alert.runbook:
        yield ""
        yield "What to do"
        yield from (f"{number}. {step}" for number, step in enumerate(alert.runbook, start=1))
    yield ""
    if alert.link:
        yield _row("Console", alert.link)
    yield _row("Record" if alert.rollup is None else "One record", event_link(alert.region, alert.event_id))
    if alert.attack:
        yield _row("ATT&CK", ", ".join(alert.attack))
    yield _row("Alert", alert.alert_id)


def _details(alert: Alert) -> Iterator[tuple[str, str]]:
    if alert.rollup is not None:
        yield from tell_rollup(alert.rollup)
    if is_of_one_actor(alert):
        yield "Who", render_actor(alert)
        yield "", alert.actor.id
    account, region = alert.where
    yield "Where", f"account {account}, {region}"
    if alert.rollup is None:
        yield "When", f"{alert.time:%Y-%m-%d %H:%M:%S} UTC"
    if alert.source_ip:
        yield "From", alert.source_ip
    yield from alert.shown.items()
    if alert.error:
        yield "Error", alert.error


def _row(name: str, value: str) -> str:
    return f"{name:<{_WIDTH}} {value}"
