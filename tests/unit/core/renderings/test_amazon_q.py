import json
import re
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from handlers.core.alerts import Alert, Answer
from handlers.core.renderings.amazon_q import render_amazon_q
from tests.support.alerts import make_alert
from tests.support.rollups import MUTE, make_rollup
from tests.support.small_windows import BURST
from tests.unit.core.test_windowed_alerts import HELD, build


def read(alert: Alert) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(render_amazon_q(alert))
    return data


def test_a_notification_has_the_form_that_amazon_q_takes() -> None:
    alert = make_alert()
    data = read(alert)
    assert ("1.0", "custom", "client-markdown") == (
        data["version"],
        data["source"],
        data["content"]["textType"],
    )
    assert "High: Certificate 7a1f7a1f… activated, by fleet-admin" == data["content"]["title"]
    assert ["Ask who did it."] == data["content"]["nextSteps"][:1]
    assert alert.dedup_key == data["metadata"]["threadId"]


def test_an_alert_and_its_rollup_share_a_thread() -> None:
    assert read(make_alert())["metadata"]["threadId"] == read(make_rollup())["metadata"]["threadId"]


def test_what_was_looked_up_stands_in_code() -> None:
    answers = (Answer("Newly allowed", "iot:* on *every* resource"),)
    assert (
        "Newly allowed: `iot:* on *every* resource`"
        in (read(replace(make_alert(), answers=answers))["content"]["description"])
    )


def test_stories_and_counts_are_told_too() -> None:
    assert "16:00:01 iot:UpdateCertificate" in read(build(BURST, HELD))["content"]["description"]
    assert "*Counted* `7 alerts" in read(make_rollup())["content"]["description"]
    assert "*Because* `weekly load test`" in read(make_rollup(mute=MUTE))["content"]["description"]


@given(
    st.text(max_size=300)
    | st.sampled_from(
        ["<!channel>", "[x](https://evil.example)", "*b* _i_ ~s~", "`x`", "https://evil.example"]
    )
)
def test_text_of_an_event_stands_in_code_and_mentions_nobody(text: str) -> None:
    alert = make_alert(
        requestParameters={"certificateId": text, "newStatus": text},
        sourceIPAddress=text,
        errorCode=text,
        userIdentity={"type": "IAMUser", "userName": text, "arn": text},
    )
    content = read(alert)["content"]
    ours = r"<https://[a-z0-9-]+\.console\.[^<>|]*\|[^<>]*>"
    for said in (content["title"], content["description"], *content["nextSteps"]):
        outside_code = re.sub(rf"`[^`\n]*`|{ours}", "", said)
        assert [] == re.findall(r"<[^>]*>|evil|\]\(", outside_code)
    assert (len(content["title"]) <= 250, len(content["description"]) <= 4000) == (True, True)


def test_a_rollup_names_the_first_few_that_it_is_about() -> None:
    rollup = make_rollup()
    assert rollup.rollup is not None
    told = json.loads(render_amazon_q(rollup))["metadata"]["relatedResources"]
    assert list(rollup.rollup.subjects) == told
