"""Functions in the embedded AWS: how a rule invokes them, and what they see."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from local.aws import ACCOUNT, REGION, EmbeddedAws
from local.waiting import wait_until

FORWARDS = """
    import boto3, json, os

    def handler(event, context):
        boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=json.dumps(event))
"""
FAILS = """
    def handler(event, context):
        with open(event["detail"]["log"], "a") as log:
            log.write("x")
        raise RuntimeError("always")
"""


FAILS_AFTER_A_WAIT = """
    import os, time

    def handler(event, context):
        with open(event["detail"]["log"], "a") as log:
            log.write("x")
        while not os.path.exists(event["detail"]["gate"]):
            time.sleep(0.01)
        raise RuntimeError("always")
"""


def test_a_rule_hands_the_whole_event_to_the_function(
    aws: EmbeddedAws,
    make_queue: Callable[[str], Any],
    make_rule: Callable[..., str],
    make_function: Callable[..., str],
) -> None:
    queue = make_queue("seen")
    function = make_function(FORWARDS)
    aws.client("lambda").update_function_configuration(
        FunctionName="function", Environment={"Variables": {"QUEUE": queue.url}}
    )
    make_rule({"Arn": function})

    event_id = aws.put_record({"eventName": "UpdateCertificate"})

    event = queue.next()
    assert event_id == event["id"]
    assert "AWS API Call via CloudTrail" == event["detail-type"]
    assert {"eventName": "UpdateCertificate"} == event["detail"]


def test_an_event_that_keeps_failing_is_tried_three_times_and_then_goes_to_the_destination(
    aws: EmbeddedAws,
    make_queue: Callable[[str], Any],
    make_rule: Callable[..., str],
    make_function: Callable[..., str],
    tmp_path: Path,
) -> None:
    failures = make_queue("failures")
    function = make_function(FAILS)
    aws.client("lambda").put_function_event_invoke_config(
        FunctionName="function", DestinationConfig={"OnFailure": {"Destination": failures.arn}}
    )
    make_rule({"Arn": function})
    detail = {"eventName": "UpdateCertificate", "log": str(tmp_path / "tries")}

    event_id = aws.put_record(detail)

    failure = failures.next()
    assert "xxx" == (tmp_path / "tries").read_text()
    assert event_id == failure["requestPayload"]["id"]
    assert detail == failure["requestPayload"]["detail"]
    assert "RetriesExhausted" == failure["requestContext"]["condition"]


def test_the_configured_number_of_retries_holds(
    aws: EmbeddedAws,
    make_queue: Callable[[str], Any],
    make_rule: Callable[..., str],
    make_function: Callable[..., str],
    tmp_path: Path,
) -> None:
    failures = make_queue("failures")
    function = make_function(FAILS)
    aws.client("lambda").put_function_event_invoke_config(
        FunctionName="function",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": failures.arn}},
    )
    make_rule({"Arn": function})

    aws.put_record({"log": str(tmp_path / "tries")})

    failures.next()
    assert "x" == (tmp_path / "tries").read_text()


def test_an_event_for_a_missing_function_goes_to_the_dead_letters_of_the_target(
    aws: EmbeddedAws, make_queue: Callable[[str], Any], make_rule: Callable[..., str]
) -> None:
    dead_letters = make_queue("dead")
    missing = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:missing"
    rule = make_rule({"Arn": missing, "DeadLetterConfig": {"Arn": dead_letters.arn}})

    event_id = aws.put_record({"eventName": "UpdateCertificate"})

    message = wait_until(dead_letters.receive)[0]
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert event_id == json.loads(message["Body"])["id"]
    assert (rule, missing) == (attributes["RULE_ARN"], attributes["TARGET_ARN"])
    assert "RESOURCE_NOT_FOUND" == attributes["ERROR_CODE"]


def test_an_event_for_a_function_that_the_rule_may_not_invoke_goes_to_the_dead_letters(
    aws: EmbeddedAws,
    make_queue: Callable[[str], Any],
    make_rule: Callable[..., str],
    make_function: Callable[..., str],
) -> None:
    dead_letters = make_queue("dead")
    function = make_function(FAILS, allow_rules=False)
    make_rule({"Arn": function, "DeadLetterConfig": {"Arn": dead_letters.arn}})

    aws.put_record({})

    attributes = wait_until(dead_letters.receive)[0]["MessageAttributes"]
    assert "NO_PERMISSIONS" == attributes["ERROR_CODE"]["StringValue"]


def test_no_more_functions_run_at_a_time_than_there_are_places(
    make_function: Callable[..., str], invoke: Callable[..., Any]
) -> None:
    make_function("""
        import os

        def handler(event, context):
            return os.getpid()
    """)

    with ThreadPoolExecutor(8) as pool:
        processes = set(pool.map(lambda _: invoke(), range(24)))

    assert len(processes) <= 2


def test_a_throttled_event_waits_for_its_turn(
    aws: EmbeddedAws,
    make_queue: Callable[[str], Any],
    make_rule: Callable[..., str],
    make_function: Callable[..., str],
) -> None:
    seen, failures = make_queue("seen"), make_queue("failures")
    function = make_function(FORWARDS)
    functions = aws.client("lambda")
    functions.update_function_configuration(
        FunctionName="function", Environment={"Variables": {"QUEUE": seen.url}}
    )
    functions.put_function_concurrency(FunctionName="function", ReservedConcurrentExecutions=1)
    functions.put_function_event_invoke_config(
        FunctionName="function",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": failures.arn}},
    )
    make_rule({"Arn": function})

    sent = {aws.put_record({"number": number}) for number in range(8)}

    received: set[str] = set()

    def all_received() -> bool:
        received.update(json.loads(message["Body"])["id"] for message in seen.receive())
        return sent == received

    wait_until(all_received)
    assert [] == failures.receive()


def test_an_event_accepted_before_a_reset_is_not_tried_again_after_it(
    aws: EmbeddedAws,
    make_rule: Callable[..., str],
    make_function: Callable[..., str],
    tmp_path: Path,
) -> None:
    make_rule({"Arn": make_function(FAILS_AFTER_A_WAIT)})
    gate = tmp_path / "gate"
    aws.put_record({"log": str(tmp_path / "tries"), "gate": str(gate)})
    wait_until((tmp_path / "tries").exists)

    aws.reset()
    gate.touch()

    make_rule({"Arn": make_function(FAILS)})
    aws.put_record({"log": str(tmp_path / "later")})
    wait_until(lambda: (tmp_path / "later").exists() and (tmp_path / "later").read_text() == "xxx")
    assert "x" == (tmp_path / "tries").read_text()


@pytest.mark.parametrize("module", ["local", "handlers", "pytest", "requests", "pydantic"])
def test_a_function_can_not_import_what_its_asset_does_not_hold(
    make_function: Callable[..., str], invoke: Callable[..., Any], module: str
) -> None:
    make_function(f"""
        import importlib.util

        def handler(event, context):
            return importlib.util.find_spec({module!r}) is None
    """)

    assert invoke() is True


def test_a_function_can_import_what_lambda_carries(
    make_function: Callable[..., str], invoke: Callable[..., Any]
) -> None:
    make_function("""
        import boto3, botocore, dateutil.parser, jmespath, s3transfer, six, urllib3

        def handler(event, context):
            return boto3.client("sts").get_caller_identity()["Account"]
    """)

    assert ACCOUNT == invoke()


def test_what_a_function_logs_is_json_with_its_extra_fields_as_on_lambda(
    aws: EmbeddedAws, make_function: Callable[..., str], invoke: Callable[..., Any]
) -> None:
    make_function("""
        import logging

        def handler(event, context):
            logging.getLogger("lamp").info("switched %s", "on", extra={"places": ("hall", "attic")})
            try:
                raise KeyError("bulb")
            except KeyError:
                logging.getLogger("lamp").exception("broken")
    """)
    invoke()
    logs = aws.client("logs")
    (stream,) = logs.describe_log_streams(logGroupName="/aws/lambda/function")["logStreams"]
    events = logs.get_log_events(logGroupName="/aws/lambda/function", logStreamName=stream["logStreamName"])[
        "events"
    ]
    switched, broken = [json.loads(each["message"]) for each in events if each["message"].startswith("{")]
    said = {"level": "INFO", "message": "switched on", "logger": "lamp", "places": ["hall", "attic"]}
    assert said == switched
    assert ("ERROR", "broken", "KeyError", "'bulb'") == (
        broken["level"],
        broken["message"],
        broken["errorType"],
        broken["errorMessage"],
    )
    assert "raise KeyError" in broken["stackTrace"][0]


def test_a_function_does_not_inherit_the_hosts_environment(
    aws: EmbeddedAws, make_function: Callable[..., str], invoke: Callable[..., Any]
) -> None:
    make_function("""
        import os, sys

        def handler(event, context):
            return {"environment": dict(os.environ), "path": sys.path}
    """)

    seen = invoke()
    assert set() == {"AWS_PROFILE", "AWS_CA_BUNDLE", "HTTP_PROXY", "https_proxy", "SECRET_OF_THE_HOST"} & set(
        seen["environment"]
    )
    assert "host" != seen["environment"]["AWS_SESSION_TOKEN"]
    assert aws.endpoint == seen["environment"]["AWS_ENDPOINT_URL"]
    assert not [
        entry for entry in seen["path"] if Path(entry).resolve() == Path(__file__).resolve().parents[2]
    ]
