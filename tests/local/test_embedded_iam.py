"""IAM enforcement inside functions: deploy first, then enforce."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.aws import ACCOUNT, REGION, EmbeddedAws, Fault

READS_PARAMETER = """
    import boto3
    from botocore.exceptions import ClientError

    def handler(event, context):
        try:
            return boto3.client("ssm").get_parameter(Name="/lamp")["Parameter"]["Value"]
        except ClientError as error:
            return error.response["Error"]["Code"]
"""
ALLOW = {
    "Effect": "Allow",
    "Action": "ssm:GetParameter",
    "Resource": f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/lamp",
}


@pytest.fixture
def make_role(aws: EmbeddedAws) -> Callable[..., None]:
    def make(name: str, *statements: dict[str, Any]) -> None:
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        iam = aws.client("iam")
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=_document([trust]))
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=_document(statements))

    return make


@pytest.fixture(autouse=True)
def parameter(aws: EmbeddedAws) -> None:
    aws.client("ssm").put_parameter(Name="/lamp", Value="on", Type="String")


def test_a_function_whose_role_lacks_the_permission_is_denied(
    aws: EmbeddedAws,
    make_role: Callable[..., None],
    make_function: Callable[..., str],
    invoke: Callable[..., Any],
) -> None:
    make_role("nobody")
    make_function(READS_PARAMETER, role="nobody")
    assert "on" == invoke()

    aws.enforce_iam()
    assert "AccessDeniedException" == invoke()

    aws.enforce_iam(on=False)
    assert "on" == invoke()


def test_a_function_whose_role_has_the_permission_passes(
    aws: EmbeddedAws,
    make_role: Callable[..., None],
    make_function: Callable[..., str],
    invoke: Callable[..., Any],
) -> None:
    make_role("reader", ALLOW)
    make_function(READS_PARAMETER, role="reader")

    aws.enforce_iam()

    assert "on" == invoke()


def test_a_statement_that_refuses_plain_http_lets_loopback_pass(
    aws: EmbeddedAws,
    make_role: Callable[..., None],
    make_function: Callable[..., str],
    invoke: Callable[..., Any],
) -> None:
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    make_role("reader", ALLOW, {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": plain})
    make_function(READS_PARAMETER, role="reader")

    aws.enforce_iam()

    assert "on" == invoke()


def test_faults_fire_under_enforcement(
    aws: EmbeddedAws,
    make_role: Callable[..., None],
    make_function: Callable[..., str],
    invoke: Callable[..., Any],
) -> None:
    make_role("reader", ALLOW)
    make_function(READS_PARAMETER, role="reader")
    aws.inject_faults([Fault("ssm", "GetParameter", "ParameterNotFound")])

    aws.enforce_iam()

    assert "ParameterNotFound" == invoke()
    assert "on" == invoke()


def test_a_batch_needs_the_permission_of_the_single_call(aws: EmbeddedAws) -> None:
    sqs, iam = aws.client("sqs"), aws.client("iam")
    url = sqs.create_queue(QueueName="deliveries")["QueueUrl"]
    iam.create_user(UserName="sender")
    allowed = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
    iam.put_user_policy(UserName="sender", PolicyName="own", PolicyDocument=_document([allowed]))
    key = iam.create_access_key(UserName="sender")["AccessKey"]
    aws.enforce_iam()
    sender = aws.client_of("sqs", key["AccessKeyId"], key["SecretAccessKey"])

    sent = sender.send_message_batch(QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "text"}])

    assert ["1"] == [entry["Id"] for entry in sent["Successful"]]
    with pytest.raises(ClientError, match="AccessDenied"):
        sender.delete_message_batch(QueueUrl=url, Entries=[{"Id": "1", "ReceiptHandle": "x"}])


def test_the_targets_of_a_policy_are_authorized_on_that_policy(aws: EmbeddedAws) -> None:
    aws.client("iot").create_policy(policyName="mine", policyDocument='{"Statement": []}')
    iam, place = aws.client("iam"), "arn:aws:iot:us-east-1:000000000000:policy/mine"
    iam.create_user(UserName="reader")
    statement = {"Effect": "Allow", "Action": "iot:ListTargetsForPolicy", "Resource": place}
    iam.put_user_policy(UserName="reader", PolicyName="own", PolicyDocument=_document([statement]))
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    reader = aws.client_of("iot", key["AccessKeyId"], key["SecretAccessKey"])
    aws.enforce_iam()
    assert [] == reader.list_targets_for_policy(policyName="mine")["targets"]
    with pytest.raises(ClientError, match="not authorized to perform: iot:ListTargetsForPolicy"):
        reader.list_targets_for_policy(policyName="other")


def test_a_reset_ends_enforcement(aws: EmbeddedAws) -> None:
    aws.enforce_iam()
    aws.reset()

    assert [] == aws.client_of("iot", "AKIAUNKNOWNKEY", "x").list_things()["things"]


def _document(statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
