"""What AWS IoT is asked about an alert, on the embedded AWS: its answers, and what is said without one."""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.session import Session

from handlers.adapters.aws_clients import IN_A_HURRY
from handlers.adapters.iot_answers import KEPT, MOST, IotAnswers
from handlers.core.alerts import Answer, Question
from handlers.core.questions import OPERATIONS
from local.aws import EmbeddedAws, Fault
from local.waiting import wait_until

if TYPE_CHECKING:
    from mypy_boto3_iot import IoTClient


def policy(action: str, resource: str = "*") -> str:
    """A document that allows this."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def template(action: str) -> str:
    """A provisioning template whose devices may do this."""
    return json.dumps(
        {
            "Resources": {
                "certificate": {
                    "Type": "AWS::IoT::Certificate",
                    "Properties": {"CertificateId": {"Ref": "AWS::IoT::Certificate::Id"}, "Status": "Active"},
                },
                "policy": {"Type": "AWS::IoT::Policy", "Properties": {"PolicyDocument": policy(action)}},
            }
        }
    )


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    with EmbeddedAws(tmp_path_factory.mktemp("answers")) as aws:
        yield aws


NOW = datetime(2026, 11, 22, 9, 31, tzinfo=UTC)
CALLED = NOW - timedelta(seconds=10)


@dataclass
class World:
    """An account with a fleet, a clock that stands still, and every call that was made to find answers."""

    aws: EmbeddedAws
    iot: "IoTClient"
    answers: IotAnswers
    calls: list[str]
    now: datetime = NOW

    def ask(self, *questions: Question, called: datetime = CALLED) -> list[list[tuple[str, str]]]:
        found = self.answers.ask(dict.fromkeys(questions, called))
        return [[(each.name, each.text) for each in found[question]] for question in questions]

    def make_versions(self, name: str = "p") -> None:
        self.iot.create_policy(policyName=name, policyDocument=policy("iot:Connect"))
        self.iot.create_policy_version(
            policyName=name, policyDocument=policy("iot:Publish"), setAsDefault=True
        )
        self.iot.create_policy_version(policyName=name, policyDocument=policy("iot:*"))


@pytest.fixture
def world(running: EmbeddedAws) -> Iterator[World]:
    running.reset()
    client: Any = Session().create_client(
        "iot",
        endpoint_url=running.endpoint,
        region_name="us-east-1",
        aws_access_key_id=running.access_key,
        aws_secret_access_key=running.secret_key,
        config=IN_A_HURRY,
    )
    calls: list[str] = []
    client.meta.events.register("before-call", lambda model, **_: calls.append(f"iot:{model.name}"))
    made = World(running, running.client("iot"), IotAnswers(lambda: client, clock=lambda: made.now), calls)
    yield made
    running.inject_faults([])


def test_a_version_that_is_not_in_force_is_compared_with_the_one_that_is(world: World) -> None:
    world.make_versions()
    certificate = world.iot.create_keys_and_certificate()["certificateArn"]
    world.iot.attach_policy(policyName="p", target=certificate)
    assert [
        [
            ("Compared with", "version 2, which is in force"),
            ("Newly allowed", "iot:* on every resource"),
            ("Attached to", "1 certificate"),
        ]
    ] == world.ask(Question("policy", "p", "3"))


def test_a_version_that_is_in_force_is_compared_with_the_newest_of_the_others(world: World) -> None:
    world.make_versions()
    (answers,) = world.ask(Question("policy", "p", "2"))
    assert [
        ("Compared with", "version 3, the newest of the others"),
        ("Newly allowed", "nothing"),
    ] == answers[:2]


def test_versions_are_compared_as_numbers(world: World) -> None:
    world.iot.create_policy(policyName="p", policyDocument=policy("iot:Connect"))
    for version in range(2, 12):
        document = policy(f"iot:A{version}")
        world.iot.create_policy_version(policyName="p", policyDocument=document, setAsDefault=True)
        if version < 10:
            world.iot.delete_policy_version(policyName="p", policyVersionId=str(version - 1))
    (answers,) = world.ask(Question("policy", "p", "11"))
    assert "version 10, the newest of the others" == answers[0][1]


def test_versions_of_a_template_are_compared_too(world: World) -> None:
    world.iot.create_provisioning_template(
        templateName="fleet",
        templateBody=template("iot:Connect"),
        provisioningRoleArn="arn:aws:iam::000000000000:role/provisioning",
    )
    world.iot.create_provisioning_template_version(templateName="fleet", templateBody=template("iot:*"))
    assert [
        [("Compared with", "version 1, which is in force"), ("Newly allowed", "iot:* on every resource")]
    ] == world.ask(Question("template", "fleet", "2"))


def test_of_a_certificate_its_things_and_policies_are_told(world: World) -> None:
    certificate = world.iot.create_keys_and_certificate()["certificateArn"]
    assert [[("Its things", "none"), ("Its policies", "none")]] == world.ask(
        Question("certificate", certificate)
    )
    world.now += KEPT
    world.iot.create_policy(policyName="p", policyDocument=policy("iot:Connect"))
    world.iot.attach_policy(policyName="p", target=certificate)
    for name in ("pump-1", "pump-2"):
        world.iot.create_thing(thingName=name)
        world.iot.attach_thing_principal(thingName=name, principal=certificate)
    assert [[("Its things", "pump-1, pump-2"), ("Its policies", "p")]] == world.ask(
        Question("certificate", certificate)
    )


def test_an_answer_is_kept_for_a_minute(world: World) -> None:
    world.make_versions()
    question = Question("policy", "p", "3")
    world.ask(question)
    made = len(world.calls)
    world.now += KEPT - timedelta(seconds=1)
    world.ask(question)
    assert made == len(world.calls)
    world.now += timedelta(seconds=1)
    world.ask(question)
    assert 2 * made == len(world.calls)


def test_an_answer_is_not_kept_for_a_call_that_was_made_after_it(world: World) -> None:
    certificate = world.iot.create_keys_and_certificate()["certificateArn"]
    world.make_versions("narrow")
    world.make_versions("wide")
    question = Question("certificate", certificate)
    world.iot.attach_policy(policyName="narrow", target=certificate)
    assert [("Its policies", "narrow")] == world.ask(question)[0][1:]
    world.iot.attach_policy(policyName="wide", target=certificate)
    attached = world.now + timedelta(seconds=29)
    world.now += timedelta(seconds=30)
    assert [("Its policies", "narrow, wide")] == world.ask(question, called=attached)[0][1:]
    # For an earlier call the newer answer does.
    made = len(world.calls)
    world.ask(question)
    assert made == len(world.calls)


def test_it_calls_nothing_but_what_it_is_granted_and_all_of_that(world: World) -> None:
    world.make_versions()
    world.iot.create_provisioning_template(
        templateName="fleet",
        templateBody=template("iot:Connect"),
        provisioningRoleArn="arn:aws:iam::000000000000:role/provisioning",
    )
    certificate = world.iot.create_keys_and_certificate()["certificateArn"]
    world.ask(
        Question("policy", "p", "3"), Question("template", "fleet", "1"), Question("certificate", certificate)
    )
    assert set(OPERATIONS) == set(world.calls)


def test_what_is_gone_by_then_is_said_to_be(world: World) -> None:
    assert [[("Not looked up", "AWS IoT no longer has it")]] == world.ask(Question("policy", "gone", "1"))


def test_a_refusal_is_told_and_not_kept(world: World) -> None:
    world.make_versions()
    world.aws.inject_faults([Fault("iot", "GetPolicyVersion", "ThrottlingException", status=429)])
    question = Question("policy", "p", "3")
    assert [[("Not looked up", "AWS IoT answered ThrottlingException")]] == world.ask(question)
    assert ("Compared with", "version 2, which is in force") == world.ask(question)[0][0]


def test_an_answer_of_another_form_is_told_and_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.make_versions()
    answers = IotAnswers(object)  # type: ignore[arg-type]
    question = Question("policy", "p", "3")
    said = (Answer("Not looked up", "AWS IoT could not be asked: AttributeError"),)
    assert said == answers.ask({question: CALLED})[question]
    assert ["an answer of AWS IoT was not understood"] == [each.message for each in caplog.records]


def test_of_many_questions_the_first_few_are_asked_each_once(world: World) -> None:
    world.make_versions()
    questions = [
        Question("policy", "p", "3"),
        *[Question("policy", f"p{number}", "1") for number in range(MOST)],
    ]
    answers = world.ask(*questions, questions[0])
    assert [("Not looked up", "too many alerts came at once")] == answers[MOST]
    assert answers[0] == answers[-1] != answers[MOST]
    assert 1 + (MOST - 1) == world.calls.count("iot:ListPolicyVersions")


LATE = [("Not looked up", "AWS IoT did not answer within a second")]


class Slow:
    """AWS IoT that answers once it is let."""

    def __init__(self, iot: "IoTClient") -> None:
        self._iot = iot
        self.let = Event()

    def list_policy_versions(self, policyName: str) -> Any:  # noqa: N803 - as botocore has it
        self.let.wait(60)
        return self._iot.list_policy_versions(policyName=policyName)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._iot, name)


def test_an_alert_does_not_wait_for_a_late_answer_and_the_next_one_has_it(world: World) -> None:
    world.make_versions()
    slow, question = Slow(world.iot), Question("policy", "p", "3")
    world.answers = IotAnswers(lambda: cast("IoTClient", slow), clock=lambda: world.now)
    assert [LATE] == world.ask(question)
    slow.let.set()
    (answers,) = wait_until(lambda: [each for each in world.ask(question) if each != LATE], 60)
    assert ("Compared with", "version 2, which is in force") == answers[0]


@pytest.fixture
def silent() -> Iterator[str]:
    """The URL of a server that takes connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_who_takes_the_connection_and_says_nothing_is_said_not_to_answer(silent: str) -> None:
    client: Any = Session().create_client(
        "iot",
        endpoint_url=silent,
        region_name="us-east-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
        config=IN_A_HURRY,
    )
    questions = [Question("policy", f"p{number}", "1") for number in range(MOST)]
    found = IotAnswers(lambda: client).ask(dict.fromkeys(questions, CALLED))
    assert [LATE] * MOST == [[(each.name, each.text) for each in found[question]] for question in questions]
