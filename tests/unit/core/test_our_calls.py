"""Our own calls are known by what no caller may choose."""

from typing import Any

import pytest

from handlers.core.our_calls import OurCalls
from handlers.core.record import parse_event
from tests.support.records import ACCOUNT, make_event

DELIVER, CANARY = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("deliver", "canary"))
POLICY = f"arn:aws:iot:eu-west-1:{ACCOUNT}:policy/thingwatch-canary-Thingwatch"
OURS = OurCalls(DELIVER, CANARY, POLICY)
TAG = {"resourceArn": POLICY, "tags": [{"key": "thingwatch:canary", "value": "alive"}]}


def recognize(operation: str, role: str, ours: OurCalls = OURS, **record: Any) -> str | None:
    issuer = {"type": "Role", "arn": role, "userName": role.rpartition("/")[2]}
    identity = {"type": "AssumedRole", "sessionContext": {"sessionIssuer": issuer}}
    event = make_event(operation, **{"userIdentity": identity, **record})
    return ours.recognize(parse_event(event), f"iot:{operation}")


def test_what_deliver_asks_is_known_by_its_role_and_the_operation() -> None:
    assert "question" == recognize("GetPolicyVersion", DELIVER)
    assert None is recognize("GetPolicyVersion", f"{DELIVER}-2")
    assert None is recognize("DeletePolicy", DELIVER)


def test_the_canarys_call_is_known_by_its_role_the_operation_and_its_policy() -> None:
    assert "canary" == recognize("TagResource", CANARY, requestParameters=TAG)
    assert None is recognize("TagResource", DELIVER, requestParameters=TAG)
    assert None is recognize("UntagResource", CANARY, requestParameters=TAG)
    assert None is recognize("GetPolicyVersion", CANARY)
    other = {**TAG, "resourceArn": POLICY.replace("canary", "cat")}
    assert None is recognize("TagResource", CANARY, requestParameters=other)


@pytest.mark.parametrize("ours", [OurCalls(DELIVER), OurCalls(DELIVER, CANARY)])
def test_without_a_canary_there_is_no_call_of_it(ours: OurCalls) -> None:
    assert None is recognize("TagResource", CANARY, ours, requestParameters=TAG)
    assert None is recognize("TagResource", CANARY, ours, requestParameters={})


def test_a_call_that_failed_is_told_for_somebody_took_a_permission_away() -> None:
    assert None is recognize("GetPolicyVersion", DELIVER, errorCode="AccessDeniedException")
    assert None is recognize("TagResource", CANARY, requestParameters=TAG, errorCode="AccessDenied")


def test_who_has_no_role_makes_no_call_of_ours() -> None:
    assert None is recognize("GetPolicyVersion", DELIVER, userIdentity={"type": "Root"})
