"""The alert as a custom notification of Amazon Q Developer in chat applications, sent through SNS.

Its form: https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html. It passes over every
SNS message of another form. Text is in the markdown of the chat, so what comes from an event stands in code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from handlers.core.alerts import Alert
from handlers.core.renderings.content import (
    DOCUMENT_SAYS,
    LOOKED_UP,
    is_of_one_place,
    list_deciding,
    list_details,
    list_links,
    list_other_reasons,
    list_steps,
    list_subjects,
    say_actor,
    say_headline,
    say_time,
    tell_rollup,
    tell_story,
    tells_who,
)
from handlers.core.renderings.slack import code, escape

_TITLE_LIMIT = 250
_DESCRIPTION_LIMIT = 4000
_STEP_LIMIT = 350
_NAME_LIMIT = 100

# No mark of any markdown, and nothing that a chat makes a link of.
_PLAIN = re.compile(r"[\w ,:;…+=-]*")


def render_amazon_q(alert: Alert) -> str:
    """The notification as JSON."""
    headline = say_headline(alert)[: _TITLE_LIMIT // 2]
    return json.dumps(
        {
            "version": "1.0",
            "source": "custom",
            "id": alert.alert_id,
            "content": {
                "textType": "client-markdown",
                "title": f"{alert.severity.value.capitalize()}: {_plain(headline)}"[:_TITLE_LIMIT],
                "description": _cut("\n".join(_lines(alert))),
                "nextSteps": [step for step in map(escape, list_steps(alert)) if len(step) <= _STEP_LIMIT],
                "keywords": [alert.severity.value, alert.category, alert.short_id],
            },
            "metadata": {
                # One thread for the alerts of a kind and their rollups.
                "threadId": alert.dedup_key,
                "summary": _plain(headline),
                "eventType": alert.kind,
                "relatedResources": [name[:_NAME_LIMIT] for name in list_subjects(alert)],
                "additionalContext": {"severity": alert.severity.value, "rule": alert.rule},
            },
        },
        ensure_ascii=False,
    )


def _lines(alert: Alert) -> Iterator[str]:
    yield f"{code(alert.operation or alert.rule)} · alert {code(alert.short_id)}"
    yield from (f"• {escape(reason)}" for reason in list_deciding(alert))
    if alert.rollup is not None:
        yield from (f"*{name}* {code(text)}" for name, text in tell_rollup(alert.rollup))
    if alert.story is not None:
        yield from (f"• {escape(name)} {code(line)}" for name, line in tell_story(alert.story))
    if tells_who(alert):
        origin = f" from {code(alert.source_ip)}" if alert.source_ip else ""
        yield f"*Who* {code(say_actor(alert.actor))}{origin}"
    if alert.rollup is None:
        yield f"*When* {say_time(alert.time)}"
    if is_of_one_place(alert):
        account, region = alert.where
        yield f"*Where* account {code(account)}, {code(region)}"
    yield from (f"{escape(name)}: {code(value)}" for name, value in alert.shown.items())
    if alert.statements:
        yield f"*{DOCUMENT_SAYS}*"
    yield from (f"• {escape(each)}" for each in alert.statements)
    if alert.answers:
        yield f"*{LOOKED_UP}*"
    yield from (f"{escape(each.name)}: {code(each.text)}" for each in alert.answers)
    yield from (f"<{escape(address)}|{escape(label)}>" for label, address in list_links(alert))
    yield from (f"{name} {code(text)}" for name, text in list_details(alert))
    yield from (f"• {escape(reason)}" for reason in list_other_reasons(alert))


def _plain(headline: str) -> str:
    return headline if _PLAIN.fullmatch(headline) else code(headline)


def _cut(text: str) -> str:
    return text if len(text) <= _DESCRIPTION_LIMIT else text[: text.rfind("\n", 0, _DESCRIPTION_LIMIT)]
