"""A replay for people: the exact text."""

from __future__ import annotations

from collections import Counter
from typing import Any

from cli.event_files import Unreadable
from cli.replay import Tally, replay
from cli.replay_text import render_told, render_totals, render_unreadable
from handlers.core.record import Record, parse_record
from tests.support.records import ACCOUNT, REGION, make_event
from tests.support.rules import make_ruleset
from tests.support.windowed_rules import BURST, SEQUENCE

TOLD = """\
2026-11-22 09:30:00  High: Certificate 7a1f activated, by fleet-admin → secops, audit
2026-11-22 09:30:01  High: Tried to change certificate 7a1f to ACTIVE, by fleet-admin → secops, audit
2026-11-22 09:30:02  High: Certificate 7a1f activated, by fleet-admin → secops, audit
2026-11-22 09:30:03  High: Certificate 7a1f activated, by fleet-admin → secops, audit
2026-11-22 09:30:03  High: burst: at least 3 calls within 5 minutes → nobody
    09:30:00 iot:UpdateCertificate on 7a1f
    09:30:02 iot:UpdateCertificate on 7a1f
    09:30:03 iot:UpdateCertificate on 7a1f
2026-11-22 09:30:04  Low: iot:AttachPolicy called, by fleet-admin → audit
2026-11-22 09:30:04  Critical: sequence: change, attach within 30 minutes on 7a1f → secops, audit
    change         09:30:00 iot:UpdateCertificate on 7a1f
                   09:30:02 iot:UpdateCertificate on 7a1f
                   09:30:03 iot:UpdateCertificate on 7a1f
    attach         09:30:04 iot:AttachPolicy

8 records read
        5  judged: 5 told
        1  of other services, or no calls of the control plane
        1  that are no CloudTrail records
        1  repeated
2 alerts of rules over time: 1 told, 1 to nobody
"""


def test_windowed_alerts_are_told_with_their_stories_and_the_sums_in_words() -> None:
    changes: dict[str, Any] = {"requestParameters": {"certificateId": "7a1f", "newStatus": "ACTIVE"}}
    target = f"arn:aws:iot:{REGION}:{ACCOUNT}:cert/7a1f"
    attach: dict[str, Any] = {"operation": "AttachPolicy", "requestParameters": {"target": target}}
    fields = [changes, {**changes, "errorCode": "Throttled"}, changes, changes, attach]
    details = [
        make_event(**{"eventTime": f"2026-11-22T09:30:0{number}Z", "eventID": str(number), **each})["detail"]
        for number, each in enumerate(fields)
    ]
    found = [*details, details[0], {**details[0], "eventSource": "s3.amazonaws.com", "eventID": "x"}]
    ruleset = make_ruleset(
        windowed_rules=[{**BURST, "notify": False, "group_by": ["recipientAccountId"]}, SEQUENCE],
        circumstances=[],
    )
    tally = Tally()
    records: list[Record | Unreadable] = [*map(parse_record, found), Unreadable("f", "is no JSON")]
    said = "".join(map(render_told, replay(records, ruleset, tally)))
    assert TOLD == said + render_totals(tally.totals(), blank=True)


def test_text_of_a_record_stays_on_one_line_without_control_characters() -> None:
    parameters = {"certificateId": "a\n\x1b[31m\u202eb\ud800", "newStatus": "ACTIVE"}
    record = parse_record(make_event(requestParameters=parameters)["detail"])
    (told,) = replay([record], make_ruleset(), Tally())
    expected = "2026-11-22 09:30:15  High: Certificate a  [31m b  activated, by fleet-admin → secops, audit\n"
    assert expected == render_told(told)


def test_nothing_read_is_told_in_one_short_text() -> None:
    assert "0 records read\n        0  judged: 0 told\n" == render_totals(Tally().totals(), blank=False)


def test_all_that_was_judged_is_told_by_what_became_of_it_and_that_reads_are_not_watched() -> None:
    judged = {"judged": 9000, "told": 5, "held": 3995, "suppressed": 2000, "below_routes": 3000}
    over_time = {"windowed": 7, "windowed_told": 2, "windowed_held": 5}
    expected = """\
10,000 records read
    9,000  judged: 5 told, 3,995 held, 2,000 suppressed, 3,000 to nobody
    1,000  that only read, which this config does not watch
7 alerts of rules over time: 2 told, 5 held
12 rollups of the 4,000 held
"""
    totals = {**Tally().totals(), **judged, **over_time, "rollups": 12}
    assert expected == render_totals({**totals, "read": 10_000, "read_only": 1000}, blank=False)


def test_each_reason_is_told_once_with_its_first_record_and_how_many_more_have_it() -> None:
    tally = Tally(
        unreadable=Counter({"is not JSON: Expecting value": 1, "is no CloudTrail record: no account": 1200}),
        examples={"is not JSON: Expecting value": 2, "is no CloudTrail record: no account": 3},
    )
    expected = """\
log.json: record 2 is not JSON: Expecting value
log.json: record 3 is no CloudTrail record: no account (and 1,199 more like it)
"""
    assert expected == render_unreadable(tally, "log.json")
