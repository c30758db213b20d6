import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.core.alerts import (
    BadDelivery,
    Delivery,
    UnknownDelivery,
    read_delivery,
    write_delivery,
)
from handlers.core.text import TEXT_LIMIT, clean
from tests.support.alerts import make_alert
from tests.support.records import CERTIFICATE
from tests.support.rules import CUSTOM_RULE, UPDATE_CERTIFICATE, make_ruleset


def test_an_alert_names_the_resource_and_shows_only_what_the_rule_allows() -> None:
    parameters = {"certificateId": CERTIFICATE, "newStatus": "ACTIVE", "certificatePem": "-----BEGIN"}
    alert = make_alert(requestParameters=parameters)
    assert (CERTIFICATE, {"newStatus": "ACTIVE"}) == (alert.subject, alert.shown)


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("requestParameters.newStatus", "newStatus"),
        ("requestParameters.arn", "arn"),
        ("requestParameters.identity.user.id", "user.id"),
        ("requestParameters.identity.role.arn", "role.arn"),
        ("requestParameters.identity.name", "name"),
    ],
)
def test_a_shown_value_is_called_by_the_end_of_its_path(path: str, label: str) -> None:
    parameters: Any = "x"
    for part in reversed(path.split(".")[1:]):
        parameters = {part: parameters}
    alert = make_alert({**UPDATE_CERTIFICATE, "shown": [path]}, requestParameters=parameters)
    assert {label: "x"} == alert.shown


def test_the_same_record_delivered_twice_is_the_same_alert() -> None:
    assert make_alert().alert_id == make_alert().alert_id


@pytest.mark.parametrize(
    "change", [{"eventID": "another"}, {"awsRegion": "us-east-1"}, {"recipientAccountId": "999999999999"}]
)
def test_another_record_is_another_alert(change: dict[str, Any]) -> None:
    assert make_alert().alert_id != make_alert(**change).alert_id


def test_whichever_rule_decides_the_same_record_is_the_same_alert() -> None:
    # Corrected data may let another rule decide; it is still the one call that was told.
    renamed = {**UPDATE_CERTIFICATE, "name": "mine"}
    assert make_alert().alert_id == make_alert(renamed).alert_id
    assert make_alert().dedup_key != make_alert(renamed).dedup_key


def test_another_event_of_the_same_actor_and_rule_has_the_same_dedup_key() -> None:
    assert make_alert().dedup_key == make_alert(eventID="another").dedup_key


def test_a_failed_call_carries_its_error() -> None:
    alert = make_alert(errorCode="AccessDenied", errorMessage="User is not authorized")
    assert "AccessDenied: User is not authorized" == alert.error


def test_a_parameter_that_is_no_text_is_shown_as_json() -> None:
    alert = make_alert(requestParameters={"certificateId": {"a": [1]}, "newStatus": True})
    assert ('{"a": [1]}', {"newStatus": "true"}) == (alert.subject, alert.shown)


def test_a_parameter_that_is_nested_without_end_is_not_shown() -> None:
    deep: Any = "x"
    for _ in range(5000):
        deep = [deep]
    alert = make_alert(requestParameters={"certificateId": deep})
    assert "(nested too deeply to show)" == alert.subject


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"Id": "i-1", "Arn": "arn:x", "LatestVersionArn": "arn:y"}, "i-1"),
        ({"id": "i-1", "name": "n"}, "n"),
        ({"certificateARN": "arn:x", "tunnelId": "t-1", "sourceAccessToken": "secret"}, "arn:x"),
        ({"sessionId": "s", "principalId": "p", "credentialId": "c", "displayName": "d"}, None),
        ({"thingArn": "arn:x", "thingName": "pump", "id": "i-1"}, "i-1"),
        ({"requestId": "r", "LatestVersionId": "v", "accessKeyId": "k", "roleArn": "arn:role"}, None),
        ({"x-amzn-RequestId": "r", "X-Amzn-Trace-Id": "t"}, None),
        ({"keyPair": {"PrivateKey": "secret"}, "certificatePem": "pem", "status": "ACTIVE"}, None),
        ({"id": "***", "arn": "arn:x"}, "arn:x"),
        ({"id": "", "name": ["n"], "thing": {"id": "deep"}}, None),
        ({"name": "a\nb"}, "a b"),
        (None, None),
    ],
)
@pytest.mark.parametrize("parameters", [None, {"certificateId": "***"}])
def test_what_the_parameters_do_not_name_is_named_by_an_identifier_of_the_answer(
    parameters: dict[str, Any] | None, answer: dict[str, Any] | None, expected: str | None
) -> None:
    assert expected == make_alert(requestParameters=parameters, responseElements=answer).subject


def test_what_the_parameters_name_is_the_subject_whatever_aws_answered() -> None:
    assert CERTIFICATE == make_alert(responseElements={"certificateName": "another"}).subject


def test_a_rule_without_a_subject_reads_nothing_of_the_answer() -> None:
    rule = {**UPDATE_CERTIFICATE, "subject": None}
    assert make_alert(rule, responseElements={"id": "i-1"}).subject is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("***", "(hidden by CloudTrail)"),
        ("HIDDEN_DUE_TO_SECURITY_REASONS", "(hidden by CloudTrail)"),
        (
            {"a": "***", "b": [1, "***"]},
            '{"a": "(hidden by CloudTrail)", "b": [1, "(hidden by CloudTrail)"]}',
        ),
        (['"***'], '["\\"***"]'),
        ("a ***", "a ***"),
    ],
)
def test_a_mask_is_not_shown_as_if_it_were_the_value(value: Any, expected: str) -> None:
    alert = make_alert(requestParameters={"certificateId": CERTIFICATE, "newStatus": value})
    assert {"newStatus": expected} == alert.shown


def test_a_name_that_hides_its_direction_or_breaks_lines_is_shown_plain() -> None:
    assert "a b c d" == clean("a\nb\u202ec\x00d")


@given(st.text(max_size=600))
def test_cleaned_text_is_short_and_on_one_line(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned) <= TEXT_LIMIT
    assert len(cleaned.splitlines()) <= 1


def test_a_delivery_survives_the_queue() -> None:
    delivery = Delivery(alert=make_alert(), destination="secops")
    assert delivery == read_delivery(write_delivery(delivery))


def test_a_destination_that_is_no_name_is_refused() -> None:
    data = json.loads(write_delivery(Delivery(alert=make_alert(), destination="secops")))
    with pytest.raises(BadDelivery):
        read_delivery(json.dumps({**data, "destination": ["secops"]}))


@pytest.mark.parametrize("body", ["", "[]", "{}", "null", '{"destination": "x", "alert": {}}', "[" * 100_000])
def test_what_is_no_delivery_is_refused(body: str) -> None:
    with pytest.raises(BadDelivery, match=r"^not a delivery: "):
        read_delivery(body)


def test_a_field_that_a_newer_detect_added_is_passed_over() -> None:
    delivery = Delivery(alert=make_alert(), destination="secops")
    data = json.loads(write_delivery(delivery))
    data["alert"]["added_later"] = 1
    assert delivery == read_delivery(json.dumps(data))


def test_a_delivery_says_its_kind_and_the_version_of_its_format() -> None:
    data = json.loads(write_delivery(Delivery(alert=make_alert(), destination="secops")))
    assert ("alert", 1) == (data["kind"], data["version"])


@pytest.mark.parametrize(
    ("change", "stated"),
    [
        ({"kind": "digest"}, "kind digest, version 1"),
        ({"version": 2}, "kind alert, version 2"),
        ({"kind": None}, "kind null, version 1"),
        ({"kind": "digest", "version": 3, "destination": None, "alert": None}, "kind digest, version 3"),
    ],
)
def test_a_kind_or_a_version_of_a_newer_release_is_told_apart_from_what_is_no_delivery(
    change: dict[str, Any], stated: str
) -> None:
    data = json.loads(write_delivery(Delivery(alert=make_alert(), destination="secops")))
    with pytest.raises(UnknownDelivery, match=f"^the message is of {stated}: a newer release wrote it$"):
        read_delivery(json.dumps({**data, **change}))


@pytest.mark.parametrize(
    ("file", "rule"),
    [
        ("delivery_of_the_first_release.json", "iot:UpdateCertificate"),
        ("windowed_delivery_of_the_second_release.json", "burst"),
    ],
)
def test_a_delivery_of_an_earlier_release_can_be_read_for_ever(file: str, rule: str) -> None:
    # Deliveries wait in the queue for days while the code moves on: a new field needs a default.
    delivery = read_delivery(Path(__file__).with_name(file).read_text())
    assert (rule, None) == (delivery.alert.rule, delivery.alert.rollup)


def test_what_a_custom_rule_leaves_open_is_as_the_catalog_has_it() -> None:
    alert = make_alert(ruleset=make_ruleset(custom_rules=[CUSTOM_RULE]))
    assert (
        "mine",
        CERTIFICATE,
        {"newStatus": "ACTIVE"},
        "certificate",
        tuple(UPDATE_CERTIFICATE["runbook"]),
    ) == (
        alert.rule,
        alert.subject,
        alert.shown,
        alert.category,
        alert.runbook,
    )


def test_what_a_custom_rule_says_itself_is_what_people_read() -> None:
    own = {
        **CUSTOM_RULE,
        "category": "night",
        "subject": "requestParameters.newStatus",
        "shown": ["requestParameters.certificateId"],
        "runbook": ["Ask the night shift."],
    }
    alert = make_alert(ruleset=make_ruleset(custom_rules=[own]))
    assert ("night", "ACTIVE", {"certificateId": CERTIFICATE}, ("Ask the night shift.",)) == (
        alert.category,
        alert.subject,
        alert.shown,
        alert.runbook,
    )


def test_two_shown_values_of_one_name_are_told_by_their_whole_paths() -> None:
    shown = ["requestParameters.source.name", "requestParameters.target.name", "requestParameters.newStatus"]
    parameters = {"source": {"name": "a"}, "target": {"name": "b"}, "newStatus": "ACTIVE"}
    alert = make_alert({**UPDATE_CERTIFICATE, "shown": shown}, requestParameters=parameters)
    assert {"source.name": "a", "target.name": "b", "newStatus": "ACTIVE"} == alert.shown
