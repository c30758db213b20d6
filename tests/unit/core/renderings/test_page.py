"""The page that draws Slack messages: it shows what Slack would, and runs nothing of a message."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from handlers.core.renderings.page import render_message, render_page
from handlers.core.renderings.slack import render_slack
from tests.support.alerts import make_alert

HOSTILE = st.sampled_from(
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "&lt;script&gt;", "<!channel>", "`x`"]
)


class Reader(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader


def test_a_message_is_drawn_with_its_headline_code_links_and_the_time_it_came() -> None:
    drawn = render_message(render_slack(make_alert()), datetime(2026, 11, 22, 9, 31, tzinfo=UTC))
    assert "<h2>🟠 Certificate 7a1f7a1f… activated, by fleet-admin</h2>" in drawn
    assert "<b>High</b> · <code>iot:UpdateCertificate</code>" in drawn
    assert "<b>When</b> <time>2026-11-22 09:30:15 UTC</time>" in drawn
    assert 'rel="noreferrer" target="_blank">CloudTrail record</a>' in drawn
    assert "<time>09:31</time>" in drawn


def test_a_page_loads_nothing_and_says_when_nothing_has_arrived() -> None:
    page = render_page([], title="#secops & more")
    assert "default-src 'none'" in page
    assert "<title>#secops &amp; more</title>" in page
    assert "Nothing has arrived yet." in read(page).text
    assert [] == re.findall(r"src=|@import|url\(", page)


def test_a_message_without_blocks_is_drawn_by_its_text() -> None:
    assert "<p>hello &lt;b&gt;</p>" in render_message({"text": "hello &lt;b&gt;"})


@given(HOSTILE | st.text(max_size=60))
def test_text_of_an_event_makes_no_element_and_no_link(text: str) -> None:
    alert = make_alert(
        requestParameters={"certificateId": text, "newStatus": text},
        sourceIPAddress=text,
        errorCode=text,
        userIdentity={"type": "IAMUser", "userName": text, "arn": text},
    )
    seen = read(render_message(render_slack(alert)))
    assert {"article", "div", "b", "span", "h2", "p", "code", "time", "a"} >= set(seen.elements)
    assert {"class", "aria-hidden", "href", "rel", "target"} >= {name for name, _ in seen.attributes}
    addresses = [value or "" for name, value in seen.attributes if name == "href"]
    assert [] == [each for each in addresses if not re.match(r"https://[a-z0-9-]+\.console\.", each)]
