import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from handlers.core.alerts import Alert, Answer, Call, Step, Story
from handlers.core.renderings.slack import LIMIT, render_slack
from tests.support.alerts import make_alert
from tests.support.records import CERTIFICATE
from tests.support.rollups import MUTE, make_rollup
from tests.support.rules import UPDATE_CERTIFICATE

HOSTILE = "<!channel> <https://evil.example|click> *bold* `code` & @here"


def _texts(message: dict[str, Any]) -> str:
    return json.dumps(message["blocks"], ensure_ascii=False)


def _hostile(text: str) -> Alert:
    alert = make_alert(
        requestParameters={"certificateId": text, "newStatus": text},
        sourceIPAddress=text,
        errorCode=text,
        userIdentity={"type": "IAMUser", "userName": text, "arn": text},
    )
    return replace(alert, answers=(Answer("Newly allowed", text),) * 7)


def test_a_message_says_what_happened_why_it_matters_who_did_it_and_what_to_do_in_this_order() -> None:
    alert = make_alert()
    message = render_slack(alert)
    headline = "🟠 Certificate 7a1f7a1f… activated, by fleet-admin"
    assert headline == message["text"]
    assert [
        headline,
        f"*High* · `iot:UpdateCertificate` · alert `{alert.short_id}`",
        "• An identity becomes usable\n• Changes whether a device may connect",
        "*Who* `role fleet-admin, session alice` from `198.51.100.7`\n"
        "*When* <!date^1795339815^{date_short_pretty} {time_secs}|2026-11-22 09:30:15 UTC>\n"
        "*Where* account `111122223333`, `eu-west-1`",
        "newStatus: `ACTIVE`",
        "*What to do*\n1. Ask who did it.\n2. To undo: `aws iot update-certificate --certificate-id "
        f"{CERTIFICATE} --new-status INACTIVE --region eu-west-1`",
        "<https://eu-west-1.console.aws.amazon.com/iot/home?region=eu-west-1#/certificate/"
        f"{CERTIFICATE}|AWS console> · <https://eu-west-1.console.aws.amazon.com/cloudtrailv2/home"
        "?region=eu-west-1#/events/5d0c1d4e-0000-4000-8000-000000000002|CloudTrail record>",
        f"Resource `{CERTIFICATE}`\nActor `arn:aws:iam::111122223333:role/fleet-admin`\n"
        f"ATT&CK `T1098`\nAlert `{alert.alert_id}`",
    ] == [_said(block) for block in message["blocks"]]


def _said(block: dict[str, Any]) -> str:
    (text,) = [each["text"] for each in (block.get("text"), *block.get("elements", [])) if each]
    return str(text)


def test_what_was_looked_up_stands_after_what_the_call_tells() -> None:
    alert = replace(make_alert(), answers=(Answer("Its things", "pump-7"),))
    said = [_said(block) for block in render_slack(alert)["blocks"]]
    assert "*Looked up in AWS IoT*\nIts things: `pump-7`" == said[said.index("newStatus: `ACTIVE`") + 1]


def test_the_worst_differs_from_the_others_in_shape_too() -> None:
    critical = make_alert(userIdentity={"type": "Root"})
    assert "🚨 Certificate 7a1f7a1f… changed to ACTIVE, by root" == render_slack(critical)["text"]


@pytest.mark.parametrize("story", [True, False])
def test_details_are_dropped_first_when_a_message_would_be_too_long(story: bool) -> None:
    shown = [f"requestParameters.p{number}" for number in range(12)]
    rule = {**UPDATE_CERTIFICATE, "shown": shown, "runbook": ["x" * 290] * 9}
    alert = make_alert(rule, requestParameters={name[18:]: "y" * 250 for name in shown})
    if story:
        calls = tuple(Call(alert.time, str(number), "iot:CreateThing", "s" * 60, "a") for number in range(40))
        alert = replace(
            alert, story=Story("many", 40, {}, alert.time, alert.time, (Step("calls", calls),), calls[0])
        )
    alert = replace(alert, reasons=("r" * 290,) * 12, statements=("s" * 250,) * 8)
    blocks = render_slack(alert)["blocks"]
    assert sum(len(_said(block)) for block in blocks) <= LIMIT
    said = _texts({"blocks": blocks})
    assert (not story, True) == (alert.alert_id in said, "What to do" in said)


def test_the_time_is_shown_in_the_readers_own_zone() -> None:
    assert "<!date^1795339815^{date_short_pretty} {time_secs}|2026-11-22 09:30:15 UTC>" in _texts(
        render_slack(make_alert())
    )


def test_the_record_is_one_click_away() -> None:
    link = "https://eu-west-1.console.aws.amazon.com/cloudtrailv2/home?region=eu-west-1#/events/5d0c1d4e-0000-4000-8000-000000000002"
    assert f"<{link}|CloudTrail record>" in _texts(render_slack(make_alert()))


def test_text_from_an_event_mentions_nobody_and_links_nowhere() -> None:
    message = render_slack(_hostile(HOSTILE))
    mrkdwn = [text for block in message["blocks"] for text in _mrkdwn(block)]
    for text in mrkdwn:
        outside_code = re.sub(r"`[^`\n]*`|<https://[a-z0-9-]+\.console\.[^<>|]*\|", "", text)
        assert "evil" not in outside_code
        assert re.findall(r"<(?!!date|https://[a-z0-9-]+\.console\.)[^>]*>", text) == []
    assert "<" not in message["text"]


@given(st.text(max_size=400) | st.text("&<>`", min_size=250, max_size=400))
def test_whatever_an_event_says_the_message_keeps_slacks_limits(text: str) -> None:
    message = render_slack(_hostile(text))
    for block in Block.parse_all(message["blocks"]):
        block.to_dict()
    assert sum(len(_said(block)) for block in message["blocks"]) <= LIMIT
    assert [] == [text for block in message["blocks"] for text in _mrkdwn(block) if not 0 < len(text) <= 3000]


def test_a_very_long_runbook_is_cut_between_its_steps() -> None:
    rule_steps = [f"step {number} " + "x" * 500 for number in range(20)]
    message = render_slack(make_alert({**UPDATE_CERTIFICATE, "runbook": rule_steps}))
    (steps,) = [text for block in message["blocks"] for text in _mrkdwn(block) if "What to do" in text]
    assert len(steps) <= 3000
    assert steps.endswith("x" * 500)


def test_links_are_not_unfurled() -> None:
    message = render_slack(make_alert())
    assert (False, False) == (message["unfurl_links"], message["unfurl_media"])


def _mrkdwn(block: dict[str, Any]) -> list[str]:
    objects = [block.get("text"), *block.get("fields", []), *block.get("elements", [])]
    return [entry["text"] for entry in objects if entry and entry["type"] == "mrkdwn"]


def test_a_rollup_counts_and_names_and_the_end_of_a_mute_says_who_muted() -> None:
    said = _texts(render_slack(make_rollup()))
    assert "*Counted* `7 alerts, 2026-11-22 09:30:00 to 2026-11-22 09:30:06 UTC`" in said
    assert "*On* `lamp-0, lamp-1, lamp-2, lamp-3, lamp-4 and 2 more`" in said
    assert "🟠 Certificate activated, by fleet-admin: 7 more" == render_slack(make_rollup())["text"]
    assert f"alert `{make_alert().short_id}`" in said
    message = render_slack(make_rollup(mute=MUTE))
    assert "🟠 Mute load-test ended; it held 7 alerts" == message["text"]
    assert "*Because* `weekly load test`" in _texts(message)
    assert "fleet-admin" not in _texts(message)


@given(st.text(max_size=120))
def test_whatever_the_subjects_of_a_rollup_are_it_keeps_slacks_limits(text: str) -> None:
    for mute in (None, replace(MUTE, reason=text or "x")):
        message = render_slack(make_rollup(held=9, subject=f"{HOSTILE}{text}", address=text, mute=mute))
        for block in Block.parse_all(message["blocks"]):
            block.to_dict()
        assert "<!channel>" not in _texts(message)
        assert "<https://evil.example" not in _texts(message)
