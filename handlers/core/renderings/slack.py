"""The alert as a Slack message: Block Kit for an incoming webhook.

Limits: https://docs.slack.dev/reference/block-kit/blocks (header 150 characters, section text
3,000), and about 13,000 in all, which no page says. Escaping:
https://docs.slack.dev/messaging/formatting-message-text. In mrkdwn every text from an event stands in a code
span: there a `<!channel>`, a link or an asterisk is only text.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from handlers.core.alerts import Alert, Rollup, Story
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
from handlers.core.severity import Severity

Block = dict[str, Any]
"""A block of Block Kit, as JSON."""

LIMIT = 12_000
"""Characters of one message."""
_HEADER_LIMIT = 150
_SECTION_LIMIT = 3000
_CODE_LIMIT = 600
_LINK_LIMIT = 600
"""Characters of an address."""

_MODIFIER_GRAVE = "\N{MODIFIER LETTER GRAVE ACCENT}"
"""Looks like a backtick, and ends no code span."""

# The worst differs in shape, for those who see no colours.
SIGNS = {
    Severity.INFORMATIONAL: "⚪",
    Severity.LOW: "🔵",
    Severity.MEDIUM: "🟡",
    Severity.HIGH: "🟠",
    Severity.CRITICAL: "🚨",
}


def render_slack(alert: Alert) -> Block:
    """The JSON body for a webhook. `text` is what notifications and screen readers get: the headline."""
    headline = say_signed_headline(alert)
    return {
        "text": escape(headline),
        "blocks": render_blocks(alert, headline),
        "unfurl_links": False,
        "unfurl_media": False,
    }


def say_signed_headline(alert: Alert) -> str:
    """The headline with the sign of its severity."""
    return f"{SIGNS[alert.severity]} {say_headline(alert)}"


def render_blocks(alert: Alert, headline: str) -> list[Block]:
    """The blocks of a message, in the order in which people need them."""
    changed, answers, details = (_join(part(alert)) for part in (_changed, _answers, _details))
    told = [
        (context, _second_line(alert)),
        (section, _join([f"• {escape(reason)}" for reason in list_deciding(alert)])),
        (section, "" if alert.story is None else _join(_story(alert.story))),
        (section, "" if alert.rollup is None else _join(_counts(alert.rollup))),
        (section, _join(_about(alert))),
        (section, changed),
        (section, answers),
        (section, _join(_steps(alert))),
        (context, _links(alert)),
        (context, details),
    ]
    for optional in (details, changed, answers):
        if sum([len(text) for _, text in told]) > LIMIT - _HEADER_LIMIT:
            told = [(make, text) for make, text in told if text is not optional]
    header: Block = {
        "type": "header",
        "text": {"type": "plain_text", "text": cut(headline, _HEADER_LIMIT), "emoji": True},
    }
    return [header, *[make(text) for make, text in told if text]]


def _second_line(alert: Alert) -> str:
    what = alert.operation if alert.operation is not None else alert.rule
    account = f" · {code(alert.account_name)}" if alert.account_name else ""
    return f"*{alert.severity.value.capitalize()}* · {code(what)}{account} · alert {code(alert.short_id)}"


def _story(story: Story) -> list[str]:
    lines = [f"*What happened*, {escape(span_of(story))}"]
    for name, line in tell_story(story):
        lines.append(f"*{escape(name)}* {code(line)}" if name else code(line))
    lines.append(f"*Completed by* {code(tell_call(story.completed_by))}")
    return lines


def _counts(rollup: Rollup) -> list[str]:
    return [f"*{name}* {code(text)}" for name, text in tell_rollup(rollup)]


def _about(alert: Alert) -> list[str]:
    """Who, from where, when, and which account and Region."""
    lines = []
    if tells_who(alert):
        origin = f" from {code(alert.source_ip)}" if alert.source_ip else ""
        lines.append(f"*Who* {code(say_actor(alert.actor))}{origin}")
    if alert.rollup is None:
        # The reader's own time; what is behind the bar is for apps that do not know it.
        epoch = int(alert.time.timestamp())
        lines.append(f"*When* <!date^{epoch}^{{date_short_pretty}} {{time_secs}}|{say_time(alert.time)}>")
    if is_of_one_place(alert):
        account, region = alert.where
        lines.append(f"*Where* account {code(account)}, {code(region)}")
    return lines


def _changed(alert: Alert) -> list[str]:
    """What the call set, the error that it met, and of a policy what it allows."""
    lines = [f"{escape(name)}: {code(value)}" for name, value in alert.shown.items()]
    if alert.error:
        lines.append(f"error: {code(alert.error)}")
    if alert.statements:
        lines += [f"*{DOCUMENT_SAYS}*", *[f"• {escape(each)}" for each in alert.statements]]
    return lines


def _answers(alert: Alert) -> list[str]:
    lines = [f"{escape(each.name)}: {code(each.text)}" for each in alert.answers]
    return [f"*{LOOKED_UP}*", *lines] if lines else lines


def _steps(alert: Alert) -> list[str]:
    # A command stands in backticks, as code does here, and no value in it holds one.
    steps = [f"{number}. {escape(step)}" for number, step in enumerate(list_steps(alert), start=1)]
    return ["*What to do*", *steps] if steps else steps


def _details(alert: Alert) -> list[str]:
    details = [f"{name} {code(text)}" for name, text in list_details(alert)]
    return [*details, *[f"• {escape(reason)}" for reason in list_other_reasons(alert)]]


def _links(alert: Alert) -> str:
    return " · ".join(link(label, address) for label, address in list_links(alert))


def size_of(blocks: Iterable[Block]) -> int:
    """Characters of the texts of these blocks."""
    texts = [text for block in blocks for text in (block.get("text"), *block.get("elements", ())) if text]
    return sum(len(text["text"]) for text in texts)


def section(text: str) -> Block:
    """A section of mrkdwn."""
    return {"type": "section", "text": _mrkdwn(text)}


def context(text: str) -> Block:
    """A block of small print, in mrkdwn."""
    return {"type": "context", "elements": [_mrkdwn(text)]}


# A burst is of one actor, one operation, one place.
@lru_cache(maxsize=2048)
def code(text: str) -> str:
    """Text of an event, in a code span."""
    escaped = escape(text)
    if len(escaped) > _CODE_LIMIT:
        # An escaped letter takes up to five; a cut before escaping never splits one.
        escaped = escape(f"{text[: _CODE_LIMIT // 5 - 1]}…")
    return f"`{escaped.replace('`', _MODIFIER_GRAVE)}`"


def link(label: str, address: str) -> str:
    """A link; the label alone where the address is too long to be any but a hostile name's."""
    return f"<{escape(address)}|{escape(label)}>" if len(address) <= _LINK_LIMIT else escape(label)


def escape(text: str) -> str:
    """Text that Slack shows as it is, where it stands in no code span and has no marks of mrkdwn."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cut(text: str, length: int) -> str:
    """The text, or so much of it, with a mark that there is more."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _join(lines: Iterable[str]) -> str:
    """The lines as one text, cut at a line: every code span and entity stays whole."""
    text = "\n".join(lines)
    return text if len(text) <= _SECTION_LIMIT else text[: text.rfind("\n", 0, _SECTION_LIMIT)]


def _mrkdwn(text: str) -> Block:
    # `verbatim` keeps Slack from making links of names and addresses by itself.
    return {"type": "mrkdwn", "text": text, "verbatim": True}
