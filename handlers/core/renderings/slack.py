"""The alert as a Slack message: Block Kit for an incoming webhook.

Limits: https://docs.slack.dev/reference/block-kit/blocks (header 150 characters, section text
3,000, ten fields). Escaping: https://docs.slack.dev/messaging/formatting-message-text. In mrkdwn every
text from an event stands in a code span: there a `<!channel>`, a link or an asterisk is only text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from handlers.core.alerts import Alert, Story
from handlers.core.console import event_link
from handlers.core.renderings.text import (
    is_of_one_actor,
    render_actor,
    render_title,
    span_of,
    tell_call,
    tell_rollup,
    tell_story,
)
from handlers.core.severity import Severity

_HEADER_LIMIT = 150
_SECTION_LIMIT = 3000
_CODE_LIMIT = 600
"""Three of them fit into a field of 2,000 characters, however much had to be escaped."""

_MODIFIER_GRAVE = "\N{MODIFIER LETTER GRAVE ACCENT}"
"""Looks like a backtick, and ends no code span."""

_SIGNS = {
    Severity.INFORMATIONAL: "⚪",
    Severity.LOW: "🔵",
    Severity.MEDIUM: "🟡",
    Severity.HIGH: "🟠",
    Severity.CRITICAL: "🔴",
}


def render_slack(alert: Alert) -> dict[str, Any]:
    """The JSON body for a webhook. `text` is what notifications and screen readers get."""
    title = f"{_SIGNS[alert.severity]} {render_title(alert)}"
    return {
        "text": _escape(title),
        "blocks": list(_blocks(alert, title)),
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _blocks(alert: Alert, title: str) -> Iterator[dict[str, Any]]:
    header = title if len(title) <= _HEADER_LIMIT else title[: _HEADER_LIMIT - 1] + "…"
    yield {"type": "header", "text": {"type": "plain_text", "text": header, "emoji": False}}
    yield _section("\n".join(f"• {_escape(reason)}" for reason in alert.reasons))
    if alert.story is not None:
        yield _section("\n".join(_story(alert.story)))
    if alert.rollup is not None:
        yield _section("\n".join(f"*{name}* {_code(text)}" for name, text in tell_rollup(alert.rollup)))
    yield {"type": "section", "fields": [_markdown(f"*{name}*\n{text}") for name, text in _fields(alert)]}
    details = "\n".join(f"{_escape(name)}: {_code(value)}" for name, value in _details(alert))
    if details:
        yield _section(details)
    if alert.runbook:
        steps = "\n".join(f"{number}. {_escape(step)}" for number, step in enumerate(alert.runbook, start=1))
        yield _section(f"*What to do*\n{steps}")
    yield {"type": "context", "elements": [_markdown(" · ".join(_footer(alert)))]}


def _story(story: Story) -> Iterator[str]:
    yield f"*What happened*, {_escape(span_of(story))}"
    for name, line in tell_story(story):
        step = f"*{_escape(name)}* " if name else ""
        yield f"• {step}{_code(line)}"
    yield f"*Completed by* {_code(tell_call(story.completed_by))}"


def _fields(alert: Alert) -> Iterator[tuple[str, str]]:
    if is_of_one_actor(alert):
        yield "Who", f"{_code(render_actor(alert))}\n{_code(alert.actor.id)}"
    account, region = alert.where
    yield "Where", f"account {_code(account)}\n{_code(region)}"
    if alert.rollup is None:
        epoch = int(alert.time.timestamp())
        yield (
            "When",
            f"<!date^{epoch}^{{date_short_pretty}} {{time_secs}}|{alert.time:%Y-%m-%d %H:%M:%S} UTC>",
        )
    if alert.source_ip:
        yield "From", _code(alert.source_ip)


def _details(alert: Alert) -> Iterator[tuple[str, str]]:
    yield from alert.shown.items()
    if alert.error:
        yield "error", alert.error


def _footer(alert: Alert) -> Iterator[str]:
    if alert.link:
        yield f"<{_escape(alert.link)}|AWS console>"
    yield f"<{_escape(event_link(alert.region, alert.event_id))}|CloudTrail record>"
    if alert.attack:
        yield f"ATT&amp;CK {', '.join(map(_escape, alert.attack))}"
    yield f"alert {_escape(alert.alert_id)}"


def _section(text: str) -> dict[str, Any]:
    if len(text) > _SECTION_LIMIT:
        # Cutting at a line keeps every code span and entity whole.
        end = text.rfind("\n", 0, _SECTION_LIMIT)
        text = text[: end if end > 0 else _SECTION_LIMIT]
    return {"type": "section", "text": _markdown(text)}


def _markdown(text: str) -> dict[str, Any]:
    # `verbatim` keeps Slack from making links of names and addresses by itself.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _code(text: str) -> str:
    escaped = _escape(text)
    if len(escaped) > _CODE_LIMIT:
        # An escaped letter takes up to five; a cut before escaping never splits one.
        escaped = _escape(f"{text[: _CODE_LIMIT // 5 - 1]}…")
    return f"`{escaped.replace('`', _MODIFIER_GRAVE)}`"


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
