"""With IAM enforced, each function can do its work, and nothing works without its grants."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta

import pytest

from local.slack import Answer
from local.waiting import wait_until
from tests.e2e.conftest import PATIENCE, WIDE_OPEN, World
from tests.support.records import make_event


@pytest.fixture
def enforced(world: World) -> World:
    world.aws.enforce_iam()
    return world


@contextmanager
def _without(world: World, action: str) -> Iterator[None]:
    """Take the statement with this action away from every role that has it, and give it back."""
    iam = world.aws.client("iam")
    changed = []
    for role in iam.list_roles()["Roles"]:
        place = {"RoleName": role["RoleName"]}
        for name in iam.list_role_policies(**place)["PolicyNames"]:
            document = iam.get_role_policy(**place, PolicyName=name)["PolicyDocument"]
            kept = [each for each in document["Statement"] if action not in each["Action"]]
            if "Thingwatch" in role["RoleName"] and len(kept) < len(document["Statement"]):
                changed.append({**place, "PolicyName": name, "PolicyDocument": json.dumps(document)})
                iam.put_role_policy(
                    **place, PolicyName=name, PolicyDocument=json.dumps({**document, "Statement": kept})
                )
    assert changed
    try:
        yield
    finally:
        for policy in changed:
            iam.put_role_policy(**policy)


def test_every_kind_of_destination_is_reached(enforced: World) -> None:
    name = enforced.make_policy()
    enforced.wait_for_both(name)
    wait_until(lambda: len(enforced.in_slack(name)) == 2, PATIENCE)


def test_waiting_and_giving_up_work(enforced: World) -> None:
    certificate = enforced.make_certificate()
    enforced.slack.answer_next(
        Answer(500), Answer(404, "no_service"), about=enforced.title_of_activation(certificate)
    )
    enforced.activate(certificate)
    message = enforced.take_message("DeadLetterQueueUrl", about=certificate)
    assert certificate == json.loads(message["Body"])["alert"]["subject"]


def test_what_was_held_back_is_counted_and_told(enforced: World) -> None:
    an_hour_ago = f"{datetime.now(UTC) - timedelta(hours=1):%Y-%m-%dT%H:%M:00Z}"
    for number in range(5):
        record = make_event("UpdateThing", eventTime=an_hour_ago, eventID=f"held-{number}")["detail"]
        enforced.aws.put_record(record)
    wait_until(lambda: enforced.in_slack(": 2 more", about="iot:UpdateThing"), PATIENCE)


@pytest.mark.parametrize("action", ["dynamodb:Query", "sqs:SendMessage"])
def test_without_a_grant_detect_fails_and_the_event_is_kept(enforced: World, action: str) -> None:
    with _without(enforced, action):
        name = enforced.make_policy()
        failure = json.loads(enforced.take_message("DetectFailureQueueUrl", about=name)["Body"])
    assert name == failure["requestPayload"]["detail"]["requestParameters"]["policyName"]
    assert enforced.logged("AccessDenied", action.split(":")[1])


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("sns:Publish", "SNS answered AuthorizationError"),
        ("secretsmanager:GetSecretValue", "can not read secretsmanager:thingwatch/pager: AccessDenied"),
    ],
)
def test_without_a_grant_deliver_waits_and_sends_once_it_is_back(
    enforced: World, action: str, said: str
) -> None:
    with _without(enforced, action):
        name = enforced.make_policy()
        wait_until(lambda: enforced.logged(said), PATIENCE)
    enforced.wait_for_both(name)
    wait_until(lambda: len(enforced.in_slack(name)) == 2, PATIENCE)


@pytest.mark.parametrize("action", [None, "iot:GetPolicyVersion"])
def test_without_its_grant_deliver_asks_in_vain_and_the_alert_says_so(
    enforced: World, action: str | None
) -> None:
    name = enforced.make_policy('{"Version": "2012-10-17", "Statement": []}')
    with nullcontext() if action is None else _without(enforced, action):
        enforced.iot.create_policy_version(policyName=name, policyDocument=WIDE_OPEN, setAsDefault=True)
        messages = wait_until(lambda: enforced.in_slack(name, about="CreatePolicyVersion"), PATIENCE)
    expected = "Attached to: nothing" if action is None else "Not looked up: AWS IoT answered AccessDenied"
    assert expected in messages[0].readable()
