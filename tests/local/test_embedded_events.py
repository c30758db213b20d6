"""EventBridge in the embedded AWS: who may put aws.* events, and which rules receive them."""

from collections.abc import Callable
from typing import Any

from local.aws import EmbeddedAws

ALL_EVENTS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
WRITE = {"eventName": "UpdateCertificate", "readOnly": False}
READ = {"eventName": "ListThings", "readOnly": True}


def test_a_program_may_not_put_events_of_an_aws_service(aws: EmbeddedAws) -> None:
    answer = aws.client("events").put_events(
        Entries=[{"Source": "aws.iot", "DetailType": "AWS API Call via CloudTrail", "Detail": "{}"}]
    )

    assert 1 == answer["FailedEntryCount"]
    assert "NotAuthorizedForSourceException" == answer["Entries"][0]["ErrorCode"]


def test_the_harness_may_put_an_event_with_an_id_of_its_choice(
    aws: EmbeddedAws, make_queue: Callable[[str], Any], make_rule: Callable[..., str]
) -> None:
    queue = make_queue("all")
    make_rule({"Arn": queue.arn})

    assert "chosen" == aws.put_record({"eventTime": "2026-11-01T02:03:04Z"}, event_id="chosen")

    event = queue.next()
    assert "chosen" == event["id"]
    assert "2026-11-01T02:03:04Z" == event["time"]
    assert "aws.iot" == event["source"]
    assert [] == event["resources"]


def test_a_malformed_record_is_delivered_as_it_is(
    aws: EmbeddedAws, make_queue: Callable[[str], Any], make_rule: Callable[..., str]
) -> None:
    queue = make_queue("all")
    make_rule({"Arn": queue.arn})

    aws.put_record({"eventTime": 7, "userIdentity": "nobody", "requestParameters": []})

    assert {"eventTime": 7, "userIdentity": "nobody", "requestParameters": []} == queue.next()["detail"]


def test_an_enabled_rule_receives_writes_only(
    aws: EmbeddedAws, make_queue: Callable[[str], Any], make_rule: Callable[..., str]
) -> None:
    queue = make_queue("writes")
    make_rule({"Arn": queue.arn}, state="ENABLED")

    aws.put_record(READ)
    aws.put_record(WRITE)

    assert WRITE == queue.next()["detail"]  # the read went first: had it been delivered, it would be here


def test_a_rule_for_all_management_events_receives_reads_and_writes(
    aws: EmbeddedAws, make_queue: Callable[[str], Any], make_rule: Callable[..., str]
) -> None:
    queue = make_queue("everything")
    make_rule({"Arn": queue.arn}, state=ALL_EVENTS)

    aws.put_record(READ)
    aws.put_record(WRITE)

    received = [queue.next()["detail"] for _ in range(2)]
    assert [READ, WRITE] == sorted(received, key=lambda record: str(record["eventName"]))


def test_a_read_that_is_not_named_like_one_reaches_an_enabled_rule(
    aws: EmbeddedAws, make_queue: Callable[[str], Any], make_rule: Callable[..., str]
) -> None:
    queue = make_queue("writes")
    make_rule({"Arn": queue.arn}, state="ENABLED")

    aws.put_record({"eventName": "SearchIndex", "readOnly": True})

    assert "SearchIndex" == queue.next()["detail"]["eventName"]


def test_a_disabled_rule_receives_nothing(
    aws: EmbeddedAws, make_queue: Callable[[str], Any], make_rule: Callable[..., str]
) -> None:
    disabled, enabled = make_queue("disabled"), make_queue("enabled")
    make_rule({"Arn": disabled.arn}, name="a-disabled", state="DISABLED")
    make_rule({"Arn": enabled.arn}, name="b-enabled")

    aws.put_record(WRITE)

    assert WRITE == enabled.next()["detail"]
    assert [] == disabled.receive()
