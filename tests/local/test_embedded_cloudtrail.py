"""An IoT API call against the embedded AWS becomes a CloudTrail record on the default bus."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.aws import ACCOUNT, REGION, EmbeddedAws, Fault

Records = Callable[[], Any]
POLICY = json.dumps({"Version": "2012-10-17", "Statement": []})


def test_a_call_is_described_as_cloudtrail_does(aws: EmbeddedAws, records: Records) -> None:
    answer = aws.client("iot").create_thing(thingName="lamp", attributePayload={"attributes": {"room": "9"}})

    record = records()
    assert "1.11" == record["eventVersion"]
    assert ("iot.amazonaws.com", "CreateThing") == (record["eventSource"], record["eventName"])
    assert {"thingName": "lamp", "attributePayload": {"attributes": {"room": "9"}}} == record[
        "requestParameters"
    ]
    assert answer["thingArn"] == record["responseElements"]["thingArn"]
    assert (REGION, ACCOUNT) == (record["awsRegion"], record["recipientAccountId"])
    assert (False, True, "Management") == (
        record["readOnly"],
        record["managementEvent"],
        record["eventCategory"],
    )
    assert "127.0.0.1" == record["sourceIPAddress"]
    assert "Boto3" in record["userAgent"]


def test_every_call_has_an_event_id_of_its_own(aws: EmbeddedAws, records: Records) -> None:
    for name in ("lamp", "door"):
        aws.client("iot").create_thing(thingName=name)

    assert records()["eventID"] != records()["eventID"]


def test_parameters_in_path_and_query_string_have_their_types(aws: EmbeddedAws, records: Records) -> None:
    certificate = aws.client("iot").create_keys_and_certificate(setAsActive=True)["certificateId"]
    assert {"setAsActive": True} == records()["requestParameters"]

    aws.client("iot").update_certificate(certificateId=certificate, newStatus="INACTIVE")
    assert {"certificateId": certificate, "newStatus": "INACTIVE"} == records()["requestParameters"]

    aws.client("iot").delete_certificate(certificateId=certificate, forceDelete=True)
    assert {"certificateId": certificate, "forceDelete": True} == records()["requestParameters"]


def test_a_parameter_that_travels_in_a_header_has_its_api_name(aws: EmbeddedAws, records: Records) -> None:
    iot = aws.client("iot")
    certificate = iot.create_keys_and_certificate()["certificateArn"]
    records()
    iot.create_policy(policyName="open", policyDocument=POLICY)
    assert {"policyName": "open", "policyDocument": POLICY} == records()["requestParameters"]

    iot.attach_principal_policy(policyName="open", principal=certificate)

    record = records()
    assert "AttachPrincipalPolicy" == record["eventName"]
    assert {"policyName": "open", "principal": certificate} == record["requestParameters"]


def test_a_private_key_is_hidden(aws: EmbeddedAws, records: Records) -> None:
    answer = aws.client("iot").create_keys_and_certificate(setAsActive=False)

    record = records()
    assert "HIDDEN_DUE_TO_SECURITY_REASONS" == record["responseElements"]["keyPair"]["privateKey"]
    assert answer["certificateId"] == record["responseElements"]["certificateId"]
    assert "PRIVATE KEY" not in json.dumps(record)


def test_a_failed_call_has_its_error_and_no_response(aws: EmbeddedAws, records: Records) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        aws.client("iot").update_thing(thingName="nowhere", attributePayload={})

    record = records()
    assert "ResourceNotFoundException" == record["errorCode"]
    assert record["errorMessage"]
    assert "nowhere" == record["requestParameters"]["thingName"]
    assert record["responseElements"] is None


def test_a_denied_call_has_the_error_of_a_denial(aws: EmbeddedAws, records: Records) -> None:
    key = _user_with_key(aws, "mallory")
    aws.enforce_iam()

    with pytest.raises(ClientError, match="AccessDenied"):
        aws.client_of("iot", *key).create_thing(thingName="lamp")

    record = records()
    assert record["errorCode"].startswith("AccessDenied")
    assert "iot:CreateThing" in record["errorMessage"]
    assert "mallory" == record["userIdentity"]["userName"]
    assert record["responseElements"] is None


def test_a_call_that_a_fault_denies_is_recorded_as_denied(aws: EmbeddedAws, records: Records) -> None:
    aws.inject_faults([Fault("iot", "DeleteThing", "AccessDeniedException", status=403, message="not you")])

    with pytest.raises(ClientError, match="AccessDenied"):
        aws.client("iot").delete_thing(thingName="lamp")

    record = records()
    assert ("AccessDeniedException", "not you") == (record["errorCode"], record["errorMessage"])
    assert ("DeleteThing", {"thingName": "lamp"}) == (record["eventName"], record["requestParameters"])
    assert record["responseElements"] is None


def test_a_read_is_marked_as_one_and_has_no_response(aws: EmbeddedAws, records: Records) -> None:
    aws.client("iot").list_things(maxResults=5)

    record = records()
    assert record["readOnly"] is True
    assert {"maxResults": 5} == record["requestParameters"]
    assert record["responseElements"] is None


def test_a_document_beyond_100_kilobytes_is_left_out(aws: EmbeddedAws, records: Records) -> None:
    padded = POLICY + " " * 110_000

    aws.client("iot").create_policy(policyName="padded", policyDocument=padded)

    parameters = records()["requestParameters"]
    assert ("requestParameters too large", "true") == (parameters["reason"], parameters["omitted"])
    assert int(parameters["originalSize"]) > 110_000


def test_the_account_key_is_the_root(aws: EmbeddedAws, records: Records) -> None:
    aws.client("iot").create_thing(thingName="lamp")

    assert {
        "type": "Root",
        "principalId": ACCOUNT,
        "arn": f"arn:aws:iam::{ACCOUNT}:root",
        "accountId": ACCOUNT,
        "accessKeyId": aws.access_key,
    } == records()["userIdentity"]


def test_an_iam_user_is_named(aws: EmbeddedAws, records: Records) -> None:
    key = _user_with_key(aws, "alice")

    aws.client_of("iot", *key).create_thing(thingName="lamp")

    identity = records()["userIdentity"]
    assert ("IAMUser", "alice", key[0]) == (identity["type"], identity["userName"], identity["accessKeyId"])
    assert f"arn:aws:iam::{ACCOUNT}:user/alice" == identity["arn"]


def test_an_assumed_role_is_named_with_its_session_and_issuer(aws: EmbeddedAws, records: Records) -> None:
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = aws.client("iam").create_role(RoleName="deployer", Path="/ci/", AssumeRolePolicyDocument=document)[
        "Role"
    ]
    key = aws.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="run-7")["Credentials"]

    aws.client_of("iot", key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"]).create_thing(
        thingName="lamp"
    )

    identity = records()["userIdentity"]
    assert "AssumedRole" == identity["type"]
    assert f"{role['RoleId']}:run-7" == identity["principalId"]
    assert f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/run-7" == identity["arn"]
    assert {
        "type": "Role",
        "principalId": role["RoleId"],
        "arn": role["Arn"],
        "accountId": ACCOUNT,
        "userName": "deployer",
    } == identity["sessionContext"]["sessionIssuer"]
    assert "userName" not in identity


def test_a_call_of_another_service_leaves_no_record(aws: EmbeddedAws, records: Records) -> None:
    aws.client("ssm").put_parameter(Name="/lamp", Value="on", Type="String")
    aws.client("iot").create_thing(thingName="lamp")

    assert "iot.amazonaws.com" == records()["eventSource"]


def _user_with_key(aws: EmbeddedAws, name: str) -> tuple[str, str]:
    iam = aws.client("iam")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]
