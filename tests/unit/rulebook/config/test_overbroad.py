"""Which suppressions silence a whole severity, and which name somebody or something."""

from typing import Any

import pytest

from rulebook.config.overbroad import silenced_by
from tests.support.catalog import CATALOG

ROLE = "arn:aws:iam::111122223333:role"


@pytest.mark.parametrize(
    "pattern",
    [
        {"eventName": ["CreateThing"]},
        {"eventName": [{"prefix": "Create"}]},
        {"facts": {"resource": {"kind": ["thing"], "id": [{"prefix": "loadtest-"}]}}},
        {"facts": {"actor": {"id": [f"{ROLE}/ci"]}}},
        {"facts": {"actor": {"id": [{"wildcard": f"{ROLE}/ci/*"}]}}},
        {"facts.actor.name": ["ci"], "awsRegion": ["eu-west-1"]},
        {"facts.actor.name": [{"prefix": "d"}]},
        {"facts": {"actor": {"id": [{"wildcard": f"{ROLE}/*-*"}]}}},
        {"sourceIPAddress": [{"cidr": "203.0.113.0/24"}]},
        {"userIdentity": {"userName": ["ci"]}},
        {"sourceIPAddress": [{"cidr": "10.0.0.0/8"}]},
        {"requestParameters": {"thingName": [{"prefix": "loadtest-"}]}},
        {"facts": {"policy": {"risks": ["any-action"]}}},
        {"finding": {"category": ["thing"]}},
        {"finding": {"rule": ["iot:CreateThing"]}},
        {"$or": [{"eventName": ["CreateThing"]}, {"eventName": ["DeleteThing"]}]},
    ],
)
def test_what_names_an_operation_a_caller_an_address_or_a_resource_is_narrow(pattern: dict[str, Any]) -> None:
    assert silenced_by(pattern, CATALOG) is None


EVERYTHING = "everything within its reach"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"eventName": [{"exists": True}]}, EVERYTHING),
        ({"eventName": [{"prefix": ""}]}, EVERYTHING),
        ({"eventName": [{"wildcard": "*"}]}, EVERYTHING),
        ({"eventName": [{"anything-but": ["LaunchRocket"]}]}, EVERYTHING),
        ({"eventSource": ["iotwireless.amazonaws.com"]}, EVERYTHING),
        ({"recipientAccountId": ["111122223333"], "awsRegion": ["eu-west-1"]}, EVERYTHING),
        ({"userAgent": [{"prefix": "aws-cli"}]}, EVERYTHING),
        ({"facts": {"actor": {"kind": ["role"]}}}, EVERYTHING),
        ({"facts": {"actor": {"id": [{"wildcard": f"{ROLE}/*"}]}}}, EVERYTHING),
        ({"facts": {"actor": {"id": [{"anything-but": [f"{ROLE}/admin"]}]}}}, EVERYTHING),
        ({"facts": {"denied": [True]}}, EVERYTHING),
        ({"finding": {"severity": ["critical"]}}, EVERYTHING),
        ({"sourceIPAddress": [{"cidr": "0.0.0.0/0"}]}, EVERYTHING),
        ({"requestParameters": {"clientToken": [{"exists": False}]}}, EVERYTHING),
        ({"userIdentity": {"arn": [{"prefix": "arn:aws:sts::"}]}}, EVERYTHING),
        ({"userIdentity": {"sessionContext": {"attributes": {"mfaAuthenticated": ["false"]}}}}, EVERYTHING),
        ({"userIdentity": {"userName": [{"exists": False}]}}, EVERYTHING),
        ({"userIdentity": {"sessionContext": {"sessionIssuer": {"type": ["Role"]}}}}, EVERYTHING),
        ({"userIdentity": {"accessKeyId": [{"exists": True}]}}, EVERYTHING),
        ({"userIdentity": {"principalId": [{"prefix": "AIDA"}]}}, EVERYTHING),
        ({"userIdentity": {"arn": [{"wildcard": "arn:aws:iam::111122223333:user/*"}]}}, EVERYTHING),
        ({"responseElements": [None]}, EVERYTHING),
        ({"responseElements.version": [{"exists": True}]}, EVERYTHING),
        ({"finding": {"category": [{"anything-but": ["thing"]}]}}, EVERYTHING),
        ({"eventName": [{"wildcard": "*e*"}]}, EVERYTHING),
        (
            {
                "$or": [
                    {"eventName": [{"prefix": "Create"}]},
                    {"eventName": [{"anything-but": {"prefix": "Create"}}]},
                ]
            },
            EVERYTHING,
        ),
        ({"finding": {"rule": [{"prefix": "iot:"}]}}, "everything of iot"),
        ({"facts": {"resource": {"id": [{"exists": True}]}}}, EVERYTHING),
        ({"facts": {"resource": {"arn": [{"prefix": "arn:aws:iot:"}]}}}, EVERYTHING),
        ({"facts": {"resource": {"kind": [{"anything-but": ["nothing"]}]}}}, EVERYTHING),
        (
            {"eventName": [{"anything-but": {"prefix": "Delete"}}]},
            "every finding that is critical or high or informational",
        ),
        ({"$or": [{"eventName": ["CreateThing"]}, {"awsRegion": ["eu-west-1"]}]}, EVERYTHING),
        ({"eventName": [{"anything-but": "CreatePolicy"}]}, EVERYTHING),
    ],
)
def test_what_names_nobody_and_nothing_is_broad(pattern: dict[str, Any], expected: str) -> None:
    assert expected == silenced_by(pattern, CATALOG)


@pytest.mark.parametrize("pattern", [None, {}, [], {"eventName": "x"}, {"$or": []}, "text"])
def test_what_is_no_pattern_is_not_judged(pattern: object) -> None:
    assert silenced_by(pattern, CATALOG) is None
