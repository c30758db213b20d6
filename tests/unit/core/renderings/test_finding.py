"""The JSON for machines, against its published schema."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from handlers.core.alerts import Alert, Answer
from handlers.core.renderings.finding import make_finding, render_finding
from tests.support.alerts import make_alert
from tests.support.records import CERTIFICATE
from tests.support.rollups import MUTE, make_rollup, windowed_alert
from tests.support.small_windows import BURST
from tests.unit.core.test_windowed_alerts import HELD, build

SCHEMA = json.loads((Path(__file__).parents[4] / "docs" / "alert.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "alert",
    [
        make_alert(),
        make_alert(errorCode="AccessDenied", userIdentity={"type": "Root"}, sourceIPAddress=None),
        replace(make_alert(), answers=(Answer("Its things", "pump-7"),)),
        make_rollup(),
        make_rollup(mute=MUTE),
        make_rollup(alert=windowed_alert(make_alert())),
        build(BURST, HELD),
    ],
    ids=["alert", "failed", "enriched", "rollup", "mute", "windowed rollup", "windowed"],
)
def test_every_kind_of_alert_is_as_the_schema_says(alert: Alert) -> None:
    assert [] == list(Draft202012Validator(SCHEMA).iter_errors(json.loads(render_finding(alert))))


def test_the_schema_is_itself_sound() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_a_finding_says_who_did_what_to_what_where_and_how_bad_it_is() -> None:
    finding = make_finding(make_alert())
    assert (1, 2004, 200401, "High", 4, 1) == tuple(
        finding[name] for name in ("version", "class_uid", "type_uid", "severity", "severity_id", "count")
    )
    assert "Certificate 7a1f7a1f… activated, by fleet-admin" == finding["message"]
    assert {
        "actor": {
            "user": {
                "name": "fleet-admin",
                "uid": "arn:aws:iam::111122223333:role/fleet-admin",
                "type": "role",
            },
            "session": {"uid": "alice"},
        },
        "api": {"operation": "UpdateCertificate", "service": {"name": "iot"}},
        "src_endpoint": {"ip": "198.51.100.7"},
    } == finding["evidences"][0]
    assert [{"name": CERTIFICATE}] == finding["resources"]
    assert {"provider": "AWS", "account": {"uid": "111122223333"}, "region": "eu-west-1"} == finding["cloud"]
    assert [{"technique": {"uid": "T1098"}}] == finding["finding_info"]["attacks"]


def test_a_rollup_counts_and_the_end_of_a_mute_is_of_no_account() -> None:
    assert 7 == make_finding(make_rollup())["count"]
    ended = make_finding(make_rollup(mute=MUTE))
    assert ({"provider": "AWS"}, False) == (ended["cloud"], "evidences" in ended)
