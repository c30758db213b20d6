"""Cases from Device Defender's definition of overly permissive:
https://docs.aws.amazon.com/iot-device-defender/latest/devguide/audit-chk-iot-policy-permissive.html.
"""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.core import policy
from handlers.core.policy import policy_risks

TOPICS = "arn:aws:iot:eu-west-1:111122223333:topic"


def _allow(action: Any, resource: Any) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}],
    }


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (_allow("iot:*", "*"), ("any-action-on-any-resource", "any-role-alias")),
        (_allow("*", ["*"]), ("any-action-on-any-resource", "any-role-alias")),
        (
            _allow("IOT:*", "arn:aws:iot:eu-west-1:111122223333:*"),
            ("any-action-on-any-resource", "any-role-alias"),
        ),
        (_allow("iot:*", f"{TOPICS}/a"), ("any-action",)),
        (_allow("iot:Connect", "*"), ("any-resource",)),
        (_allow(["iot:Publish", "iot:Receive"], "*"), ("any-resource",)),
        (_allow("iot:Receive", "*"), ()),
        (_allow("i*", f"{TOPICS}/a"), ("any-action",)),
        (_allow("iot:**", f"{TOPICS}/a"), ("any-action",)),
        (_allow("io?:*", "arn:aws:iot:*"), ("any-action-on-any-resource", "any-role-alias")),
        (_allow("*:Publish", "**"), ("any-resource",)),
        (_allow("iot:Pub*", "arn:*"), ("any-resource",)),
        (_allow("iot:Connect", "arn:aws:iot:eu-west-1:111122223333:client/*"), ("any-resource",)),
        (_allow("iot:Publish", f"{TOPICS}/*"), ("any-resource",)),
        (_allow("iot:Publish", f"{TOPICS}/a/*"), ()),
        (_allow("iot:Connect", f"{TOPICS}/*"), ()),
        (_allow("iot:Connect", "arn:aws:iot:eu-west-1:111122223333:?*"), ("any-resource",)),
        (_allow("iot:Connect", "arn:aws:iot:eu-west-1:111122223333:*/*"), ("any-resource",)),
        (_allow("iot:DescribeEndpoint", "*"), ()),
        ('{"Statement": [], "Statement": [{"Effect": "Allow"}]}', ("unreadable",)),
        (_allow("iot:" + "?*" * 1_000 + "z", "*"), ()),
        (_allow("iot:Publish", f"{TOPICS}/${{iot:Connection.Thing.ThingName}}/data"), ()),
        (_allow("iot:AssumeRoleWithCertificate", "*"), ("any-role-alias",)),
        (
            _allow("iot:AssumeRoleWithCertificate", "arn:aws:iot:eu-west-1:111122223333:rolealias/*"),
            ("any-role-alias",),
        ),
        (_allow("iot:AssumeRoleWithCertificate", "arn:aws:iot:eu-west-1:111122223333:rolealias/camera"), ()),
        (
            {"Statement": {"Effect": "Allow", "NotAction": "iot:Publish", "Resource": f"{TOPICS}/a"}},
            ("allow-by-exclusion",),
        ),
        ({"Statement": [{"Effect": "Deny", "Action": "iot:*", "Resource": "*"}]}, ()),
        ({"Statement": [{"Effect": "allow", "Action": "iot:*", "Resource": "*"}]}, ("unreadable",)),
        ({"Statement": [{"Effect": "Allow", "Action": 7, "Resource": "*"}]}, ("unreadable",)),
        ({}, ("unreadable",)),
        ("***", ("unreadable",)),
        ("HIDDEN_DUE_TO_SECURITY_REASONS", ("unreadable",)),
        (None, ("unreadable",)),
        ("[" * 100_000, ("unreadable",)),
    ],
)
def test_a_document_has_exactly_these_risks(document: object, expected: tuple[str, ...]) -> None:
    assert expected == policy_risks(document)


@given(st.sampled_from(["iot:*", "iot:Connect", "iot:Receive"]), st.sampled_from(["*", f"{TOPICS}/a"]))
def test_a_document_as_text_and_as_object_are_the_same(action: str, resource: str) -> None:
    document = _allow(action, resource)
    assert policy_risks(document) == policy_risks(json.dumps(document))


@given(st.text("ab*?", max_size=6), st.text("ab", max_size=8))
def test_wildcards_mean_what_the_same_regular_expression_means(pattern: str, text: str) -> None:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    assert (re.fullmatch(expression, text) is not None) == policy._matches(pattern, text)
