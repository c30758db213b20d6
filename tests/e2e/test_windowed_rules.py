"""The built-in rules over time on the deployed stack: each fires, once, whatever the order of arrival."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.aws import ACCOUNT, REGION
from local.waiting import wait_until
from rulebook.windowed_rules import EventCount, NewTerms, Temporal, ValueCount, load_windowed_rules
from tests.e2e.conftest import PATIENCE, WIDE_OPEN, World
from tests.support import fleet_calls, records
from tests.support.count_histories import COUNTED, DEVICE
from tests.support.fleet_calls import Actor, allow, make_actor
from tests.support.histories import Call
from tests.support.sequence_histories import SEQUENCES

RULES = load_windowed_rules()
LEARNT = {name for name, rule in RULES.items() if isinstance(rule.kind, NewTerms)}
"""Rules that are silent for a week: no call of today makes them fire."""
OTHER_ACCOUNT = "444455556666"
NARROW = fleet_calls.document("iot:Connect", resource=f"arn:aws:iot:{REGION}:{ACCOUNT}:client/lamp")
URL = "https://collector.example/in"


@dataclass(frozen=True)
class Scene:
    """Who and what is there before a story begins."""

    world: World
    setup: Actor
    """Makes what has to exist; none of its calls belongs to a story."""
    certificates: list[dict[str, Any]]
    """Certificates that exist, more than any story takes."""

    def take(self, number: int) -> list[dict[str, Any]]:
        """Certificates that no other story uses."""
        taken = self.certificates[:number]
        del self.certificates[:number]
        return taken


def open_every_destination(world: World) -> None:
    """Let low findings through too; where test_path.py ran before, they are already."""
    world.aws.client("ssm").put_parameter(
        Name="/thingwatch/slack/late", Value=world.slack.webhook_url, Type="SecureString", Overwrite=True
    )


@pytest.fixture(scope="module")
def scene(deployed: World) -> Scene:
    open_every_destination(deployed)
    setup = make_actor(deployed.aws, "setup", "iot:*")
    fleet_calls.make_everything_group(setup.iot)
    with ThreadPoolExecutor(8) as pool:
        made = pool.map(lambda _: fleet_calls.sign_up(setup.iot), range(90))
        return Scene(deployed, setup, list(made))


Story = Callable[[Scene, Actor, Actor], object]
STORIES: dict[str, Story] = {}
ALSO = {"permissive-identity": ("permissive-policy-in-use",)}
"""Rules that the calls of a story make fire too."""


def story(rule: str) -> Callable[[Story], Story]:
    """The calls of an actor, and of a second one, that make a rule fire."""

    def note(tell: Story) -> Story:
        STORIES[rule] = tell
        return tell

    return note


@story("certificate-burst")
def _burst(_: Scene, actor: Actor, __: Actor) -> None:
    for _number in range(10):
        fleet_calls.sign_up(actor.iot)


@story("mass-revocation")
def _revoke(scene: Scene, actor: Actor, _: Actor) -> None:
    for each in scene.take(20):
        actor.iot.update_certificate(certificateId=each["certificateId"], newStatus="REVOKED")


@story("mass-deletion")
def _delete(scene: Scene, actor: Actor, _: Actor) -> None:
    for number in range(20):
        scene.setup.iot.create_thing(thingName=f"doomed-{number}")
        actor.iot.delete_thing(thingName=f"doomed-{number}")


@story("devices-cut-off")
def _cut_off(scene: Scene, actor: Actor, _: Actor) -> None:
    scene.setup.iot.create_policy(policyName="lamp", policyDocument=NARROW)
    certificates = scene.take(50)
    for each in certificates[:33]:
        scene.setup.iot.attach_policy(policyName="lamp", target=each["certificateArn"])
        actor.iot.detach_policy(policyName="lamp", target=each["certificateArn"])
    for each in certificates[33:]:
        actor.iot.update_certificate(certificateId=each["certificateId"], newStatus="INACTIVE")


@story("permissive-identity")
def _open_up(_: Scene, actor: Actor, __: Actor) -> None:
    made = fleet_calls.sign_up(actor.iot)
    actor.iot.create_policy(policyName="anything", policyDocument=WIDE_OPEN)
    actor.iot.attach_policy(policyName="anything", target=made["certificateArn"])


@story("permissive-policy-in-use")
def _write_for_another(scene: Scene, actor: Actor, other: Actor) -> None:
    actor.iot.create_policy(policyName="passed-on", policyDocument=WIDE_OPEN)
    other.iot.attach_policy(policyName="passed-on", target=scene.take(1)[0]["certificateArn"])


@story("wide-access-for-new-identity")
def _name_says_all(scene: Scene, actor: Actor, other: Actor) -> None:
    made = fleet_calls.sign_up(actor.iot)
    scene.setup.iot.create_policy(policyName="FleetAdmin", policyDocument=NARROW)
    other.iot.attach_policy(policyName="FleetAdmin", target=made["certificateArn"])


@story("aws-role-for-devices")
def _give_role(scene: Scene, actor: Actor, _: Actor) -> None:
    scene.setup.iot.create_policy(policyName="camera", policyDocument=NARROW)
    alias = actor.iot.create_role_alias(roleAlias="camera", roleArn=fleet_calls.DEVICE_ROLE)
    fleet_calls.let_devices_assume(actor.iot, "camera", alias["roleAliasArn"])
    actor.iot.attach_policy(policyName="camera", target=scene.take(1)[0]["certificateArn"])


@story("messages-sent-out")
def _send_out(scene: Scene, actor: Actor, _: Actor) -> None:
    fleet_calls.make_destination(scene.setup.iot, URL)
    actor.iot.confirm_topic_rule_destination(confirmationToken="AYADeMXLrPrNY2wqJAKsFNn")
    fleet_calls.send_to(actor.iot, "copy", URL)


@story("ca-enrols-devices")
def _enrol(scene: Scene, actor: Actor, _: Actor) -> None:
    fleet_calls.register_ca(actor.iot)
    # No call of the SDK: the device connects, and AWS IoT registers it.
    record = move(DEVICE.record(datetime.now(UTC))["detail"], ACCOUNT, REGION)
    scene.world.aws.put_record(record)


@story("template-change-then-claim")
def _claim(scene: Scene, actor: Actor, other: Actor) -> None:
    fleet_calls.make_template(scene.setup.iot, "line")
    fleet_calls.write_template_version(actor.iot, "line")
    other.iot.create_provisioning_claim(templateName="line")


@story("unsigned-authorizer-by-default")
def _let_anyone_in(_: Scene, actor: Actor, other: Actor) -> None:
    fleet_calls.make_unsigned_authorizer(actor.iot, "anyone")
    other.iot.set_default_authorizer(authorizerName="anyone")


@story("firmware-rollout")
def _roll_out(_: Scene, actor: Actor, __: Actor) -> None:
    fleet_calls.make_stream(actor.iot, "firmware")
    fleet_calls.update_firmware(actor.iot, "spring", "firmware")


@story("component-rollout")
def _deploy(_: Scene, actor: Actor, __: Actor) -> None:
    fleet_calls.make_component(actor.greengrass, "com.example.shell")
    fleet_calls.deploy_component(actor.greengrass, "com.example.shell")


@story("certificate-changed-hands")
def _hand_over(scene: Scene, actor: Actor, other: Actor) -> None:
    certificate = scene.take(1)[0]["certificateId"]
    actor.iot.transfer_certificate(certificateId=certificate, targetAwsAccount=OTHER_ACCOUNT)
    other.iot.accept_certificate_transfer(certificateId=certificate)


@story("blinded-then-acted")
def _blind(_: Scene, actor: Actor, __: Actor) -> None:
    actor.iot.set_v2_logging_options(disableAllLogs=True)
    fleet_calls.run_everywhere(actor.iot, "unseen")


def refused(call: Callable[[], object]) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        call()


def _probe(_: Scene, actor: Actor, __: Actor) -> None:
    for number in range(20):
        refused(partial(actor.iot.create_thing, thingName=f"probe-{number}"))


def _try_out(_: Scene, actor: Actor, __: Actor) -> None:
    refused(lambda: actor.iot.create_thing(thingName="try"))
    refused(lambda: actor.iot.delete_thing(thingName="try"))
    refused(lambda: actor.iot.create_policy(policyName="try", policyDocument=NARROW))
    refused(lambda: actor.iot.delete_policy(policyName="try"))
    refused(lambda: fleet_calls.run_everywhere(actor.iot, "try"))


def _get_permission(scene: Scene, actor: Actor, _: Actor) -> None:
    refused(lambda: actor.iot.create_policy(policyName="granted", policyDocument=NARROW))
    allow(scene.world.aws, actor, "iot:CreatePolicy")
    actor.iot.create_policy(policyName="granted", policyDocument=NARROW)


def _find_tunnel(scene: Scene, actor: Actor, _: Actor) -> None:
    allow(scene.world.aws, actor, "iot:CreatePolicy", "iot:OpenTunnel")
    refused(lambda: actor.iot.create_thing(thingName="lamp-of-tunnel"))
    actor.iot.create_policy(policyName="allowed", policyDocument=NARROW)
    fleet_calls.open_tunnel(actor.tunneling, "lamp-of-tunnel")


REFUSED = {
    "denied-probing": _probe,
    "denied-variety": _try_out,
    "denied-then-done": _get_permission,
    "denied-then-tunnel": _find_tunnel,
}
"""Stories of actors whom IAM refuses."""


def test_every_built_in_rule_fires_once_from_real_calls(scene: Scene) -> None:
    world = scene.world
    expected = Counter[tuple[str, str]]()
    try:
        for rule, tell in (STORIES | REFUSED).items():
            if rule in REFUSED:
                world.aws.enforce_iam()
            actions = () if rule in REFUSED else ("iot:*", "greengrass:*")
            tell(
                scene,
                make_actor(world.aws, f"actor-of-{rule}", *actions),
                make_actor(world.aws, f"other-of-{rule}", *actions),
            )
            expected.update((f"of-{rule}", each) for each in (rule, *ALSO.get(rule, ())))
    finally:
        world.aws.enforce_iam(on=False)

    assert set(RULES) - LEARNT == set(STORIES | REFUSED)

    def told() -> Counter[tuple[str, str]]:
        """Each windowed alert: the story that its calls belong to, and its rule."""
        return Counter((name, alert["rule"]) for alert in windowed(world) for name in stories_of(alert))

    wait_for(told, expected)
    world.settle()
    assert expected == told()
    assert_slack_agrees(world)


def test_every_built_in_rule_fires_once_from_records_of_an_hour_in_any_order_and_twice(world: World) -> None:
    open_every_destination(world)
    now = datetime.now(UTC)
    expected = Counter[tuple[str, str]]()
    puts: list[Callable[[], object]] = []
    # A history by its events: when two accounts are in it, either may complete the window.
    homes: dict[str, str] = {}
    for number, (rule, calls) in enumerate(histories()):
        account = f"{700_000_000_000 + number}"
        seconds = int(kind_of(rule).within.total_seconds()) - 1
        start = now - timedelta(seconds=seconds)
        also = SEQUENCES[rule].also if rule in SEQUENCES else ()
        expected.update((account, each) for each in (rule, *also))
        for place, call in enumerate(calls):
            time = start + timedelta(seconds=place * seconds // (len(calls) - 1))
            record = move(call.record(time)["detail"], account)
            homes[record["eventID"]] = account
            puts += 2 * [partial(world.aws.put_record, record, source=source_of(call))]
    random.Random(7).shuffle(puts)  # noqa: S311 - no secret
    with ThreadPoolExecutor(4) as pool:
        for done in pool.map(lambda each: each(), puts):
            assert done

    def told() -> Counter[tuple[str, str]]:
        completing = ((each["story"]["completed_by"]["event_id"], each["rule"]) for each in windowed(world))
        return Counter((homes[event_id], rule) for event_id, rule in completing if event_id in homes)

    wait_for(told, expected)
    world.settle()
    assert expected == told()
    assert_slack_agrees(world)


def histories() -> Iterator[tuple[str, list[Call]]]:
    for rule, call in COUNTED.items():
        kind = kind_of(rule)
        assert isinstance(kind, EventCount | ValueCount)
        yield rule, [call(number) for number in range(kind.at_least)]
    for rule, each in SEQUENCES.items():
        yield rule, list(each.steps.values())


def kind_of(rule: str) -> EventCount | ValueCount | Temporal:
    kind = RULES[rule].kind
    assert not isinstance(kind, NewTerms)
    return kind


def move(record: Any, account: str, region: str = records.REGION) -> Any:
    """A record as one of another account and Region: all that it names is there."""
    text = json.dumps(record).replace(records.ACCOUNT, account)
    return json.loads(text.replace(records.REGION, region))


def source_of(call: Call) -> str:
    return f"aws.{call.source.partition('.')[0]}"


def stories_of(alert: Any) -> set[str]:
    actors = {call["actor"] for step in alert["story"]["steps"] for call in step["calls"]}
    return {each.partition("-")[2] for each in actors if each.startswith(("actor-of-", "other-of-"))}


def windowed(world: World) -> list[Any]:
    return [each for each in world.inbox.poll() if each["kind"] == "windowed"]


def wait_for(told: Callable[[], Counter[tuple[str, str]]], expected: Counter[tuple[str, str]]) -> None:
    """Wait until all of these are told; a test then compares, and so says what is missing."""
    try:
        wait_until(lambda: not expected - told(), PATIENCE)
    except TimeoutError:
        assert expected == told()


def assert_slack_agrees(world: World) -> None:
    """Slack was told of each windowed alert that is high or critical, and of each once in a channel."""
    on_sns = Counter(
        alert["title"]
        for alert in windowed(world)
        for _ in range({"critical": 2, "high": 1}.get(alert["severity"], 0))
    )
    in_slack = Counter(
        told.headline for message in world.slack.messages for told in message.told if told.name in RULES
    )
    assert on_sns == in_slack
