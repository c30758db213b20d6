"""Records in files: every form is read, and what is no record is told plainly."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.event_files import BadFile, read_json, read_record
from tests.records import ACCOUNT, CERTIFICATE, REGION, make_event

RECORD = make_event()["detail"]


def write(folder: Path, value: Any) -> Path:
    path = folder / "event.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "value",
    [
        make_event(),
        RECORD,
        {"Records": [RECORD]},
        {"Events": [{"EventName": "UpdateCertificate", "CloudTrailEvent": json.dumps(RECORD)}]},
        {"EventName": "UpdateCertificate", "CloudTrailEvent": json.dumps(RECORD)},
    ],
    ids=["envelope", "bare", "log file", "lookup-events", "one of lookup-events"],
)
def test_a_record_is_the_same_in_every_form(tmp_path: Path, value: Any) -> None:
    assert RECORD == read_record(write(tmp_path, value)).raw


OLD: dict[str, Any] = {
    "EventID": "8bff4fed",
    "EventName": "AttachPolicy",
    "EventTime": "2016-04-08T23:51:36Z",
    "ErrorCode": "",
    "RequestParamters": {
        "principal": f"arn:aws:iot:{REGION}:{ACCOUNT}:cert/{CERTIFICATE}",
        "policyName": "p",
    },
    "ResponseElements": "",
    "SourceIpAddress": "198.51.100.7",
    "UserIdentity": {"type": "IAMUser", "userName": "bob"},
}


def test_the_old_documentation_form_becomes_todays_record(tmp_path: Path) -> None:
    record = read_record(write(tmp_path, OLD))
    assert ("iot.amazonaws.com", "AttachPolicy", REGION, ACCOUNT, "198.51.100.7", None, "bob") == (
        record.event_source,
        record.event_name,
        record.region,
        record.account,
        record.source_ip,
        record.error_code,
        record.user_identity["userName"],
    )
    assert OLD["RequestParamters"]["principal"] == record.request_parameters["target"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"AwsRegion": "us-east-2"}, {"awsRegion": "us-east-2"}),
        ({"RecipientAccountId": "999999999999"}, {"recipientAccountId": "999999999999"}),
        (
            {"EventSource": "iotwireless.amazonaws.com"},
            {"eventSource": "iotwireless.amazonaws.com"},
        ),
        (
            {"ErrorCode": "AccessDenied", "ErrorMessage": "no"},
            {"errorCode": "AccessDenied", "errorMessage": "no"},
        ),
        ({"ErrorCode": "", "ErrorMessage": ""}, {"errorCode": None, "errorMessage": None}),
        ({"SourceIpAddress": "", "SourceIPAddress": "::1"}, {"sourceIPAddress": "::1"}),
        ({"UserAgent": "aws-cli"}, {"userAgent": "aws-cli"}),
        ({"ResponseElements": {"a": 1}}, {"responseElements": {"a": 1}}),
        ({"UserIdentity": ""}, {"userIdentity": None}),
        (
            {"RequestParamters": "", "RequestParameters": {"policyName": "q"}, "RecipientAccountId": ACCOUNT},
            {"requestParameters": {"policyName": "q"}, "awsRegion": "unknown"},
        ),
    ],
    ids=lambda value: next(iter(value)),
)
def test_what_the_old_form_says_of_a_call_is_kept(
    tmp_path: Path, given: dict[str, Any], expected: dict[str, Any]
) -> None:
    plain = read_record(write(tmp_path, OLD)).raw
    assert {**plain, **expected} == read_record(write(tmp_path, {**OLD, **given})).raw


@pytest.mark.parametrize(
    ("operation", "parameters", "expected"),
    [
        ("AttachPolicy", {"principal": "p"}, {"principal": "p", "target": "p"}),
        ("AttachPolicy", {"principal": "p", "target": "t"}, {"principal": "p", "target": "t"}),
        ("AttachPolicy", {"policyName": "n"}, {"policyName": "n"}),
        ("AttachThingPrincipal", {"principal": "p"}, {"principal": "p"}),
    ],
)
def test_only_attach_policy_had_a_principal_for_what_is_now_its_target(
    tmp_path: Path, operation: str, parameters: dict[str, str], expected: dict[str, str]
) -> None:
    old = {**OLD, "EventName": operation, "RequestParamters": parameters, "RecipientAccountId": ACCOUNT}
    assert expected == read_record(write(tmp_path, old)).request_parameters


@pytest.mark.parametrize("name", ["eventName", "EventName"])
def test_what_eventbridge_delivers_is_read_from_its_detail_whatever_stands_beside_it(
    tmp_path: Path, name: str
) -> None:
    assert RECORD == read_record(write(tmp_path, {**make_event(), name: "DeleteThing"})).raw


def test_the_old_form_without_an_arn_has_no_region_and_needs_an_account(tmp_path: Path) -> None:
    identity = {"type": "IAMUser", "accountId": ACCOUNT}
    old = {**OLD, "RequestParamters": {"policyName": "p"}, "UserIdentity": identity}
    record = read_record(write(tmp_path, old))
    assert ("unknown", ACCOUNT) == (record.region, record.account)


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(RECORD)))
    assert RECORD == read_record(Path("-")).raw


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", ":1:2: is not JSON: Expecting property name enclosed in double quotes"),
        ("[1]", ": is no CloudTrail record: the event is a list, not an object"),
        ("{}", ": is no CloudTrail record: detail is missing or null, not a CloudTrail record"),
        ('{"eventName": "X"}', ": is no CloudTrail record: no account: recipientAccountId is missing"),
        ('{"EventName": "X"}', ": is no CloudTrail record: no account: recipientAccountId is missing"),
        ('{"Records": []}', ": holds 0 records; give a file with one"),
        ('{"Records": [{}, {}]}', ": holds 2 records; give a file with one"),
        ('{"CloudTrailEvent": "{"}', ": what stands in CloudTrailEvent is not JSON"),
        ("[" * 100_000, ": is nested too deeply, or holds a number that JSON does not have"),
        ('{"a": NaN}', ": is nested too deeply, or holds a number that JSON does not have"),
        ('{"a": -Infinity}', ": is nested too deeply, or holds a number that JSON does not have"),
        ('{"a": 1e999}', ": is nested too deeply, or holds a number that JSON does not have"),
        ("1" * 10_000, ": is nested too deeply, or holds a number that JSON does not have"),
    ],
)
def test_what_is_no_record_is_told_with_the_file_and_the_fault(
    tmp_path: Path, text: str, expected: str
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(BadFile) as caught:
        read_record(path)
    assert f"{path}{expected}" == str(caught.value)


def test_a_closed_standard_input_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(BadFile, match=r"^standard input: is closed$"):
        read_record(Path("-"))


def test_the_mark_that_windows_puts_before_a_text_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    path.write_text(json.dumps(RECORD), encoding="utf-8-sig")
    assert RECORD == read_record(path).raw


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"absent\.json: can not be read: No such file or directory$"):
        read_json(tmp_path / "absent.json")


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    path.write_bytes(b"\xff\xfe{}")
    with pytest.raises(BadFile, match=r"is not UTF-8 text$"):
        read_json(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from([*OLD, *RECORD]), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(JSON)
def test_any_json_is_a_record_or_told_plainly(value: Any) -> None:
    stdin = io.StringIO(json.dumps(value))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sys.stdin", stdin)
        with contextlib.suppress(BadFile):
            read_record(Path("-"))
