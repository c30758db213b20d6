"""Slack messages as a web page, about as Slack draws them: one file that loads nothing.

It draws the JSON that a webhook gets, so it shows what Slack would. All text of a message is escaped anew: a
message may come from anywhere.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

_MARKS = re.compile(
    r"`(?P<code>[^`\n]+)`"
    r"|<!date\^[0-9]+\^[^|>]*\|(?P<date>[^>]*)>"
    r"|<(?P<address>https?://[^|>\s]+)\|(?P<label>[^>]*)>"
    r"|\*(?P<bold>[^*\n]+)\*"
)

_STYLE = """\
:root { color-scheme: light }
body { margin: 0; background: #fff; color: #1d1c1d;
  font: 15px/1.46 Lato, "Helvetica Neue", Arial, sans-serif }
main { max-width: 46rem; margin: 0 auto; padding: .75rem .75rem 2rem }
h1 { font-size: 1.05rem; margin: .25rem 0 .75rem; padding-bottom: .6rem; border-bottom: 1px solid #ddd }
article { display: flex; gap: .6rem; padding: .6rem 0 }
.face { flex: none; width: 36px; height: 36px; border-radius: 6px; background: #12324a; color: #fff;
  font-weight: 700; text-align: center; line-height: 36px }
.said { min-width: 0; flex: 1; overflow-wrap: anywhere }
.from b { font-weight: 900 }
.app { background: #e8e8e8; color: #616061; border-radius: 2px; padding: 0 3px; font-size: 10px;
  font-weight: 700; margin: 0 .35em; vertical-align: 1px }
.from time, .context { color: #616061; font-size: 12px }
h2 { font-size: 18px; line-height: 1.33; margin: .15rem 0 .3rem }
p { margin: .4rem 0; white-space: pre-line }
.context { margin: .3rem 0 }
code { font: 12px/1.5 Menlo, Consolas, "DejaVu Sans Mono", monospace; color: #c01343; background: #f8f8f8;
  border: 1px solid #ddd; border-radius: 3px; padding: 1px 3px; white-space: pre-wrap }
.context code { font-size: 11px }
a { color: #1264a3; text-decoration: none }
a:hover { text-decoration: underline }
hr { border: 0; border-top: 1px solid #ddd; margin: .8rem 0 }
.empty { color: #616061 }
"""


def render_message(payload: Mapping[str, Any], received: datetime | None = None) -> str:
    """One message as an HTML element; `payload` is the body of a post to a webhook."""
    time = "" if received is None else f"<time>{received:%H:%M}</time>"
    blocks = payload.get("blocks") or [{"type": "section", "text": {"text": payload.get("text", "")}}]
    return (
        '<article><div class="face" aria-hidden="true">T</div><div class="said">'
        f'<div class="from"><b>Thingwatch</b><span class="app">APP</span>{time}</div>'
        f"{''.join(map(_draw_block, blocks))}</div></article>"
    )


def render_page(messages: Iterable[str], *, title: str, script: str = "") -> str:
    """A whole page of messages that `render_message` made; `script` is our own code, if any."""
    drawn = "\n".join(messages) or '<p class="empty">Nothing has arrived yet.</p>'
    code = f"<script>{script}</script>" if script else ""
    allowed = "default-src 'none'; style-src 'unsafe-inline'" + (
        "; script-src 'unsafe-inline'; connect-src 'self'" if script else ""
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{allowed}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>\n{_STYLE}</style></head>\n"
        f'<body><main><h1>{html.escape(title)}</h1>\n<div id="messages">{drawn}</div></main>'
        f"{code}</body></html>\n"
    )


def _draw_block(block: Mapping[str, Any]) -> str:
    if block["type"] == "header":
        return f"<h2>{_escape(block['text']['text'])}</h2>"
    if block["type"] == "divider":
        return "<hr>"
    if block["type"] == "context":
        return f'<p class="context">{"".join(_draw(each["text"]) for each in block["elements"])}</p>'
    return f"<p>{_draw(block['text']['text'])}</p>"


def _draw(mrkdwn: str) -> str:
    """Mrkdwn as HTML."""
    drawn, end = [], 0
    for found in _MARKS.finditer(mrkdwn):
        drawn.append(_escape(mrkdwn[end : found.start()]))
        drawn.append(_draw_mark(found))
        end = found.end()
    return "".join([*drawn, _escape(mrkdwn[end:])])


def _draw_mark(found: re.Match[str]) -> str:
    if found["code"] is not None:
        return f"<code>{_escape(found['code'])}</code>"
    if found["date"] is not None:
        return f"<time>{_escape(found['date'])}</time>"
    if found["address"] is not None:
        address = _escape(found["address"])
        return f'<a href="{address}" rel="noreferrer" target="_blank">{_escape(found["label"])}</a>'
    return f"<b>{_escape(found['bold'])}</b>"


def _escape(text: str) -> str:
    """Text as Slack has it, for HTML."""
    return html.escape(html.unescape(text))
