"""What a call names that is not ours: accounts, buckets, web hosts; and tricks to look as if it were."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.core.ownership import NOTHING, Own, find_outside, foreign_accounts

OURS = Own(frozenset({"444455556666"}), frozenset({"our-bucket"}), ("example.com",))


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


def test_a_list_that_is_empty_says_nothing() -> None:
    parameters = {"url": "https://elsewhere.org", "bucket": "theirs"}
    assert {} == find_outside(parameters, NOTHING)
    assert {"buckets": ["theirs"]} == find_outside(parameters, Own(buckets=frozenset({"ours"})))
    assert {"domains": ["elsewhere.org"]} == find_outside(parameters, Own(domains=("example.com",)))


@given(st.text(), st.text())
def test_no_text_around_our_domain_makes_another_host_ours(before: str, after: str) -> None:
    found = find_outside({"url": f"https://elsewhere.org/{before}https://elsewhere.org{after}"}, OURS)
    assert "domains" in found
