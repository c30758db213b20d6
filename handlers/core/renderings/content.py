"""What each part of a message says, in the words that every rendering shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from handlers.core.alerts import Actor, Alert, Call, Rollup, Story
from handlers.core.console import event_link
from handlers.core.names import shorten
from handlers.core.templates import fill_step
from handlers.core.text import say_count
from handlers.core.windows import FEW

_DECIDING = 2
"""So many reasons stand at the top; the others are details."""

DOCUMENT_SAYS = "What the document says"
"""The heading of the statements of a policy or template in the call."""
LOOKED_UP = "Looked up in AWS IoT"
"""The heading of what the call itself does not tell."""


def say_headline(alert: Alert) -> str:
    """What happened to what, by whom: the line that a locked phone shows."""
    rollup = alert.rollup
    if rollup is None:
        title = alert.title or _title_of_old_message(alert)
        return f"{title}, by {say_who(alert.actor)}" if is_of_one_actor(alert) else title
    if rollup.mute is not None:
        return f"Mute {rollup.mute.name} ended; it held {say_count(rollup.count, 'alert')}"
    title = alert.title_of_many or alert.operation or alert.rule
    by = f", by {say_who(alert.actor)}" if is_of_one_actor(alert) else ""
    return f"{title}{by}: {rollup.count:,} more"


def _title_of_old_message(alert: Alert) -> str:
    subject = f" on {shorten(alert.subject)}" if alert.subject else ""
    return f"{alert.operation or alert.rule}{subject}"


def say_who(actor: Actor) -> str:
    """The actor in a headline, in one word where a word can tell."""
    if actor.kind == "root":
        return "root"
    if actor.kind == "device-registration":
        return "a device"
    if actor.kind == "identity-center" and actor.session:
        # The role is AWS's; the session is named after the person.
        return shorten(actor.session)
    return shorten(actor.name)


def is_of_one_actor(alert: Alert) -> bool:
    """Whether the actor of the alert made all the calls that it tells of."""
    if alert.story is not None:
        return not {"facts.actor.id", "facts.actor.name"}.isdisjoint(alert.story.group)
    return alert.rollup is None or (alert.rollup.mute is None and alert.operation is not None)


def is_of_one_place(alert: Alert) -> bool:
    """Whether all that it tells of is of one account and Region: a mute holds alerts of any."""
    return alert.rollup is None or alert.rollup.mute is None


def tells_who(alert: Alert) -> bool:
    """Whether a message names an actor: who made the calls, or of several the one that completed them."""
    return alert.rollup is None or is_of_one_actor(alert)


def say_actor(actor: Actor) -> str:
    """Who did it: what the caller is, its name, and the session if there is one."""
    kind = actor.kind.replace("-", " ").replace("iam", "IAM").replace("aws", "AWS")
    session = f", session {actor.session}" if actor.session else ""
    name = "" if actor.name in (actor.kind, "unknown") else f" {actor.name}"
    return f"{kind}{name}{session}"


def list_deciding(alert: Alert) -> list[str]:
    """The reasons that decided how bad it is, as sentences."""
    return [reason[:1].upper() + reason[1:] for reason in alert.reasons[:_DECIDING]]


def list_details(alert: Alert) -> Iterator[tuple[str, str]]:
    """What few need, whole: names that are short elsewhere, and ids."""
    for name in _whole_names(alert):
        yield "Resource", name
    if is_of_one_actor(alert):
        yield "Actor", alert.actor.id
    if alert.rule != alert.operation:
        yield "Rule", alert.rule
    if alert.attack:
        yield "ATT&CK", ", ".join(alert.attack)
    yield "Alert", alert.alert_id


def list_other_reasons(alert: Alert) -> list[str]:
    """The reasons that did not decide, as sentences."""
    return [reason[:1].upper() + reason[1:] for reason in alert.reasons[_DECIDING:]]


def _whole_names(alert: Alert) -> Iterator[str]:
    """The names that the message shows short."""
    names = [] if alert.subject is None else [alert.subject]
    if alert.story is not None:
        names += [call.subject for step in alert.story.steps for call in step.calls if call.subject]
    if alert.rollup is not None:
        names += alert.rollup.subjects
    return (name for name in dict.fromkeys(names) if shorten(name) != name)


def list_subjects(alert: Alert) -> tuple[str, ...]:
    """What it is about: one name, or of a rollup the first few."""
    if alert.rollup is not None:
        return alert.rollup.subjects
    return (alert.subject,) if alert.subject else ()


def list_steps(alert: Alert) -> list[str]:
    """What to do, with commands in backticks that are ready to be pasted."""
    values = {**alert.values, "region": alert.region}
    return [fill_step(step, values.get) for step in alert.runbook]


def list_links(alert: Alert) -> Iterator[tuple[str, str]]:
    """Pages to go on with: a label and an address."""
    if alert.link:
        yield "AWS console", alert.link
    if alert.event_id and alert.rollup is None:
        yield "CloudTrail record", event_link(alert.region, alert.event_id)
    if alert.docs:
        yield f"AWS on {alert.docs.rpartition('/')[2]}", alert.docs


def tell_story(story: Story) -> Iterator[tuple[str, str]]:
    """A windowed alert call by call: the name of each step, empty where there is one, and its line."""
    by_one = len({call.actor for step in story.steps for call in step.calls}) == 1
    if len(story.steps) > 1:
        for step in story.steps:
            for number, call in enumerate(step.calls):
                yield step.name if number == 0 else "", tell_call(call, actor=not by_one)
        return
    calls = [call for step in story.steps for call in step.calls]
    left_out = story.count - len(calls)
    for number, call in enumerate(calls):
        if number == FEW and left_out > 0:
            yield "", f"… at least {left_out:,} more"
        yield "", tell_call(call, actor=not by_one)
    if len(calls) <= FEW and left_out > 0:
        yield "", f"… at least {left_out:,} more"


def tell_call(call: Call, *, actor: bool = True) -> str:
    """One call of a story on one line."""
    subject = f" on {shorten(call.subject)}" if call.subject else ""
    return f"{call.time:%H:%M:%S} {call.operation}{subject}{f' by {call.actor}' if actor else ''}"


def tell_rollup(rollup: Rollup) -> Iterator[tuple[str, str]]:
    """What a rollup counts, in rows of a name and a text."""
    late = f"; they came late, {rollup.before:,} were counted before" if rollup.before else ""
    yield "Counted", f"{say_count(rollup.count, 'alert')}, {span_of(rollup)}{late}"
    if rollup.subjects:
        yield "On", _and_more([shorten(name) for name in rollup.subjects], rollup.more_subjects)
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


def say_time(moment: datetime) -> str:
    """A moment to the second, in UTC."""
    # Several times as fast as a format of our own.
    return f"{moment.isoformat(' ')[:19]} UTC"


def span_of(story: Story | Rollup) -> str:
    """From when to when the calls are."""
    return f"{story.first_seen:%Y-%m-%d %H:%M:%S} to {say_time(story.last_seen)}"
