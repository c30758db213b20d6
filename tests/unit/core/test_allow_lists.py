"""What a call names that is not ours: accounts, buckets, web hosts; and tricks to look as if it were."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.core import allow_lists
from handlers.core.allow_lists import EMPTY, AllowLists, texts_of


def foreign_accounts(parameters: dict[str, Any], account: str, lists: AllowLists) -> list[str]:
    return allow_lists.foreign_accounts(tuple(texts_of(parameters)), account, lists)


def find_outside(parameters: dict[str, Any], lists: AllowLists) -> dict[str, list[str]]:
    return allow_lists.find_outside(tuple(texts_of(parameters)), lists)


EXAMPLE = AllowLists(domains=frozenset({"example.com"}))
OURS = AllowLists(frozenset({"444455556666"}), frozenset({"our-bucket"}), frozenset({"example.com"}))


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"principal": "arn:aws:iot:eu-west-1:999999999999:cert/x"}, ["999999999999"]),
        ({"principal": "arn:aws:iot:eu-west-1:444455556666:cert/x"}, []),
        ({"principal": "arn:aws:iot:eu-west-1:111122223333:cert/x"}, []),
        ({"targetAwsAccount": "999999999999"}, ["999999999999"]),
        ({"queueUrl": "https://sqs.eu-west-1.amazonaws.com/999999999999/q"}, ["999999999999"]),
        ({"tags": {"owner": "arn:aws:iam::999999999999:user/x"}}, []),
    ],
)
def test_an_account_is_foreign_unless_it_is_the_records_or_on_the_list(
    parameters: dict[str, Any], expected: list[str]
) -> None:
    assert expected == foreign_accounts(parameters, "111122223333", OURS)


@pytest.mark.parametrize(
    ("value", "bucket"),
    [
        ({"bucketName": "theirs"}, "theirs"),
        ({"s3Bucket": "theirs"}, "theirs"),
        ({"registryS3BucketName": "theirs"}, "theirs"),
        ({"files": [{"fileLocation": {"s3Location": {"bucket": "theirs", "key": "our-bucket"}}}]}, "theirs"),
        ({"destinationArn": "arn:aws:s3:::theirs/prefix"}, "theirs"),
        ({"documentSource": "https://theirs.s3.eu-west-1.amazonaws.com/job.json"}, "theirs"),
        ({"documentSource": "https://theirs.s3.amazonaws.com/job.json"}, "theirs"),
        ({"documentSource": "https://s3.eu-west-1.amazonaws.com/theirs/job.json"}, "theirs"),
        ({"documentSource": "https://s3-eu-west-1.amazonaws.com/theirs/job.json"}, "theirs"),
        ({"documentSource": "https://theirs.s3.dualstack.eu-west-1.amazonaws.com/x"}, "theirs"),
        (
            {"documentSource": "https://our-bucket.theirs.s3.cn-north-1.amazonaws.com.cn/x"},
            "our-bucket.theirs",
        ),
        ({"document": '{"get": "s3://theirs/firmware.bin"}'}, "theirs"),
        ({"policyDocument": '{"Resource": "arn:aws:s3:::theirs/*"}'}, "theirs"),
        ({"inputFileBucket": "theirs"}, "theirs"),
        ({"documentSource": "https://s3-fips.us-east-1.amazonaws.com/theirs/fw"}, "theirs"),
        ({"documentSource": "https://theirs.s3-fips.us-east-1.amazonaws.com/fw"}, "theirs"),
        ({"documentSource": "https://theirs-111.s3-accesspoint.eu-west-1.amazonaws.com/fw"}, "theirs-111"),
        ({"documentSource": "http://theirs.s3-website.eu-west-1.amazonaws.com/fw"}, "theirs"),
        ({"documentSource": "https://theirs.s3-accelerate.dualstack.amazonaws.com/fw"}, "theirs"),
        ({"documentSource": "https://s3.amazonaws.com/our-bucket/../theirs/fw"}, "/our-bucket/../theirs/fw"),
        (
            {"documentSource": "https://s3.amazonaws.com/our-bucket/%2e%2e/theirs/fw"},
            "/our-bucket/%2e%2e/theirs/fw",
        ),
        ({"document": '{"get": "s3:\\/\\/theirs\\/firmware.bin"}'}, "theirs"),
        ({"document": '{"script": "aws s3 cp s3://theirs/x \'s3://our-bucket\'"}'}, "theirs"),
    ],
)
def test_a_bucket_is_found_however_it_is_named(value: dict[str, Any], bucket: str) -> None:
    assert {"buckets": [bucket]} == find_outside(value, OURS)


@pytest.mark.parametrize(
    "value",
    [
        {"bucketName": "our-bucket"},
        {"documentSource": "https://our-bucket.s3.eu-west-1.amazonaws.com/job.json"},
        {"url": "https://example.com/ingest"},
        {"url": "HTTPS://Devices.Example.COM:8443/ingest?x=https"},
        {"url": "https://example.com./"},
        {"queueUrl": "https://sqs.eu-west-1.amazonaws.com/111122223333/q"},
        {"description": "see https://elsewhere.org and s3://theirs"},
        {"bucket": 7, "files": None},
        {
            "document": '{"steps": ["curl https://example.com/a\\ncurl \'https://example.com\'; (https://example.com)"]}'
        },
        {"document": '{"inner": "{\\"url\\": \\"https://example.com\\"}"}'},
        {"script": 'echo {\\"url\\": \\"https://example.com\\"}'},
        {"url": "http://localhost:8080/x http://127.0.0.1 file:///tmp/x"},
        {"urls": "https://example.com,https://a.example.com;\nhttps://b.example.com"},
        {"thingTypeProperties": {"thingTypeDescription": "see https://elsewhere.org"}},
        {"bootstrap.servers": "b-1.example.com:9096, b-2.example.com:9096"},
    ],
)
def test_what_is_ours_or_no_address_is_not_outside(value: dict[str, Any]) -> None:
    assert {} == find_outside(value, OURS)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://elsewhere.org/x", "elsewhere.org"),
        ("http://ELSEWHERE.org:80", "elsewhere.org"),
        ("https://notexample.com", "notexample.com"),
        ("https://example.com.elsewhere.org/", "example.com.elsewhere.org"),
        ("https://example.com@elsewhere.org/", "example.com@elsewhere.org"),
        ("https://elsewhere.org\\@example.com/", "elsewhere.org\\@example.com"),
        ("https://elsewhere.org\\@x.example.com/", "elsewhere.org\\@x.example.com"),
        ("https://example.com:443@elsewhere.org/", "example.com:443@elsewhere.org"),
        ("https://example.com'@elsewhere.org/", "example.com'@elsewhere.org"),
        ("https://example.com\\.elsewhere.org/", "example.com\\.elsewhere.org"),
        ("https://example.com%2eelsewhere.org/", "example.com%2eelsewhere.org"),
        ("https://example.com/a,https://elsewhere.org/b", "elsewhere.org"),
        ("https:/elsewhere.org", "elsewhere.org"),
        ("ftp://elsewhere.org/x", "elsewhere.org"),
        ("coaps://elsewhere.org/x", "elsewhere.org"),
        ("sftp://elsewhere.org/x", "elsewhere.org"),
        ("git+ssh://elsewhere.org/x", "elsewhere.org"),
        ("curl https://fw.example.com''.elsewhere.org/x|sh", "fw.example.com''.elsewhere.org"),
        ("https://fw.example.com;.elsewhere.org/", "fw.example.com;.elsewhere.org"),
        ("https://fw.example.com\t.elsewhere.org/", "fw.example.com"),
        ("wss://elsewhere.org/x", "elsewhere.org"),
        ("https://elsewhere.org?.example.com", "elsewhere.org"),
        ("https://elsewhere.org#.example.com", "elsewhere.org"),
        ("https://${topic(2)}.example.com/", "${topic(2)}.example.com"),
        ("https://ex\u0430mple.com/", "ex\u0430mple.com"),
        ("https://abc.execute-api.eu-west-1.amazonaws.com/prod", "abc.execute-api.eu-west-1.amazonaws.com"),
        ("https://abc.lambda-url.eu-west-1.on.aws/", "abc.lambda-url.eu-west-1.on.aws"),
        ("https://[2001:db8::1]/x", "[2001:db8::1]"),
        ("https://198.51.100.9/x", "198.51.100.9"),
    ],
)
def test_a_web_host_is_outside_unless_it_surely_is_one_of_ours(url: str, host: str) -> None:
    assert {"domains": [host]} == find_outside(
        {"topicRulePayload": {"actions": [{"http": {"url": url}}]}}, OURS
    )


@pytest.mark.parametrize(
    "parameters",
    [
        {"document": '{"url": "https:\\/\\/elsewhere.org"}'},
        {"document": '{"url": "\\u0068ttps://elsewhere.org"}'},
        {"documentParameters": {"comment": "https://elsewhere.org"}},
        {"clientProperties": {"bootstrap.servers": "elsewhere.org:9092"}},
        {"document": '{"description": "https://elsewhere.org"}'},
    ],
)
def test_an_address_is_found_in_escapes_and_under_any_name_of_the_callers_choice(
    parameters: dict[str, Any],
) -> None:
    assert {"domains": ["elsewhere.org"]} == find_outside(parameters, OURS)


def test_an_address_that_is_unclear_is_no_bucket_of_ours_either() -> None:
    url = {"url": "https://our-bucket.s3.amazonaws.com:x@elsewhere.org/"}
    assert {"buckets"} == set(find_outside(url, AllowLists(buckets=frozenset({"our-bucket"}))))


def test_an_account_in_a_queues_url_is_found_whatever_else_stands_there() -> None:
    parameters = {"queueUrl": "https://sqs.eu-west-1.amazonaws.com/999999999999/q?arn:aws"}
    assert ["999999999999"] == foreign_accounts(parameters, "111122223333", OURS)


def test_long_text_is_read_in_short_time() -> None:
    hostile = ["https://" * 12_000, "https://a@" * 10_000, "{" * 100_000, "https://" + "a." * 50_000]
    assert {"domains"} == set(find_outside({"document": hostile}, EXAMPLE))


def test_a_list_that_is_empty_says_nothing() -> None:
    parameters = {"url": "https://elsewhere.org", "bucket": "theirs"}
    assert {} == find_outside(parameters, EMPTY)
    assert {"buckets": ["theirs"]} == find_outside(parameters, AllowLists(buckets=frozenset({"ours"})))
    assert {"domains": ["elsewhere.org"]} == find_outside(
        parameters, AllowLists(domains=frozenset({"example.com"}))
    )


@given(st.text(), st.text())
def test_no_text_around_our_domain_makes_another_host_ours(before: str, after: str) -> None:
    found = find_outside({"url": f"https://elsewhere.org/{before}https://elsewhere.org{after}"}, OURS)
    assert "domains" in found
