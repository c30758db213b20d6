from handlers.core.renderings.text import render_text
from tests.support.alerts import make_alert
from tests.support.records import CERTIFICATE
from tests.support.rules import make_ruleset


def test_the_text_reads_well_as_an_email() -> None:
    assert (
        render_text(make_alert())
        == f"""\
High: iot:UpdateCertificate on {CERTIFICATE}

- changes whether a device may connect
- an identity becomes usable

Who        role fleet-admin, session alice
           arn:aws:iam::111122223333:role/fleet-admin
Where      account 111122223333, eu-west-1
When       2026-11-22 09:30:15 UTC
From       198.51.100.7
newStatus  ACTIVE

What to do
1. Ask who did it.
2. aws iot update-certificate --certificate-id <id> --new-status INACTIVE

Console    https://eu-west-1.console.aws.amazon.com/iot/home?region=eu-west-1#/certificate/{CERTIFICATE}
Record     https://eu-west-1.console.aws.amazon.com/cloudtrailv2/home?region=eu-west-1#/events/5d0c1d4e-0000-4000-8000-000000000002
ATT&CK     T1098
Alert      {make_alert().alert_id}
"""
    )


def test_a_failed_call_says_so_in_its_first_line() -> None:
    title = render_text(make_alert(errorCode="AccessDenied")).splitlines()[0]
    assert f"Medium: iot:UpdateCertificate on {CERTIFICATE} (failed)" == title


def test_people_read_what_they_call_the_account_and_the_region() -> None:
    names = {"account_names": {"111122223333": "prod"}, "region_names": {"eu-west-1": "Ireland"}}
    alert = make_alert(ruleset=make_ruleset(**names), errorCode="ThrottlingException")
    lines = render_text(alert).splitlines()
    assert f"Medium: iot:UpdateCertificate on {CERTIFICATE} in prod (failed)" == lines[0]
    assert "Where      account prod (111122223333), Ireland (eu-west-1)" in lines
