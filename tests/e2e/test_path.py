"""The whole path on the deployed stack: an IoT API call, a message in Slack, an alert on SNS."""

import json
from datetime import timedelta
from typing import Any

import pytest

from local.aws import Fault
from local.slack import Answer
from local.waiting import wait_until
from tests.e2e.conftest import PATIENCE, WIDE_OPEN, World
from tests.support.records import make_event


def test_activating_a_certificate_arrives_in_slack_and_on_sns_exactly_once(world: World) -> None:
    certificate = world.make_certificate()
    world.activate(certificate)
    world.settle()
    (message,) = world.in_slack(certificate)
    (alert,) = world.on_sns(certificate, about="UpdateCertificate")
    assert f"🟠 Certificate {certificate[:8]}… activated, by engineer" == message.text
    assert ("high", "iam-user", {"newStatus": "ACTIVE"}) == (
        alert["severity"],
        alert["actor"]["kind"],
        alert["shown"],
    )


def test_an_alert_tells_what_a_version_newly_allows_and_what_has_the_policy(world: World) -> None:
    name = world.make_policy('{"Version": "2012-10-17", "Statement": []}')
    target = world.iot.create_keys_and_certificate()["certificateArn"]
    world.iot.attach_policy(policyName=name, target=target)
    world.iot.create_policy_version(policyName=name, policyDocument=WIDE_OPEN, setAsDefault=True)
    message, *_ = wait_until(lambda: world.in_slack(name, about="CreatePolicyVersion"), PATIENCE)
    said = (
        "Looked up in AWS IoT\nCompared with: version 1, the newest of the others\n"
        "Newly allowed: iot:* on every resource\nAttached to: 1 certificate\n"
    )
    assert said in message.readable()


def test_an_alert_tells_what_hangs_on_a_certificate(world: World) -> None:
    certificate = world.make_certificate()
    arn = world.iot.describe_certificate(certificateId=certificate)["certificateDescription"][
        "certificateArn"
    ]
    world.iot.create_thing(thingName="pump-7")
    world.iot.attach_thing_principal(thingName="pump-7", principal=arn)
    world.activate(certificate)
    (message,) = wait_until(lambda: world.in_slack(certificate, about="UpdateCertificate"), PATIENCE)
    assert "Looked up in AWS IoT\nIts things: pump-7\nIts policies: none\n" in message.readable()


def test_reading_and_routine_work_are_told_to_nobody(world: World) -> None:
    world.iot.list_things()
    world.iot.create_thing(thingName="lamp")
    world.settle()
    assert ([], []) == (world.in_slack("lamp"), world.on_sns("lamp"))
    assert [] == world.in_slack("iot:ListThings")
    assert [] == [alert for alert in world.inbox.poll() if alert["operation"] == "iot:ListThings"]


def test_whatever_root_does_is_loud(world: World) -> None:
    world.aws.client("iot").create_thing(thingName="throne")
    world.wait_for_both("throne")
    (alert,) = world.on_sns("throne")
    assert ("high", "root") == (alert["severity"], alert["actor"]["kind"])


def test_an_operation_that_aws_launched_after_us_is_told(world: World) -> None:
    record = make_event(operation="LaunchRocket", userIdentity={"type": "Root"}, eventID="rocket")["detail"]
    world.aws.put_record(record)
    wait_until(lambda: world.in_slack("iot:LaunchRocket"), PATIENCE)


def test_the_same_event_delivered_twice_produces_one_alert(world: World) -> None:
    record = make_event(eventID="delivered-twice", awsRegion="us-east-1")["detail"]
    subject = record["requestParameters"]["certificateId"]
    for _ in range(2):
        world.aws.put_record(record, event_id="5c5c5c5c-0000-4000-8000-00000000000c")
    wait_until(lambda: len(world.logged('"judged"', '"delivered-twice"')) == 2, PATIENCE)
    world.settle()
    assert (1, 1) == (len(world.in_slack(subject)), len(world.on_sns(subject)))


@pytest.mark.parametrize(
    "damage", [{"eventID": None}, {"requestParameters": "not an object"}, {"eventTime": "soon"}]
)
def test_a_malformed_event_ends_whole_in_the_failure_queue_and_stops_nothing(
    world: World, damage: dict[str, Any]
) -> None:
    record = make_event(**damage, requestID=f"malformed {damage}")["detail"]
    world.aws.put_record(record)
    world.settle()
    failure = json.loads(world.take_message("DetectFailureQueueUrl", about=record["requestID"])["Body"])
    assert record == failure["requestPayload"]["detail"]
    wait_until(lambda: world.logged("BadRecord"), PATIENCE)


def test_while_slack_answers_500_the_alert_waits_and_arrives_once_slack_is_back(world: World) -> None:
    world.slack.answer_always(Answer(500))
    certificate = world.make_certificate()
    world.activate(certificate)
    title = world.title_of_activation(certificate)
    wait_until(lambda: sum(title in each.body for each in world.slack.refused) >= 2, PATIENCE)
    assert [] == world.in_slack(certificate)
    world.slack.answer_always(None)
    world.wait_for_both(certificate)
    world.settle()
    assert (1, 1) == (
        len(world.in_slack(certificate)),
        len(world.on_sns(certificate, about="UpdateCertificate")),
    )


def test_when_slack_asks_to_wait_the_alert_comes_back_after_that(world: World) -> None:
    certificate = world.make_certificate()
    world.slack.answer_next(
        Answer(429, "rate_limited", {"Retry-After": "3"}), about=world.title_of_activation(certificate)
    )
    world.activate(certificate)
    (message,) = wait_until(lambda: world.in_slack(certificate), PATIENCE)
    (refusal,) = [each for each in world.slack.refused if world.title_of_activation(certificate) in each.body]
    # Longer when the message was handed out before: tests/unit/core/test_backoff.py has the exact figures.
    assert message.received - refusal.received >= timedelta(seconds=3)


def test_what_slack_refuses_for_good_is_kept_in_the_dead_letter_queue_with_the_reason(world: World) -> None:
    certificate = world.make_certificate()
    world.slack.answer_next(Answer(410, "channel_is_archived"), about=world.title_of_activation(certificate))
    world.activate(certificate)
    message = world.take_message("DeadLetterQueueUrl", about=certificate)
    delivery = json.loads(message["Body"])
    assert ("secops", certificate, "Slack answered 410 channel_is_archived") == (
        delivery["destination"],
        delivery["alert"]["subject"],
        message["MessageAttributes"]["reason"]["StringValue"],
    )
    wait_until(lambda: world.on_sns(certificate, about="UpdateCertificate"), PATIENCE)


def test_what_is_no_delivery_is_kept_in_the_dead_letter_queue(world: World) -> None:
    world.aws.client("sqs").send_message(QueueUrl=world.outputs["DeliveryQueueUrlaudit"], MessageBody="hello")
    message = world.take_message("DeadLetterQueueUrl", about="hello")
    reason = message["MessageAttributes"]["reason"]["StringValue"]
    assert ("hello", "not a delivery: JSONDecodeError") == (message["Body"], reason)


def test_without_its_webhook_an_alert_waits_and_arrives_once_the_webhook_is_set(world: World) -> None:
    name = world.make_policy()
    world.iot.create_policy_version(policyName=name, policyDocument='{"Statement": []}', setAsDefault=True)
    world.iot.delete_policy_version(policyName=name, policyVersionId="1")
    wait_until(lambda: world.logged("can not read ssm:/thingwatch/slack/late: ParameterNotFound"), PATIENCE)
    assert [] == world.in_slack(name, about="DeletePolicyVersion")
    world.aws.client("ssm").put_parameter(
        Name="/thingwatch/slack/late", Value=world.slack.webhook_url, Type="SecureString"
    )
    wait_until(lambda: world.in_slack(name, about="DeletePolicyVersion"), PATIENCE)
    world.settle()
    assert 1 == len(world.in_slack(name, about="DeletePolicyVersion"))


# The SDK tries three times, so three throttles fail a whole run.
THROTTLES = [
    pytest.param(Fault("sqs", "SendMessageBatch", "ThrottlingException", times=3), id="before-the-send"),
    pytest.param(
        Fault("sqs", "SendMessageBatch", "ThrottlingException", times=3, takes_effect=True),
        id="after-the-send-took-effect",
    ),
    pytest.param(Fault("dynamodb", "PutItem", "ThrottlingException", times=3), id="at-the-claim"),
    pytest.param(
        Fault("dynamodb", "PutItem", "ThrottlingException", times=3, skip=1), id="at-the-confirmation"
    ),
    pytest.param(Fault("sns", "PublishBatch", "ThrottledException", status=429, times=3), id="at-the-topic"),
]


@pytest.mark.parametrize("throttle", THROTTLES)
def test_a_throttle_at_any_step_loses_nothing_and_repeats_nothing(world: World, throttle: Fault) -> None:
    certificate = world.make_certificate()
    world.settle()
    world.aws.inject_faults([throttle])
    world.activate(certificate)
    world.wait_for_both(certificate, about="UpdateCertificate")
    wait_until(lambda: world.aws.faults_fired() == [3], PATIENCE)
    world.settle()
    assert (1, 1) == (
        len(world.in_slack(certificate)),
        len(world.on_sns(certificate, about="UpdateCertificate")),
    )


def test_an_event_that_eventbridge_can_not_hand_over_is_kept_whole(world: World) -> None:
    functions = world.aws.client("lambda")
    (name,) = [
        each["FunctionName"]
        for each in functions.list_functions()["Functions"]
        if each["Handler"] == "handlers.detect.handler"
    ]
    statements = json.loads(functions.get_policy(FunctionName=name)["Policy"])["Statement"]
    (grant,) = [each for each in statements if "ApiCalls" in str(each["Condition"])]
    functions.remove_permission(FunctionName=name, StatementId=grant["Sid"])
    try:
        certificate = world.make_certificate()
        message = world.take_message("HandoverFailureQueueUrl", about=certificate)
    finally:
        functions.add_permission(
            FunctionName=name,
            StatementId=grant["Sid"],
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
            SourceArn=grant["Condition"]["ArnLike"]["AWS:SourceArn"],
        )
    assert certificate == json.loads(message["Body"])["detail"]["responseElements"]["certificateId"]
    world.settle()


def test_no_log_ever_holds_a_webhook(world: World) -> None:
    assert world.logged('"sent"')
    assert [] == world.logged("local-secret")
