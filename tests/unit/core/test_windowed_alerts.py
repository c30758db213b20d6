"""The alert of a rule over time: what it tells, and in which words."""

from datetime import UTC, datetime
from typing import Any

from handlers.core.alert_building import build_windowed_alert
from handlers.core.alerts import Alert, Delivery, read_delivery, write_delivery
from handlers.core.entries import LONGEST_SHOWN, find_entries
from handlers.core.judgement import judge_event
from handlers.core.record import parse_event
from handlers.core.renderings.slack import render_slack
from handlers.core.renderings.sns import list_attributes, render_sns
from handlers.core.renderings.text import render_text, render_title
from handlers.core.windows import Held, Sighting
from tests.support.small_windows import (
    BURST,
    FIRST,
    SEQUENCE,
    SPREAD,
    START,
    make_call,
    make_windowed_ruleset,
)


def see(second: int, operation: str = "iot:UpdateCertificate", subject: str | None = "c1") -> Sighting:
    return Sighting(START + second, f"e{second}", operation, subject, "alice")


def build(rule: dict[str, Any], held: Held, *, ruleset: dict[str, Any] | None = None, **call: Any) -> Alert:
    rules = make_windowed_ruleset(rule, **(ruleset or {}))
    judged = judge_event(parse_event(make_call(8, event_id="e8", **call)), rules)
    entry = find_entries(judged, rules)[0]
    return build_windowed_alert(judged, entry, alert_id="4711", held=held, ruleset=rules)


HELD = Held(START + 8, 9, {"calls": (see(1), see(2, subject=None), see(8))})
BURST_TEXT = """\
High: burst: at least 3 calls within 10 seconds, by alice
burst, alert ec3aedc6

- Somebody is in a hurry

What happened, 2025-11-24 16:00:01 to 2025-11-24 16:00:08 UTC
  16:00:01 iot:UpdateCertificate on c1
  16:00:02 iot:UpdateCertificate
  16:00:08 iot:UpdateCertificate on c1
  … at least 6 more
Completed by 16:00:08 iot:UpdateCertificate on c1 by alice

Who      IAM user alice from 198.51.100.7
When     2025-11-24 16:00:08 UTC
Where    account 111122223333, eu-west-1

CloudTrail record: https://eu-west-1.console.aws.amazon.com/cloudtrailv2/home?region=eu-west-1#/events/e8

Actor: arn:aws:iam::111122223333:user/alice
Rule: burst
Alert: 4711
"""


def test_a_burst_is_told_with_its_first_and_last_calls_and_how_many_more() -> None:
    assert BURST_TEXT == render_text(build(BURST, HELD))


def test_what_is_left_out_of_a_long_burst_stands_between_the_first_and_the_last_calls() -> None:
    seen = tuple(see(second) for second in (1, 2, 3, 6, 7, 8))
    text = render_text(build(BURST, Held(START + 8, 5000, {"calls": seen})))
    lines = [line[2:10] for line in text.splitlines() if line.startswith("  ")]
    assert ["16:00:01", "16:00:02", "16:00:03", "… at lea", "16:00:06", "16:00:07", "16:00:08"] == lines[:7]


SEQUENCE_LINES = """\
  changed        16:00:01 iot:UpdateCertificate on c1
                 16:00:02 iot:UpdateCertificate on c1
  deleted        16:00:08 iot:DeleteCertificate on c1
Completed by 16:00:08 iot:DeleteCertificate by alice
"""


def test_a_sequence_is_told_step_by_step_as_it_went() -> None:
    steps = {
        "deleted": (see(8, "iot:DeleteCertificate"),),
        "changed": (see(1), see(2)),
    }
    alert = build(SEQUENCE, Held(START + 8, 3, steps), operation="DeleteCertificate")
    assert SEQUENCE_LINES in render_text(alert)
    assert "High: sequence: changed, deleted within 10 seconds, by alice" == render_title(alert)


def test_titles_say_what_was_found() -> None:
    values = build(SPREAD, HELD)
    assert (
        "High: spread: at least 3 different certificateId values within 10 seconds, by alice"
        == render_title(values)
    )
    term = build(FIRST, Held(START + 8, 1, {"calls": (see(8),)}))
    assert "High: first: seen for the first time on c1, by alice" == render_title(term)
    assert {"certificateId": "c1"} == term.shown
    assert term.story is not None
    assert {"facts.actor.name": "alice", "requestParameters.certificateId": "c1"} == term.story.group


def test_an_account_with_a_name_is_told_by_it() -> None:
    alert = build(BURST, HELD, ruleset={"account_names": {"111122223333": "prod"}})
    assert "High: burst: at least 3 calls within 10 seconds, by alice (prod)" == render_title(alert)


def test_an_alert_of_several_calls_is_of_no_operation_and_knows_when_they_were() -> None:
    alert = build(BURST, HELD)
    assert ("windowed", None, "burst", "4711") == (
        alert.kind,
        alert.operation,
        alert.rule,
        alert.alert_id,
    )
    assert alert.story is not None
    assert (9, 1, 8) == (
        alert.story.count,
        int(alert.story.first_seen.timestamp()) - START,
        int(alert.story.last_seen.timestamp()) - START,
    )
    assert datetime.fromtimestamp(START + 8, UTC) == alert.time == alert.story.completed_by.time


def test_what_raised_and_what_lowered_the_severity_is_told() -> None:
    automation = {
        "name": "factory",
        "when": {"facts": {"actor": {"name": ["alice"]}}},
        "operations": None,
        "at_most": "low",
        "reason": "it makes devices",
    }
    built_in = {**SEQUENCE, "built_in": True, "group_by": ["facts.actor.id"]}
    held = Held(START + 8, 3, {"changed": (see(8),)})
    lowered = build(built_in, held, ruleset={"automation": [automation]})
    assert (
        "somebody is in a hurry",
        "it is routine work of factory, so it is lowered: it makes devices",
    ) == lowered.reasons
    elsewhere = {"certificateId": "c1", "accountIds": ["999999999999"]}
    raised = build({**built_in, "severity": "low"}, held, requestParameters=elsewhere)
    assert ("somebody is in a hurry", "it names another account") == raised.reasons
    assert ("T1199",) == raised.attack


def test_a_windowed_alert_comes_through_the_queue_as_it_was() -> None:
    delivery = Delivery(build(BURST, HELD), "secops")
    body = write_delivery(delivery)
    assert '"kind": "windowed"' in body
    assert delivery == read_delivery(body)


def test_slack_tells_the_story_too_with_every_name_in_a_code_span() -> None:
    hostile = Sighting(START + 8, "e8", "iot:UpdateCertificate", "<!channel> `x` *y*", "alice")
    blocks = render_slack(build(BURST, Held(START + 8, 3, {"calls": (hostile,)})))["blocks"]
    (story,) = [each["text"]["text"] for each in blocks if "*What happened*" in str(each)]
    line = "`16:00:08 iot:UpdateCertificate on &lt;!channel&gt; ˋxˋ *y*`"
    assert (
        "*What happened*, 2025-11-24 16:00:08 to 2025-11-24 16:00:08 UTC\n"
        f"{line}\n"
        "`… at least 2 more`\n"
        "*Completed by* `16:00:08 iot:UpdateCertificate on c1 by alice`"
    ) == story


def test_the_longest_story_keeps_the_limits_of_slack_and_sns() -> None:
    most = "\N{PILE OF POO}" * LONGEST_SHOWN
    calls = tuple(Sighting(START + n, f"e{n}", most, most, most) for n in range(6))
    steps = {f"step-{number}": calls for number in range(5)}
    patterns = {step: {"eventName": ["UpdateCertificate"]} for step in steps}
    rule = {**SEQUENCE, "steps": patterns, "threshold": {**SEQUENCE["threshold"], "at_least": 5}}
    alert = build(rule, Held(START + 8, 5, steps))
    for block in render_slack(alert)["blocks"]:
        assert len(block.get("text", {}).get("text", "")) <= 3000
    assert len(render_sns(alert).message.encode()) < 250 * 1024


def test_filter_policies_know_the_kind_and_the_rule() -> None:
    assert {
        "severity": "high",
        "severity_number": 4,
        "kind": "windowed",
        "rule": "burst",
        "category": "certificate",
        "account": "111122223333",
        "region": "eu-west-1",
    } == list_attributes(build(BURST, HELD))


def test_a_window_longer_than_a_minute_is_said_in_its_largest_unit() -> None:
    for seconds, words in [(90, "90 seconds"), (600, "10 minutes"), (7200, "2 hours"), (86_400, "1 day")]:
        rule = {**BURST, "threshold": {**BURST["threshold"], "within": seconds}}
        assert f"at least 3 calls within {words}" in render_title(build(rule, HELD))
