from dataclasses import replace

from handlers.core.alerts import Answer
from handlers.core.renderings.text import render_text
from tests.support.alerts import make_alert
from tests.support.records import CERTIFICATE
from tests.support.rollups import MUTE, make_rollup, windowed_alert
from tests.support.rules import make_ruleset


def test_the_text_reads_well_as_an_email() -> None:
    assert (
        render_text(make_alert())
        == f"""\
High: Certificate 7a1f7a1f… activated, by fleet-admin
iot:UpdateCertificate, alert {make_alert().short_id}

- An identity becomes usable
- Changes whether a device may connect

Who      role fleet-admin, session alice from 198.51.100.7
When     2026-11-22 09:30:15 UTC
Where    account 111122223333, eu-west-1

newStatus: ACTIVE

What to do
1. Ask who did it.
2. To undo:
   aws iot update-certificate --certificate-id {CERTIFICATE} --new-status INACTIVE --region eu-west-1

AWS console: https://eu-west-1.console.aws.amazon.com/iot/home?region=eu-west-1#/certificate/{CERTIFICATE}
CloudTrail record: https://eu-west-1.console.aws.amazon.com/cloudtrailv2/home?region=eu-west-1#/events/5d0c1d4e-0000-4000-8000-000000000002

Resource: {CERTIFICATE}
Actor: arn:aws:iam::111122223333:role/fleet-admin
ATT&CK: T1098
Alert: {make_alert().alert_id}
"""
    )


def test_what_was_looked_up_has_a_part_of_its_own() -> None:
    answers = (Answer("Its things", "pump-7"), Answer("Its policies", "none"))
    assert (
        "newStatus: ACTIVE\n\nLooked up in AWS IoT\nIts things: pump-7\nIts policies: none\n\nWhat to do\n"
        in render_text(replace(make_alert(), answers=answers))
    )


def test_a_failed_call_says_so_in_its_first_line() -> None:
    title = render_text(make_alert(errorCode="AccessDenied")).splitlines()[0]
    assert "Medium: Tried to change certificate 7a1f7a1f… to ACTIVE, by fleet-admin" == title


def test_people_read_what_they_call_the_account_and_the_region() -> None:
    names = {"account_names": {"111122223333": "prod"}, "region_names": {"eu-west-1": "Ireland"}}
    alert = make_alert(ruleset=make_ruleset(**names), errorCode="ThrottlingException")
    lines = render_text(alert).splitlines()
    assert "Medium: Tried to change certificate 7a1f7a1f… to ACTIVE, by fleet-admin (prod)" == lines[0]
    assert "Where    account prod (111122223333), Ireland (eu-west-1)" in lines


def test_a_rollup_says_how_many_more_when_on_what_from_where_and_by_whom() -> None:
    rollup = make_rollup()
    assert (
        render_text(rollup)
        == f"""\
High: Certificate activated, by fleet-admin: 7 more
iot:UpdateCertificate, alert {make_alert().short_id}

- An identity becomes usable
- Changes whether a device may connect

Counted  7 alerts, 2026-11-22 09:30:00 to 2026-11-22 09:30:06 UTC
On       lamp-0, lamp-1, lamp-2, lamp-3, lamp-4 and 2 more
From     198.51.100.7
Who      role fleet-admin, session alice
Where    account 111122223333, eu-west-1

What to do
1. Ask who did it.
2. To undo:
   aws iot update-certificate --certificate-id "$CERTIFICATE_ID" --new-status INACTIVE --region eu-west-1

Actor: arn:aws:iam::111122223333:role/fleet-admin
ATT&CK: T1098
Alert: {rollup.alert_id}
"""
    )


def test_a_rollup_of_latecomers_says_how_many_were_counted_before() -> None:
    lines = render_text(make_rollup(held=7, rolled=5)).splitlines()
    assert "High: Certificate activated, by fleet-admin: 2 more" == lines[0]
    span = "2026-11-22 09:30:00 to 2026-11-22 09:30:06 UTC"
    assert f"Counted  2 alerts, {span}; they came late, 5 were counted before" in lines


def test_the_end_of_a_mute_says_who_muted_what_it_held_and_why() -> None:
    rollup = make_rollup(mute=MUTE)
    assert (
        render_text(rollup)
        == f"""\
High: Mute load-test ended; it held 7 alerts
mute, alert {rollup.short_id}

- The mute load-test ended, so alerts like these are told again

Counted  7 alerts, 2026-11-22 09:30:00 to 2026-11-22 09:30:06 UTC
On       lamp-0, lamp-1, lamp-2, lamp-3, lamp-4 and 2 more
From     198.51.100.7
Muted    2026-11-22 07:40 to 2026-11-22 09:40 UTC
By       arn:aws:iam::111122223333:user/alice
Because  weekly load test

Rule: mute
Alert: {rollup.alert_id}
"""
    )


def test_a_rollup_of_a_rule_over_time_names_the_rule_and_no_actor() -> None:
    lines = render_text(make_rollup(alert=windowed_alert(make_alert()))).splitlines()
    assert [
        "High: Certificate activated: 7 more",
        f"certificate-burst, alert {make_alert().short_id}",
    ] == lines[:2]
    assert [] == [line for line in lines if line.startswith("Who")]
