"""Several alerts in one Slack message."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from handlers.core.alerts import Alert
from handlers.core.renderings.content import list_links
from handlers.core.renderings.digest import fits, plan_posts, render_digest
from handlers.core.renderings.slack import LIMIT, render_slack, size_of
from tests.support.alerts import make_alert
from tests.support.rules import UPDATE_CERTIFICATE

ROOT = {"type": "Root"}


def make(number: int, *, critical: bool = False, **record: Any) -> Alert:
    identity = ROOT if critical else {"type": "IAMUser", "userName": f"u{number}", "arn": f"u{number}"}
    return make_alert(eventID=str(number), **{"userIdentity": identity, **record})


def told_in(posts: list[Any]) -> list[tuple[int, ...]]:
    return [post.alerts for post in posts]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_up_to_three_alerts_are_messages_of_their_own(count: int) -> None:
    alerts = [make(number) for number in range(count)]
    assert [render_slack(each) for each in alerts] == [post.payload for post in plan_posts(alerts)]


def test_from_four_on_they_are_one_message_with_a_line_each() -> None:
    alerts = [make(number) for number in range(10)]
    (post,) = plan_posts(alerts)
    assert tuple(range(10)) == post.alerts
    assert "🟠 Certificate 7a1f7a1f… activated, by u0, and 9 more" == post.payload["text"]
    header, *lines = post.payload["blocks"]
    assert "10 alerts at once" == header["text"]["text"]
    assert 10 == len(lines)
    assert lines[3]["text"]["text"].startswith(
        "🟠 `Certificate 7a1f7a1f… activated, by u3`\n"
        f"`iot:UpdateCertificate` · alert `{alerts[3].short_id}` · <https://eu-west-1.console."
    )


def test_a_line_has_the_links_of_the_alerts_own_message() -> None:
    rule = {
        **UPDATE_CERTIFICATE,
        "docs": "https://docs.aws.amazon.com/iot/latest/apireference/API_UpdateCertificate",
    }
    alerts = [make_alert(rule, eventID=str(number)) for number in range(4)]
    (post,) = plan_posts(alerts)
    labels = re.findall(r"\|([^<>]*)>", post.payload["blocks"][1]["text"]["text"])
    assert [label for label, _ in list_links(alerts[0])] == labels
    assert ["AWS console", "CloudTrail record", "AWS on API_UpdateCertificate"] == labels


def test_a_headline_that_is_cut_says_so() -> None:
    alerts = [make(n, userIdentity={"type": "IAMUser", "userName": "u" * 200}) for n in range(4)]
    alerts = [replace(each, title="x" * 120) for each in alerts]
    (post,) = plan_posts(alerts)
    first = post.payload["blocks"][1]["text"]["text"].splitlines()[0]
    assert f"🟠 `{'x' * 99}…`" == first


def test_a_critical_alert_stands_first_and_whole() -> None:
    alerts = [*(make(number) for number in range(5)), make(5, critical=True)]
    (post,) = plan_posts(alerts)
    assert 5 == post.alerts[0]
    whole = render_slack(alerts[5])["blocks"]
    assert whole == post.payload["blocks"][: len(whole)]
    assert "🚨 Certificate 7a1f7a1f… changed to ACTIVE, by root, and 5 more" == post.payload["text"]
    assert "5 more alerts at once" in json.dumps(post.payload)


def test_a_digest_of_critical_alerts_alone_counts_no_others() -> None:
    alerts = [make_alert(eventID=str(number), userIdentity=ROOT) for number in range(4)]
    (post,) = plan_posts(alerts)
    assert "at once" not in json.dumps(post.payload)


def test_one_alert_beside_critical_ones_is_one() -> None:
    alerts = [*[make_alert(eventID=str(number), userIdentity=ROOT) for number in range(3)], make(3)]
    (post,) = plan_posts(alerts)
    assert "1 more alert at once" in json.dumps(post.payload)


def test_critical_alerts_that_have_no_room_together_are_told_alone_and_first() -> None:
    rule = {**UPDATE_CERTIFICATE, "runbook": ["x" * 290] * 9}
    alerts = [make_alert(rule, eventID=str(n), userIdentity=ROOT) for n in range(6)]
    alerts += [make(number) for number in range(6, 10)]
    posts = plan_posts(alerts)
    assert sorted(range(10)) == sorted(number for post in posts for number in post.alerts)
    alone = [post for post in posts if len(post.alerts) == 1]
    assert [render_slack(alerts[post.alerts[0]]) for post in alone] == [post.payload for post in alone]
    assert posts[: len(alone)] == alone
    digest = posts[-1]
    assert digest.payload["blocks"][0]["text"]["text"].startswith("🚨")
    assert fits(digest.payload)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.booleans(), st.text(max_size=60) | st.just("&<>`" * 70)), min_size=1, max_size=10)
)
def test_whatever_the_alerts_are_each_is_told_once_within_slacks_limits(
    texts: list[tuple[bool, str]],
) -> None:
    alerts = [
        make(n, critical=critical, requestParameters={"certificateId": text}, sourceIPAddress=text)
        for n, (critical, text) in enumerate(texts)
    ]
    posts = plan_posts(alerts)
    assert list(range(len(texts))) == sorted(number for post in posts for number in post.alerts)
    for post in posts:
        assert size_of(post.payload["blocks"]) <= LIMIT
        for block in Block.parse_all(post.payload["blocks"]):
            block.to_dict()


def test_text_of_an_event_mentions_nobody_in_a_digest() -> None:
    hostile = "<!channel> <https://evil.example|x> *b*"
    alerts = [
        make(
            n,
            userIdentity={"type": "IAMUser", "userName": hostile},
            requestParameters={"certificateId": hostile},
        )
        for n in range(10)
    ]
    payload = render_digest(alerts)
    for block in payload["blocks"][1:]:
        outside_code = re.sub(r"`[^`\n]*`|<https://[a-z0-9-]+\.console\.[^<>]*>", "", block["text"]["text"])
        assert [] == re.findall(r"<|evil|\*", outside_code)
    assert "<" not in payload["text"]
