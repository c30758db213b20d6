"""`thingwatch redrive` on queues of the embedded AWS; tests/e2e/test_redrive.py has the deployed stack."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner, Result

from cdk.delivery import DESTINATION_TAG
from cdk.queues import FAILURES_TAG, STACK_TAG
from cli import failures, redrive
from cli.deployment import Deployment
from cli.failures import unhide
from cli.main import app
from cli.redrive import SENT, reach
from handlers.core.alerts import Delivery, read_delivery, write_delivery
from local.aws import EmbeddedAws, Fault
from local.waiting import wait_until
from tests.support.alerts import make_alert

STACK = "Thingwatch"
QUEUES = {
    "DeadLetterQueueUrl": "dead-letters",
    "SummaryQueueUrl": "summaries",
    "SummaryDeadLetterQueueUrl": "summary-dead-letters",
    "DetectFailureQueueUrl": "detect-failures",
    "HandoverFailureQueueUrl": "handover-failures",
    "DeliveryQueueUrlsecops": f"{STACK}-secops",
}
TAGS = {"DeliveryQueueUrlsecops": [{"Key": DESTINATION_TAG, "Value": "secops"}]}
TEMPLATE = {
    "Resources": {
        output: {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name, "Tags": TAGS.get(output, [])}}
        for output, name in QUEUES.items()
    },
    "Outputs": {output: {"Value": {"Ref": output}} for output in QUEUES}
    | {"DetectFunctionName": {"Value": "detect"}},
}
PATIENCE = 30.0


class Queues:
    """The queues of a stack, by their outputs."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self.aws = aws
        self.sqs = aws.client("sqs")

    def url(self, output: str) -> str:
        return str(self.sqs.get_queue_url(QueueName=QUEUES.get(output, output))["QueueUrl"])

    def put(self, name: str, *, output: str = "DeadLetterQueueUrl", destination: str = "secops") -> str:
        """Put the delivery of an alert of this id; the message's id."""
        body = write_delivery(Delivery(make_alert(eventID=name), destination))
        return str(self.sqs.send_message(QueueUrl=self.url(output), MessageBody=body)["MessageId"])

    def depth(self, output: str) -> int:
        """How many messages a queue holds, hidden ones included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found: Any = self.sqs.get_queue_attributes(QueueUrl=self.url(output), AttributeNames=names)  # type: ignore[arg-type]
        return sum(map(int, found["Attributes"].values()))

    def take_all(self, output: str) -> list[str]:
        """The ids of the events whose deliveries a queue shows; they are hidden from now on."""
        taken: list[str] = []
        while messages := self.sqs.receive_message(QueueUrl=self.url(output), MaxNumberOfMessages=10).get(
            "Messages"
        ):
            taken += [read_delivery(each["Body"]).alert.event_id for each in messages]
        return sorted(taken)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    with EmbeddedAws(tmp_path_factory.mktemp("redrive")) as aws:
        yield aws


@pytest.fixture
def queues(running: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> Queues:
    running.reset()
    # The embedded SQS is one server, so it finds at once what is there.
    monkeypatch.setattr(failures, "WAIT_SECONDS", 0)
    for name, value in running.environment().items():
        monkeypatch.setenv(name, value)
    stacks = running.client("cloudformation")
    stacks.create_stack(StackName=STACK, TemplateBody=json.dumps(TEMPLATE))
    wait_until(
        lambda: stacks.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    )
    return Queues(running)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["redrive", *arguments])


def told(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """The command's exit code, and the messages that it tells as JSON; none is hidden or missing."""
    result = run("--json", *arguments)
    said = json.loads(result.stdout)
    assert ("", [], 0) == (result.stderr, said["missing"], said["hidden"])
    return result.exit_code, said["messages"]


def test_who_sends_one_message_hides_no_other(queues: Queues) -> None:
    chosen, other = queues.put("chosen"), queues.put("other")
    assert (0, [(chosen, "sent")]) == _fates(told("--send", "--only", chosen))
    assert (1, [(other, "waits")]) == _fates(told())
    assert (0, []) == told("--kind", "event")
    assert (1, [(other, "waits")]) == _fates(told())


def _fates(said: tuple[int, list[dict[str, Any]]]) -> tuple[int, list[tuple[str, str]]]:
    code, messages = said
    return code, [(each["id"], each["fate"]) for each in messages]


def test_what_aws_refuses_stays_and_the_others_are_sent_and_told(queues: Queues) -> None:
    for name in ("one", "two", "three"):
        queues.put(name)
    refusal = Fault("sqs", "SendMessage", "AccessDenied", 403, message="not you", skip=1)
    queues.aws.inject_faults([refusal])
    code, messages = told("--send")
    assert 1 == code
    stays = "stays: AWS: An error occurred (AccessDenied) when calling the SendMessage operation: not you"
    assert ["sent", stays, "sent"] == [each["fate"] for each in messages]
    assert (1, 2) == (queues.depth("DeadLetterQueueUrl"), queues.depth("DeliveryQueueUrlsecops"))
    code, messages = told("--send")
    assert (0, ["sent"]) == (code, [each["fate"] for each in messages])


def test_what_was_sent_but_could_not_be_deleted_is_said_to_be_so(queues: Queues) -> None:
    queues.put("one")
    queues.aws.inject_faults([Fault("sqs", "DeleteMessage", "AccessDenied", 403, message="not you")])
    code, (message,) = told("--send")
    assert (1, 1, 1) == (code, queues.depth("DeadLetterQueueUrl"), queues.depth("DeliveryQueueUrlsecops"))
    assert message["fate"].startswith("sent, but it stays in its failure queue too: AWS: ")


def test_what_was_done_is_told_when_aws_can_not_be_reached_any_more(queues: Queues) -> None:
    queues.put("one")
    # The queue is asked for what is there, and then whether there is more.
    queues.aws.inject_faults([Fault("sqs", "ReceiveMessage", "AccessDenied", 403, message="not you", skip=1)])
    result = run("--send", "--json", "--kind", "delivery")
    assert 2 == result.exit_code
    assert ["sent"] == [each["fate"] for each in json.loads(result.stdout)["messages"]]
    assert result.stderr.startswith("AWS: An error occurred (AccessDenied)")


def test_a_message_that_is_there_no_more_keeps_no_other_hidden(queues: Queues) -> None:
    url = queues.url("DeadLetterQueueUrl")
    queues.put("one")
    queues.put("two")
    answer = queues.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=600)
    handles = [each["ReceiptHandle"] for each in answer["Messages"]]
    queues.sqs.delete_message(QueueUrl=url, ReceiptHandle=handles[0])
    unhide(queues.sqs, url, handles)
    assert 1 == len(queues.take_all("DeadLetterQueueUrl"))


def test_more_than_one_call_takes_are_shown_and_stay(queues: Queues) -> None:
    identifiers = [queues.put(f"event {number}") for number in range(25)]
    for _ in range(2):
        assert (1, sorted((each, "waits") for each in identifiers)) == _in_order(_fates(told()))


def _in_order(fates: tuple[int, list[tuple[str, str]]]) -> tuple[int, list[tuple[str, str]]]:
    return fates[0], sorted(fates[1])


def test_a_hostile_destination_is_cleaned(queues: Queues) -> None:
    queues.put("one", destination="secops\x1b[2J\u202e")
    said = run("--send").stdout
    assert "secops" in said
    assert {"\n"} == {each for each in said if not each.isprintable()}


def test_a_destination_that_refuses_again_at_once_is_tried_once_a_run(queues: Queues) -> None:
    # Nothing takes deliveries here: the queue of the destination is the dead-letter queue itself.
    body = write_delivery(Delivery(make_alert(eventID="one"), "secops"))
    for _ in range(2):
        queues.sqs.send_message(QueueUrl=queues.url("DeadLetterQueueUrl"), MessageBody=body)
    code, messages = told("--send")
    again = "stays: the same was sent already by this command"
    assert (1, ["sent", again]) == (code, [each["fate"] for each in messages])
    assert 1 == queues.depth("DeliveryQueueUrlsecops")


def test_who_is_killed_half_way_loses_nothing(queues: Queues) -> None:
    names = sorted(f"event {number:03}" for number in range(120))
    for name in names:
        queues.put(name)
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("thingwatch")), "redrive", "--send", "--json"],
        env=queues.aws.environment(),
        stdout=subprocess.DEVNULL,
    )
    wait_until(lambda: queues.depth("DeliveryQueueUrlsecops") >= 5, PATIENCE)
    process.kill()
    process.wait()
    sent, left = queues.take_all("DeliveryQueueUrlsecops"), queues.depth("DeadLetterQueueUrl")
    assert 0 < left < len(names), "it was killed too late"
    assert len(sent) == len(set(sent))
    assert len(names) <= len(sent) + left <= len(names) + 1


def test_what_another_run_looks_at_is_said_to_be_hidden(queues: Queues) -> None:
    queues.put("one")
    queues.sqs.receive_message(QueueUrl=queues.url("DeadLetterQueueUrl"), VisibilityTimeout=600)
    result = run()
    assert (1, "") == (result.exit_code, result.stdout)
    assert (
        "1 more message can not be shown yet: another run of this command looks at them or was stopped, or"
        " they wait for another try; run it again in 5 minutes\n" == result.stderr
    )
    assert {"messages": [], "missing": [], "hidden": 1} == json.loads(run("--json").stdout)


@pytest.mark.parametrize("stack", ["Thingwatch", "a-very-long-name-of-a-stack-that-cloudformation-cuts"])
def test_the_queue_of_a_removed_destination_is_found_though_cloudformation_cuts_names(
    queues: Queues, stack: str
) -> None:
    stacks = queues.aws.client("cloudformation")
    if stack != STACK:
        stacks.delete_stack(StackName=STACK)
        stacks.create_stack(StackName=stack, TemplateBody=json.dumps(TEMPLATE))
        wait_until(
            lambda: stacks.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
        )
    name = f"{stack[:24]}-DeliveryQueueold-1A2B3C4D5E6F"
    tags = {STACK_TAG: stack, DESTINATION_TAG: "secops"}
    queues.sqs.create_queue(QueueName=name, tags=tags)
    identifier = queues.put("one", output=name)
    assert (0, [(identifier, "sent")]) == _fates(told("--send", "--stack", stack))


def test_what_failed_before_the_stack_was_destroyed_and_made_anew_is_found_by_the_queues_tags(
    queues: Queues,
) -> None:
    for name, stack in (("Thingwatch-DeadLetters-1A2B", STACK), ("Thingwatch-dev-DeadLetters-3C4D", "other")):
        queues.sqs.create_queue(QueueName=name, tags={STACK_TAG: stack, FAILURES_TAG: "delivery"})
        queues.put(stack, output=name)
    assert (0, []) == told("--kind", "summary")
    code, (message,) = told("--send")
    assert (0, "delivery", SENT) == (code, message["kind"], message["fate"])
    assert [STACK] == queues.take_all("DeliveryQueueUrlsecops")


def test_an_id_that_is_not_there_is_said_so_and_the_others_are_sent(queues: Queues) -> None:
    known = queues.put("one")
    result = run("--only", "0123456789", "--only", known, "--send")
    assert (1, "no message 0123456789 is in the failure queues\n") == (result.exit_code, result.stderr)
    assert "1 message sent again, 0 left" in result.stdout
    assert ["0123456789"] == json.loads(run("--only", "0123456789", "--json").stdout)["missing"]


def test_a_removed_destination_is_no_other_whose_name_has_no_hyphen(queues: Queues) -> None:
    queues.put("one", destination="sec-ops")
    code, (message,) = told("--send")
    no_more = "stays: the config has no destination sec-ops; add it, deploy, and run this again"
    assert (1, no_more) == (code, message["fate"])


def test_what_the_message_holds_is_in_the_json_whole(queues: Queues) -> None:
    body = json.dumps({"requestPayload": {"detail": {"eventName": "Zoë\u202e"}}})
    queues.sqs.send_message(QueueUrl=queues.url("DetectFailureQueueUrl"), MessageBody=body)
    _, (message,) = told()
    assert body == message["body"]


@pytest.mark.parametrize("call", ["ListQueues", "ListQueueTags", "GetQueueAttributes"])
def test_an_orphan_that_is_deleted_meanwhile_is_passed_over(queues: Queues, call: str) -> None:
    name = f"{STACK}-old"
    url = queues.sqs.create_queue(QueueName=name, tags={STACK_TAG: STACK, DESTINATION_TAG: "secops"})[
        "QueueUrl"
    ]
    identifier = queues.put("one")
    session = boto3.session.Session()
    session.events.register(f"after-call.sqs.{call}", lambda **_: _delete(queues, url))
    outputs = {output: queues.url(output) for output in QUEUES}
    found = reach(Deployment(session, outputs, STACK, "CREATE_COMPLETE", datetime.now(UTC)), STACK).find(
        "delivery"
    )
    assert [identifier] == [each.message_id for each in found]


def _delete(queues: Queues, url: str) -> None:
    with suppress(queues.sqs.exceptions.QueueDoesNotExist):
        queues.sqs.delete_queue(QueueUrl=url)


def test_the_tags_are_those_that_the_stack_gives_to_its_queues() -> None:
    assert (STACK_TAG, DESTINATION_TAG, FAILURES_TAG) == (
        redrive.STACK_TAG,
        redrive.DESTINATION_TAG,
        redrive.FAILURES_TAG,
    )


@pytest.mark.usefixtures("queues")
def test_empty_queues_are_said_to_be_empty() -> None:
    assert (0, "nothing is in the failure queues\n") == (run().exit_code, run().stdout)


@pytest.mark.usefixtures("queues")
def test_an_empty_name_of_a_stack_is_refused_and_not_taken_for_the_first_one() -> None:
    result = run("--stack", "")
    assert (2, "--stack is empty; write the name of the stack\n") == (result.exit_code, result.stderr)
