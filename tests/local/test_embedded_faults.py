"""Faults on demand: boto3 sees the error that was asked for, in every protocol that our functions speak."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.aws import REGION, EmbeddedAws, EmbeddedAwsError, Fault

CALLS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "sqs": ("SendMessageBatch", "send_message_batch", {"QueueUrl": "http://127.0.0.1/0/q", "Entries": []}),
    "dynamodb": ("PutItem", "put_item", {"TableName": "state", "Item": {"pk": {"S": "1"}}}),
    "ssm": ("GetParameter", "get_parameter", {"Name": "/thingwatch/slack"}),
    "sns": ("Publish", "publish", {"TopicArn": "arn:aws:sns:us-east-1:000000000000:ops", "Message": "text"}),
    "secretsmanager": ("GetSecretValue", "get_secret_value", {"SecretId": "slack"}),
    "iot": ("UpdateCertificate", "update_certificate", {"certificateId": "c" * 64, "newStatus": "ACTIVE"}),
}


@pytest.fixture
def once(aws: EmbeddedAws) -> Callable[[str], Any]:
    """Return boto3 clients that try each call once."""

    def make(service: str) -> Any:
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=aws.endpoint,
            region_name=REGION,
            aws_access_key_id=aws.access_key,
            aws_secret_access_key=aws.secret_key,
            config=Config(retries={"max_attempts": 0}, proxies={}),
        )

    return make


@pytest.mark.parametrize("service", CALLS)
def test_a_fault_is_a_client_error_with_its_code(
    aws: EmbeddedAws, once: Callable[[str], Any], service: str
) -> None:
    action, method, arguments = CALLS[service]
    aws.inject_faults(
        [Fault(service, action, "ThrottlingException", status=400, message="slow <down> & wait")]
    )

    with pytest.raises(ClientError) as raised:
        getattr(once(service), method)(**arguments)

    assert "ThrottlingException" == raised.value.response["Error"]["Code"]
    assert "slow <down> & wait" == raised.value.response["Error"]["Message"]
    assert 400 == raised.value.response["ResponseMetadata"]["HTTPStatusCode"]
    assert [1] == aws.faults_fired()


def test_a_fault_fires_as_often_as_it_says_after_those_it_skips(
    aws: EmbeddedAws, once: Callable[[str], Any]
) -> None:
    ssm = once("ssm")
    ssm.put_parameter(Name="/lamp", Value="on", Type="String")
    aws.inject_faults([Fault("ssm", "GetParameter", "InternalServerError", status=500, skip=1, times=2)])

    outcomes = [_code_of(lambda: ssm.get_parameter(Name="/lamp")) for _ in range(5)]

    assert ["", "InternalServerError", "InternalServerError", "", ""] == outcomes
    assert [2] == aws.faults_fired()


def test_a_fault_hits_its_own_service_and_action_only(aws: EmbeddedAws, once: Callable[[str], Any]) -> None:
    aws.inject_faults(
        [Fault("ssm", "GetParameter", "ThrottlingException"), Fault("sqs", "*", "RequestThrottled")]
    )

    once("ssm").put_parameter(Name="/lamp", Value="on", Type="String")

    assert [0, 0] == aws.faults_fired()
    assert "RequestThrottled" == _code_of(lambda: once("sqs").list_queues())


def test_a_fault_hits_its_own_operation_of_a_rest_service_only(
    aws: EmbeddedAws, once: Callable[[str], Any]
) -> None:
    aws.inject_faults([Fault("iot", "DeleteThing", "AccessDeniedException", status=403)])
    iot = once("iot")

    iot.create_thing(thingName="lamp")

    assert "AccessDeniedException" == _code_of(lambda: iot.delete_thing(thingName="lamp"))
    assert ["lamp"] == [thing["thingName"] for thing in iot.list_things()["things"]]


def test_a_fault_that_takes_effect_loses_the_answer_only(
    aws: EmbeddedAws, once: Callable[[str], Any]
) -> None:
    sqs = once("sqs")
    url = sqs.create_queue(QueueName="deliveries")["QueueUrl"]
    aws.inject_faults([Fault("sqs", "SendMessage", "ServiceUnavailable", status=503, takes_effect=True)])

    assert "ServiceUnavailable" == _code_of(lambda: sqs.send_message(QueueUrl=url, MessageBody="once"))

    assert ["once"] == [message["Body"] for message in sqs.receive_message(QueueUrl=url)["Messages"]]


def test_no_faults_are_left_when_the_list_is_cleared(aws: EmbeddedAws, once: Callable[[str], Any]) -> None:
    aws.inject_faults([Fault("ssm", "*", "ThrottlingException", times=1000)])
    aws.inject_faults([])

    once("ssm").put_parameter(Name="/lamp", Value="on", Type="String")

    assert [] == aws.faults_fired()


def test_a_fault_that_makes_no_sense_is_refused(aws: EmbeddedAws) -> None:
    with pytest.raises(EmbeddedAwsError, match="400"):
        aws._request("POST", "/_thingwatch/faults", [{"service": "ssm", "colour": "red"}])


def _code_of(call: Callable[[], Any]) -> str:
    """Return the error code of a call, or nothing if it succeeds."""
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"]
    return ""
