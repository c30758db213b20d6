"""Rules over time on the deployed stack when DynamoDB is away."""

import json

from local.aws import Fault
from local.waiting import wait_until
from tests.e2e.conftest import PATIENCE, World, make_user

ALWAYS = 1_000_000


def test_when_a_window_can_not_be_written_the_call_itself_is_told_and_the_event_is_kept_whole(
    world: World,
) -> None:
    code = "ProvisionedThroughputExceededException"
    iot = make_user(world.aws, "without-windows")
    world.aws.inject_faults([Fault("dynamodb", "UpdateItem", code, status=400, times=ALWAYS)])
    certificate = str(iot.create_keys_and_certificate(setAsActive=False)["certificateId"])
    wait_until(lambda: world.on_sns(certificate, about="CreateKeysAndCertificate"), PATIENCE)
    kept = json.loads(world.take_message("DetectFailureQueueUrl", about=certificate)["Body"])
    assert certificate == kept["requestPayload"]["detail"]["responseElements"]["certificateId"]
    wait_until(lambda: world.logged(code), PATIENCE)
    world.aws.inject_faults([])
    world.settle()
    assert 1 == len(world.on_sns(certificate, about="CreateKeysAndCertificate"))


def test_a_throttle_in_the_middle_of_a_window_loses_no_call_of_a_burst(world: World) -> None:
    iot = make_user(world.aws, "throttled-burst")
    world.aws.inject_faults(
        [
            Fault("dynamodb", action, "ProvisionedThroughputExceededException", times=3, skip=2)
            for action in ("Query", "UpdateItem")
        ]
    )
    for _ in range(10):
        iot.create_keys_and_certificate(setAsActive=False)
    wait_until(lambda: bursts(world, "throttled-burst"), PATIENCE)
    world.settle()
    assert 1 == len(bursts(world, "throttled-burst"))


def bursts(world: World, actor: str) -> list[object]:
    """Alerts of the built-in burst of certificates by an actor."""
    return [
        alert
        for alert in world.inbox.poll()
        if (alert["rule"], alert["actor"]["name"]) == ("certificate-burst", actor)
    ]
