"""Records in files: every form is read, and what is no record is told plainly."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.event_files import MOST_BYTES, BadFile, Unreadable, read_json, read_record, read_records
from cli.record_forms import FORMS
from handlers.core.record import Record
from tests.support.records import ACCOUNT, CERTIFICATE, REGION, make_event

RECORD = make_event()["detail"]


def stream(value: Any) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(json.dumps(value).encode()))


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
        [RECORD],
        [make_event()],
        {"Messages": [{"MessageId": "m", "Body": json.dumps(make_event())}]},
        {"Records": [{"messageId": "m", "body": json.dumps(RECORD), "eventSource": "aws:sqs"}]},
        {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": json.dumps(make_event())}}]},
        {"Type": "Notification", "Message": json.dumps(make_event())},
        {"Body": json.dumps({"Type": "Notification", "Message": json.dumps(make_event())})},
        {"events": [{"message": json.dumps(RECORD), "timestamp": 1}], "searchedLogStreams": []},
        {"logEvents": [{"id": "1", "message": json.dumps(RECORD)}]},
        {"_source": {"event": {"original": json.dumps(RECORD)}, "aws": {"cloudtrail": {}}}},
        {"hits": {"hits": [{"_source": {"event": {"original": json.dumps(RECORD)}}}]}},
        json.dumps(RECORD) + "\n\n",
    ],
    ids=[
        *("envelope", "bare", "log file", "lookup-events", "one of lookup-events", "list", "envelopes"),
        *("sqs", "lambda of sqs", "lambda of sns", "sns", "sns in sqs", "cloudwatch logs", "log batch"),
        *("elastic", "elastic search", "one line"),
    ],
)
def test_a_record_is_the_same_in_every_form(tmp_path: Path, value: Any) -> None:
    assert RECORD == read_record(write(tmp_path, value)).raw


def pair() -> list[dict[str, Any]]:
    return [{**RECORD, "eventID": "first"}, {**RECORD, "eventID": "second", "eventName": "CreateThing"}]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"Records": pair()}),
        json.dumps(pair()),
        "\n".join(map(json.dumps, pair())),
        "\r\n".join(json.dumps({"detail": each}) for each in pair()) + "\r\n",
        json.dumps({"Records": pair()[:1]}) + "\n" + json.dumps({"Records": pair()[1:]}),
    ],
    ids=["log file", "list", "lines", "lines of Windows", "log files"],
)
def test_of_several_records_one_is_chosen_by_its_number_or_its_event_id(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, text)
    assert ["first", "second"] == [read_record(path, number=number).event_id for number in (1, 2)]
    assert ["UpdateCertificate", "CreateThing"] == [
        read_record(path, event_id=each).event_name for each in ("first", "second")
    ]


def test_the_old_form_is_chosen_by_its_event_id_too(tmp_path: Path) -> None:
    path = write(tmp_path, [RECORD, OLD])
    assert "AttachPolicy" == read_record(path, event_id="8bff4fed").event_name


def test_where_several_records_stand_and_none_is_chosen_they_are_listed(tmp_path: Path) -> None:
    other = {**RECORD, "eventSource": "s3.amazonaws.com", "eventID": "other"}
    path = write(tmp_path, {"Records": [other, *pair()]})
    with pytest.raises(BadFile) as caught:
        read_record(path)
    assert [
        f"{path}: holds 3 records, 2 of AWS IoT; choose one with --number N or --id EVENT_ID",
        "     2  first  2026-11-22T09:30:15Z  iot:UpdateCertificate",
        "     3  second  2026-11-22T09:30:15Z  iot:CreateThing",
        "        … and 1 more",
    ] == str(caught.value).splitlines()


def test_of_many_records_ten_are_listed_and_hostile_names_are_cleaned(tmp_path: Path) -> None:
    hostile = {"eventSource": "s3.amazonaws.com", "eventID": ["x"], "eventName": "a\nb\u202ec" * 200}
    path = write(tmp_path, {"Records": [hostile] * 200})
    with pytest.raises(BadFile) as caught:
        read_record(path)
    said = str(caught.value).splitlines()
    assert f"{path}: holds 200 records; choose one with --number N or --id EVENT_ID" == said[0]
    assert (12, "        … and 190 more") == (len(said), said[-1])
    assert all(line.isprintable() and len(line) < 300 for line in said[1:])


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"number": 3}, "holds 2 records, none with the number 3"),
        ({"event_id": "third"}, "holds 2 records, none with the id third"),
        ({"event_id": "a\nb"}, "holds 2 records, none with the id a b"),
    ],
)
def test_a_choice_that_is_not_there_is_told(tmp_path: Path, choice: dict[str, Any], expected: str) -> None:
    path = write(tmp_path, pair())
    with pytest.raises(BadFile) as caught:
        read_record(path, **choice)
    assert f"{path}: {expected}" == str(caught.value)


def test_a_file_compressed_with_gzip_is_read_by_its_first_bytes_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "event"
    path.write_bytes(gzip.compress(json.dumps({"Records": [RECORD]}).encode()))
    assert RECORD == read_record(path).raw


@pytest.mark.parametrize(
    "data", [b"\x1f\x8b", gzip.compress(b"{}")[:-9], gzip.compress(b"{}")[:10] + b"\xff" * 20], ids=range(3)
)
def test_a_damaged_archive_is_told(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "event.json.gz"
    path.write_bytes(data)
    with pytest.raises(BadFile, match=r": is damaged, or was not compressed with gzip$"):
        read_record(path)


def test_a_small_file_that_unpacks_to_more_than_is_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "bomb.json.gz"
    path.write_bytes(gzip.compress(b" " * (MOST_BYTES + 1), compresslevel=1))
    with pytest.raises(BadFile, match=r": holds more than 100 MB; give a part of it$"):
        read_record(path)


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
    monkeypatch.setattr("sys.stdin", stream(RECORD))
    assert RECORD == read_record(Path("-")).raw


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", ":1:2: is not JSON: Expecting property name enclosed in double quotes"),
        ("[1]", f": holds no CloudTrail record in a form that is read: {FORMS}"),
        ("{}", f": holds no CloudTrail record in a form that is read: {FORMS}"),
        ('{"awslogs": {"data": "x"}}', f": holds no CloudTrail record in a form that is read: {FORMS}"),
        ('{"_source": {"aws": {}}}', f": holds no CloudTrail record in a form that is read: {FORMS}"),
        ('{"detail": null}', ": is no CloudTrail record: detail is missing or null, not a CloudTrail record"),
        ('{"eventName": "X"}', ": is no CloudTrail record: no account: recipientAccountId is missing"),
        ('{"EventName": "X"}', ": is no CloudTrail record: no account: recipientAccountId is missing"),
        ('{"Records": []}', ": holds no records"),
        ("[]", ": holds no records"),
        ('{"Body": "plain"}', ": what stands in Body is not JSON"),
        ('{"message": "{\\"a\\": NaN}"}', ": what stands in message is not JSON"),
        ('{"eventName": "X"}\n\n{', ":3:2: is not JSON: Expecting property name enclosed in double quotes"),
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
    stdin = stream(value)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sys.stdin", stdin)
        with contextlib.suppress(BadFile):
            read_record(Path("-"))


def test_an_insight_is_read_though_it_names_its_call_one_level_below(tmp_path: Path) -> None:
    call = {name: RECORD[name] for name in ("eventSource", "eventName")}
    insight = {name: value for name, value in RECORD.items() if name not in call}
    path = write(tmp_path, {"Records": [{**insight, "insightDetails": call, "eventCategory": "Insight"}]})
    record = read_record(path)
    assert ("UpdateCertificate", "Insight") == (record.event_name, record.category)


OTHER = {**RECORD, "eventID": "other"}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"Records": [RECORD, OTHER]}),
        json.dumps({"Records": [RECORD, OTHER]}, indent=2),
        f"{json.dumps(RECORD)}\n\n{json.dumps(OTHER)}",
        f"{json.dumps({'Records': [RECORD]})}\r\n{json.dumps({'Records': [OTHER]})}\r\n",
        json.dumps([{"Body": json.dumps({"detail": RECORD})}, {"Body": json.dumps({"detail": OTHER})}]),
    ],
    ids=["log file", "indented", "one a line", "log files one a line", "messages"],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_all_records_of_a_file_are_read_in_its_order(
    tmp_path: Path, text: str, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "log"
    path.write_bytes(pack(text.encode()))
    assert [RECORD, OTHER] == [each.raw for each in read_records(path) if isinstance(each, Record)]


DEEP = "[" * 100_000 + "]" * 100_000


def test_what_is_no_record_stands_in_its_place_among_the_others(tmp_path: Path) -> None:
    lines = [json.dumps(RECORD), "{", '{"a": NaN}', DEEP, "{}", '[{"eventName": "X"}, 1]', json.dumps(OTHER)]
    path = write(tmp_path, "\n".join(lines))
    number = "is nested too deeply, or holds a number that JSON does not have"
    unknown = f"holds no CloudTrail record in a form that is read: {FORMS}"
    assert [
        RECORD,
        (f"{path}:2:2", "is not JSON: Expecting property name enclosed in double quotes"),
        (str(path), number),
        (str(path), number),
        (str(path), unknown),
        (str(path), "is no CloudTrail record: no account: recipientAccountId is missing"),
        (str(path), unknown),
        OTHER,
    ] == [each if isinstance(each, Unreadable) else each.raw for each in read_records(path)]


def test_an_element_of_a_log_file_that_is_no_record_does_not_hide_the_others(tmp_path: Path) -> None:
    path = write(tmp_path, {"Records": [5, RECORD, {"Body": "plain"}]})
    assert [True, False, True] == [isinstance(each, Unreadable) for each in read_records(path)]


def test_a_line_nested_as_deep_as_json_goes_does_not_hide_the_others(tmp_path: Path) -> None:
    deep = ["[" * depth + "]" * depth for depth in range(200, 1000, 50)]
    path = write(tmp_path, "\n".join([json.dumps(RECORD), *deep, json.dumps(OTHER)]))
    found = [each.raw for each in read_records(path) if isinstance(each, Record)]
    assert [RECORD, OTHER] == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", ":1:2: is not JSON: Expecting property name enclosed in double quotes"),
        ("", ":1:1: is not JSON: Expecting value"),
        ('{\n"Records": []\n', ":3:1: is not JSON: Expecting ',' delimiter"),
        ("{}", f": holds no CloudTrail record in a form that is read: {FORMS}"),
        ("5", f": holds no CloudTrail record in a form that is read: {FORMS}"),
    ],
)
def test_a_file_that_is_at_fault_as_a_whole_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(BadFile) as caught:
        list(read_records(path))
    assert f"{path}{expected}" == str(caught.value)


@pytest.mark.parametrize("depth", [400, 900, 990, 5000])
def test_a_record_wrapped_too_often_is_told_plainly(tmp_path: Path, depth: int) -> None:
    path = write(tmp_path, '{"Records": ' * depth + "1" + "}" * depth)
    with pytest.raises(BadFile):
        list(read_records(path))


def test_more_than_is_read_of_all_records_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.event_files.MOST_BYTES_OF_ALL", 2 * 1024**2)
    path = write(tmp_path, " " * (2 * 1024**2 + 1))
    with pytest.raises(BadFile, match=r": holds more than 2 MB; give a part of it$"):
        list(read_records(path))


def test_a_log_file_without_records_holds_none(tmp_path: Path) -> None:
    assert [] == list(read_records(write(tmp_path, {"Records": []})))
