"""Events for tests: an EventBridge envelope around a CloudTrail record, synthetic but of the real shape."""

from typing import Any

ACCOUNT = "111122223333"
REGION = "eu-west-1"
CERTIFICATE = "7a1f" * 16


def make_event(operation: str = "UpdateCertificate", **record: Any) -> dict[str, Any]:
    """An event of one call by the role `fleet-admin`; `record` replaces fields of the record."""
    detail = {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": "AROAEXAMPLE:alice",
            "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/fleet-admin/alice",
            "accountId": ACCOUNT,
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "arn": f"arn:aws:iam::{ACCOUNT}:role/fleet-admin",
                    "accountId": ACCOUNT,
                    "userName": "fleet-admin",
                },
                "attributes": {"mfaAuthenticated": "false", "creationDate": "2026-11-22T08:00:00Z"},
            },
        },
        "eventTime": "2026-11-22T09:30:15Z",
        "eventSource": "iot.amazonaws.com",
        "eventName": operation,
        "awsRegion": REGION,
        "sourceIPAddress": "198.51.100.7",
        "userAgent": "aws-cli/2.31",
        "requestParameters": {"certificateId": CERTIFICATE, "newStatus": "ACTIVE"},
        "responseElements": None,
        "requestID": "5d0c1d4e-0000-4000-8000-000000000001",
        "eventID": "5d0c1d4e-0000-4000-8000-000000000002",
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }
    return {
        "version": "0",
        "id": "0c0c0c0c-0000-4000-8000-000000000003",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.iot",
        "account": ACCOUNT,
        "time": detail["eventTime"],
        "region": REGION,
        "resources": [],
        "detail": {**detail, **record},
    }
