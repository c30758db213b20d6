"""Several alerts that wait for one Slack channel, as few messages.

Slack takes about one message a second of a webhook, and short bursts:
https://docs.slack.dev/apis/web-api/rate-limits. So up to three alerts are messages of their own. More are one
digest: a line for each, the worst first. What is critical stands in it whole, before all else, or in a
message of its own where there is no room.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from handlers.core.alerts import Alert
from handlers.core.renderings.content import list_links
from handlers.core.renderings.slack import (
    LIMIT,
    Block,
    code,
    cut,
    escape,
    link,
    render_blocks,
    render_slack,
    say_signed_headline,
    section,
    size_of,
)
from handlers.core.severity import Severity
from handlers.core.text import say_count

MOST_ALONE = 3
"""So many are sent one by one."""
_MOST_BLOCKS = 50
_LONGEST_HEADLINE = 100
"""Ten lines fit into a message, whatever is escaped in them."""


class Post(NamedTuple):
    """One message, and the alerts that it tells, by their place among those that were given."""

    alerts: tuple[int, ...]
    payload: Block


def plan_posts(alerts: Sequence[Alert], *, digests: bool = True) -> list[Post]:
    """The messages that tell these alerts, each in one of them, the worst first; each in its own where
    `digests` are not wanted.
    """
    order = sorted(range(len(alerts)), key=lambda each: (-alerts[each].severity.rank, alerts[each].time))
    together, alone = order, 0
    # The worst that have no room in the digest are told alone.
    while digests and (len(together) > MOST_ALONE or (alone and len(together) > 1)):
        critical = sum(alerts[each].severity is Severity.CRITICAL for each in together)
        payload = render_digest([alerts[each] for each in together], whole=critical)
        if fits(payload):
            break
        alone, together = alone + 1, together[1:]
    else:
        return [Post((each,), render_slack(alerts[each])) for each in order]
    singles = [Post((each,), render_slack(alerts[each])) for each in order[:alone]]
    return [*singles, Post(tuple(together), payload)]


def render_digest(alerts: Sequence[Alert], *, whole: int = 0) -> Block:
    """One message for several alerts, in their order; the first `whole` stand in it whole."""
    headline = f"{say_signed_headline(alerts[0])}, and {len(alerts) - 1:,} more"
    blocks: list[Block] = []
    for alert in alerts[:whole]:
        blocks += [*render_blocks(alert, say_signed_headline(alert)), {"type": "divider"}]
    lines = [_line(alert) for alert in alerts[whole:]]
    if lines:
        title = f"{say_count(len(lines), 'more alert' if whole else 'alert')} at once"
        blocks.append({"type": "header", "text": {"type": "plain_text", "text": title, "emoji": True}})
        blocks += [section(line) for line in lines]
    return {"text": escape(headline), "blocks": blocks, "unfurl_links": False, "unfurl_media": False}


def fits(payload: Block) -> bool:
    """Whether Slack takes a message of this size."""
    return len(payload["blocks"]) <= _MOST_BLOCKS and size_of(payload["blocks"]) <= LIMIT


def _line(alert: Alert) -> str:
    """An alert on a line: its headline, by which id it is found, and the links of its message."""
    sign, _, headline = say_signed_headline(alert).partition(" ")
    what = alert.operation if alert.operation is not None else alert.rule
    links = [link(label, address) for label, address in list_links(alert)]
    return f"{sign} {code(cut(headline, _LONGEST_HEADLINE))}\n" + " · ".join(
        [code(what), f"alert {code(alert.short_id)}", *links]
    )
