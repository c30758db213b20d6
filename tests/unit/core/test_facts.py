import json
from typing import Any

import pytest

from handlers.core.facts import derive_facts
from handlers.core.policy import policy_fact, template_fact
from handlers.core.record import parse_event
from tests.support.records import ACCOUNT, make_event


def _facts(**record: Any) -> dict[str, Any]:
    return derive_facts(parse_event(make_event(**record)))


@pytest.mark.parametrize(
    ("error", "failed", "denied"),
    [
        (None, False, False),
        ("AccessDenied", True, True),
        ("AccessDeniedException", True, True),
        ("Client.UnauthorizedOperation", True, True),
        ("UnauthorizedException", True, True),
        ("NotAuthorizedException", True, True),
        ("ForbiddenException", True, True),
        ("ResourceNotFoundException", True, False),
    ],
)
def test_a_denied_call_is_told_from_one_that_failed_otherwise(
    error: str | None, failed: bool, denied: bool
) -> None:
    facts = _facts(errorCode=error)
    assert (failed, denied) == (facts["failed"], facts["denied"])


@pytest.mark.parametrize(
    ("omitted", "expected"), [("true", True), (True, True), ("false", False), (None, False)]
)
def test_parameters_that_cloudtrail_dropped_are_a_fact(omitted: object, expected: bool) -> None:
    assert expected == _facts(requestParameters={"omitted": omitted, "originalSize": "149893"})["omitted"]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"InitialVersion": "***"}, ["InitialVersion"]),
        ({"certificatePem": "***", "status": "ACTIVE"}, ["certificatePem"]),
        ({"deep": {"list": ["a", {"key": "HIDDEN_DUE_TO_SECURITY_REASONS"}], "k": "***"}}, ["k", "key"]),
        ({"names": ["***", "b"], "description": "***"}, ["description", "names"]),
        ({"policyDocument": '{"Sid": "***"}'}, None),
        ({"name": "**"}, None),
        ({"name": "a***"}, None),
        (None, None),
    ],
)
def test_the_names_of_parameters_that_cloudtrail_hid_are_a_fact(
    parameters: dict[str, Any] | None, expected: list[str] | None
) -> None:
    assert expected == _facts(requestParameters=parameters).get("masked")


DOCUMENT = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}]}'


def test_a_policy_document_is_read() -> None:
    facts = _facts(requestParameters={"policyDocument": DOCUMENT})
    assert policy_fact(DOCUMENT) == facts["policy"]
    assert ["overly-permissive"] == facts["policy"]["verdicts"]


BODY = {"Resources": {"policy": {"Type": "AWS::IoT::Policy", "Properties": {"PolicyDocument": DOCUMENT}}}}


@pytest.mark.parametrize(
    "parameters", [{"templateBody": BODY}, {"registrationConfig": {"templateBody": json.dumps(BODY)}}]
)
def test_a_provisioning_template_is_read_wherever_it_stands(parameters: dict[str, Any]) -> None:
    facts = _facts(requestParameters=parameters)
    assert template_fact(BODY) == facts["template"]
    assert ["overly-permissive"] == facts["template"]["verdicts"]


def test_a_call_without_a_template_has_no_template_fact() -> None:
    assert "template" not in _facts(requestParameters={"registrationConfig": {"roleArn": "x"}})


def test_a_call_without_a_policy_document_has_no_policy_fact() -> None:
    assert "policy" not in _facts()


def test_accounts_in_the_parameters_that_are_not_ours_are_found_at_any_depth() -> None:
    parameters = {
        "ours": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:x",
        "theirs": {"deep": ["arn:aws-us-gov:lambda:us-gov-west-1:999999999999:function:y"]},
    }
    assert {"accounts": ["999999999999"]} == _facts(requestParameters=parameters)["crossAccount"]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"targetAwsAccount": "999999999999"}, ["999999999999"]),
        ({"targetAwsAccount": ACCOUNT}, None),
        ({"accountId": "999999999999"}, ["999999999999"]),
        ({"accountIds": ["999999999999", ACCOUNT]}, ["999999999999"]),
        ({"awsAccounts": [["999999999999"]]}, ["999999999999"]),
        ({"account": {"name": "999999999999"}}, None),
        ({"queueUrl": "https://sqs.eu-west-1.amazonaws.com/999999999999/q"}, ["999999999999"]),
        ({"queueUrl": f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/q"}, None),
        ({"thingName": "999999999999"}, None),
        ({"accountId": "99999999999x"}, None),
        ({"queueUrl": "https://eu-west-1.queue.amazonaws.com/999999999999/q"}, ["999999999999"]),
        ({"queueUrl": "https://SQS.eu-west-1.amazonaws.com:443/999999999999/q"}, ["999999999999"]),
        ({"tags": [{"Key": "role", "Value": "arn:aws:iam::999999999999:role/ci"}]}, None),
        ({"attributePayload": {"attributes": {"BillingAccount": "999999999999"}}}, None),
        ({"accountId": "9999999999999"}, None),
        ({"roleArn": "arn:aws:iam::aws:policy/ReadOnly"}, None),
        (
            {"arns": [["arn:aws:s3:eu-west-1:888888888888:x", "arn:aws:s3::999999999999:y"]]},
            ["888888888888", "999999999999"],
        ),
    ],
)
def test_another_account_is_found_in_each_form_in_which_parameters_name_one(
    parameters: dict[str, Any], expected: list[str] | None
) -> None:
    found = _facts(requestParameters=parameters).get("crossAccount")
    assert expected == (found["accounts"] if found else None)


def test_a_call_that_names_nobody_elses_resources_has_no_cross_account_fact() -> None:
    assert "crossAccount" not in _facts()


SIGNED = {"codeSigning": {"awsSignerJobId": "a-job"}}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([SIGNED], False),
        ([{"codeSigning": {"customCodeSigning": {"signatureAlgorithm": "x"}}}], False),
        ([{"codeSigning": {"startSigningJobParameter": {"signingProfileName": "x"}}}], False),
        ([{"fileName": "a"}], True),
        ([SIGNED, {"fileName": "a"}], True),
        ([{"codeSigning": {}}, SIGNED], True),
        (["a"], True),
        ([], False),
    ],
)
def test_firmware_is_unsigned_when_any_file_of_it_is(files: list[Any], expected: bool) -> None:
    assert {"unsigned": expected} == _facts(requestParameters={"otaUpdateId": "u", "files": files})[
        "firmware"
    ]


def test_files_of_a_stream_are_no_firmware() -> None:
    assert "firmware" not in _facts(requestParameters={"streamId": "s", "files": [{}]})


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"targets": ["arn:x"]}, {"targets": 1, "plainHttp": False}),
        ({"targets": ["arn:x"] * 30}, {"targets": 30, "plainHttp": False}),
        ({"targets": [], "documentSource": "HTTP://evil.example/x.sh"}, {"targets": 0, "plainHttp": True}),
        ({"targets": "x", "document": '{"url": "http://a"}'}, {"targets": 1, "plainHttp": True}),
        ({"targets": [], "documentSource": "https://bucket.example/job"}, {"targets": 0, "plainHttp": False}),
    ],
)
def test_a_job_says_how_many_targets_it_has_and_whether_devices_fetch_it_in_the_clear(
    parameters: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert expected == _facts(requestParameters={"jobId": "j", **parameters})["job"]


def test_what_the_groups_are_for_that_a_thing_joins_and_leaves_is_a_fact() -> None:
    parameters = {"thingGroupsToAdd": ["pumps"], "thingGroupsToRemove": ["isolated-devices", 7]}
    assert {"added": [], "removed": ["isolation"]} == _facts(requestParameters=parameters)["thingGroups"]
