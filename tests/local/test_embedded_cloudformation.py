"""CloudFormation in the embedded AWS: the properties that we mend."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.aws import EmbeddedAws
from local.waiting import wait_until

KEYS = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


def deploy(
    aws: EmbeddedAws, resources: dict[str, Any], outputs: dict[str, Any] | None = None
) -> dict[str, str]:
    """Create or update the stack and return its outputs."""
    template = json.dumps(
        {
            "Resources": resources,
            "Outputs": {name: {"Value": value} for name, value in (outputs or {}).items()},
        }
    )
    stacks = aws.client("cloudformation")
    known = [stack["StackName"] for stack in stacks.describe_stacks()["Stacks"]]
    (stacks.update_stack if "stack" in known else stacks.create_stack)(
        StackName="stack", TemplateBody=template
    )

    def settled() -> Any:
        stack = stacks.describe_stacks(StackName="stack")["Stacks"][0]
        return stack if stack["StackStatus"].endswith(("_COMPLETE", "_FAILED")) else None

    stack = wait_until(settled)
    assert stack["StackStatus"] in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}, stack
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def test_the_ref_of_a_secret_is_its_arn(aws: EmbeddedAws) -> None:
    secret = {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": "slack", "SecretString": "hook"}}

    outputs = deploy(aws, {"Secret": secret}, {"Arn": {"Ref": "Secret"}})

    assert aws.client("secretsmanager").describe_secret(SecretId="slack")["ARN"] == outputs["Arn"]
    assert "hook" == aws.client("secretsmanager").get_secret_value(SecretId=outputs["Arn"])["SecretString"]


def test_a_secret_keeps_its_arn_when_it_changes_and_goes_with_the_stack(aws: EmbeddedAws) -> None:
    properties = {"Name": "slack", "SecretString": "hook"}
    secret = {"Type": "AWS::SecretsManager::Secret", "Properties": properties}
    before = deploy(aws, {"Secret": secret}, {"Arn": {"Ref": "Secret"}})

    after = deploy(
        aws,
        {"Secret": {**secret, "Properties": {**properties, "Description": "new"}}},
        {"Arn": {"Ref": "Secret"}},
    )

    assert before == after
    assert "new" == aws.client("secretsmanager").describe_secret(SecretId="slack")["Description"]
    aws.client("cloudformation").delete_stack(StackName="stack")
    wait_until(lambda: not aws.client("secretsmanager").list_secrets()["SecretList"])


def test_a_table_expires_items_as_its_template_says(aws: EmbeddedAws) -> None:
    expires = {"AttributeName": "expires", "Enabled": True}
    table = {"Type": "AWS::DynamoDB::Table", "Properties": {**KEYS, "TimeToLiveSpecification": expires}}

    name = deploy(aws, {"Table": table}, {"Name": {"Ref": "Table"}})["Name"]

    described = aws.client("dynamodb").describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"} == described


def test_a_global_table_expires_items_as_its_template_says(aws: EmbeddedAws) -> None:
    expires = {"AttributeName": "expires", "Enabled": True}
    properties = {**KEYS, "Replicas": [{"Region": "us-east-1"}], "TimeToLiveSpecification": expires}

    outputs = deploy(
        aws,
        {"Table": {"Type": "AWS::DynamoDB::GlobalTable", "Properties": properties}},
        {"Name": {"Ref": "Table"}},
    )

    described = aws.client("dynamodb").describe_time_to_live(TableName=outputs["Name"])[
        "TimeToLiveDescription"
    ]
    assert {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"} == described


def test_a_topic_has_its_key_and_is_closed_to_principals_without_permission(aws: EmbeddedAws) -> None:
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": "alias/aws/sns"}}

    arn = deploy(aws, {"Topic": topic}, {"Arn": {"Ref": "Topic"}})["Arn"]

    assert (
        "alias/aws/sns"
        == aws.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]["KmsMasterKeyId"]
    )
    aws.client("iam").create_user(UserName="mallory")
    key = aws.client("iam").create_access_key(UserName="mallory")["AccessKey"]
    aws.enforce_iam()
    with pytest.raises(ClientError, match="AuthorizationError"):
        aws.client_of("sns", key["AccessKeyId"], key["SecretAccessKey"]).publish(TopicArn=arn, Message="text")


def test_a_trail_is_made_changed_and_deleted_with_its_stack(aws: EmbeddedAws) -> None:
    trails = aws.client("cloudtrail")

    def trail(*, logging: bool) -> dict[str, Any]:
        properties = {
            "TrailName": "trail",
            "S3BucketName": "logs",
            "IsLogging": logging,
            "IsMultiRegionTrail": True,
        }
        return {"Trail": {"Type": "AWS::CloudTrail::Trail", "Properties": properties}}

    outputs = deploy(
        aws, trail(logging=True), {"Arn": {"Fn::GetAtt": ["Trail", "Arn"]}, "Name": {"Ref": "Trail"}}
    )
    assert "trail" == outputs["Name"]
    assert outputs["Arn"] == trails.get_trail(Name="trail")["Trail"]["TrailARN"]
    assert trails.get_trail_status(Name="trail")["IsLogging"] is True

    deploy(aws, trail(logging=False))
    assert trails.get_trail_status(Name="trail")["IsLogging"] is False

    aws.client("cloudformation").delete_stack(StackName="stack")
    wait_until(lambda: [] == trails.describe_trails()["trailList"])
