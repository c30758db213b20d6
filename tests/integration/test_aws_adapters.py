"""The adapters of AWS services against the embedded AWS: what they send, and how they fail."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber

from handlers.adapters.secrets import KEPT_SECONDS, Secrets
from handlers.adapters.sns_topic import SnsTopic
from handlers.adapters.sqs_deliveries import NotQueued, SqsDeliveries
from handlers.core.alerts import Delivery, read_delivery
from handlers.core.destinations import Destination
from handlers.core.renderings.amazon_q import render_amazon_q
from handlers.pipeline import TryAgain, Undeliverable
from local.aws import EmbeddedAws, Fault
from tests.support.alerts import make_alert
from tests.support.rules import UPDATE_CERTIFICATE

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

AUDIT = Destination(name="audit", kind="sns")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    with EmbeddedAws(tmp_path_factory.mktemp("adapters")) as aws:
        yield aws


@pytest.fixture
def aws(running: EmbeddedAws) -> EmbeddedAws:
    running.reset()
    return running


@dataclass
class Clock:
    """A clock that stands still until a test moves it."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def secrets(aws: EmbeddedAws, clock: Clock) -> Secrets:
    return Secrets(ssm=aws.client("ssm"), secretsmanager=aws.client("secretsmanager"), clock=clock)


@pytest.fixture
def asked(aws: EmbeddedAws) -> Iterator[list[str]]:
    """The calls that were made to SSM and Secrets Manager."""
    made: list[str] = []

    def remember(model: Any, **_: object) -> None:
        made.append(model.name)

    clients = [aws.client("ssm"), aws.client("secretsmanager")]
    for client in clients:
        client.meta.events.register("before-call", remember)
    yield made
    for client in clients:
        client.meta.events.unregister("before-call", remember)


def test_a_secure_string_is_read_decrypted_and_without_the_newline_that_a_paste_left(
    aws: EmbeddedAws, secrets: Secrets
) -> None:
    aws.client("ssm").put_parameter(Name="/hook", Value="https://hooks.example\n", Type="SecureString")
    assert "https://hooks.example" == secrets.read("ssm:/hook")


def test_a_secret_of_secrets_manager_is_read_by_its_name(aws: EmbeddedAws, secrets: Secrets) -> None:
    aws.client("secretsmanager").create_secret(Name="team/hook", SecretString="https://hooks.example")
    assert "https://hooks.example" == secrets.read("secretsmanager:team/hook")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ssm:/absent", "can not read ssm:/absent: ParameterNotFound"),
        ("secretsmanager:absent", "can not read secretsmanager:absent: ResourceNotFoundException"),
    ],
)
def test_a_secret_that_is_not_there_yet_is_waited_for(secrets: Secrets, name: str, said: str) -> None:
    with pytest.raises(TryAgain) as caught:
        secrets.read(name)
    assert said == str(caught.value)


def test_a_secret_that_is_no_text_is_waited_for(aws: EmbeddedAws, secrets: Secrets) -> None:
    aws.client("secretsmanager").create_secret(Name="team/hook", SecretBinary=b"\x00")
    with pytest.raises(TryAgain, match=r"^can not read secretsmanager:team/hook: KeyError$"):
        secrets.read("secretsmanager:team/hook")


@pytest.mark.parametrize("name", ["ssm:/absent", "secretsmanager:absent"])
def test_a_secret_that_can_not_be_read_is_asked_for_once_in_a_while_however_many_alerts_wait(
    secrets: Secrets, clock: Clock, asked: list[str], name: str
) -> None:
    for _ in range(100):
        with pytest.raises(TryAgain, match=f"^can not read {name}: "):
            secrets.read(name)
    assert 1 == len(asked)
    clock.seconds += KEPT_SECONDS
    with pytest.raises(TryAgain):
        secrets.read(name)
    assert 2 == len(asked)


def test_a_secret_that_appears_is_read_within_seconds_and_by_a_fresh_look_at_once(
    aws: EmbeddedAws, secrets: Secrets, clock: Clock
) -> None:
    with pytest.raises(TryAgain):
        secrets.read("ssm:/hook")
    aws.client("ssm").put_parameter(Name="/hook", Value="https://hooks.example", Type="SecureString")
    clock.seconds += KEPT_SECONDS
    assert "https://hooks.example" == secrets.read("ssm:/hook")
    with pytest.raises(TryAgain):
        secrets.read("ssm:/other")
    aws.client("ssm").put_parameter(Name="/other", Value="https://hooks.example", Type="SecureString")
    assert "https://hooks.example" == secrets.read("ssm:/other", fresh=True)


def test_a_changed_secret_is_seen_by_a_fresh_look_at_once_and_by_any_within_seconds(
    aws: EmbeddedAws, secrets: Secrets, clock: Clock
) -> None:
    ssm = aws.client("ssm")
    ssm.put_parameter(Name="/hook", Value="old", Type="SecureString")
    assert "old" == secrets.read("ssm:/hook")
    ssm.put_parameter(Name="/hook", Value="new", Type="SecureString", Overwrite=True)
    assert ("old", "new") == (secrets.read("ssm:/hook"), secrets.read("ssm:/hook", fresh=True))
    ssm.put_parameter(Name="/hook", Value="newest", Type="SecureString", Overwrite=True)
    clock.seconds += KEPT_SECONDS
    assert "newest" == secrets.read("ssm:/hook")
    assert KEPT_SECONDS <= 10


def make_queue(aws: EmbeddedAws, name: str) -> str:
    return str(aws.client("sqs").create_queue(QueueName=name)["QueueUrl"])


def receive_all(aws: EmbeddedAws, url: str) -> list[Any]:
    received: list[Any] = []
    while (
        answer := aws.client("sqs")
        .receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        .get("Messages")
    ):
        received += answer
    return received


def test_each_destination_has_a_queue_and_eleven_deliveries_go_in_two_batches(aws: EmbeddedAws) -> None:
    urls = {name: make_queue(aws, f"to-{name}") for name in ("audit", "secops")}
    alerts = [make_alert(eventID=str(number)) for number in range(11)]
    sent = [Delivery(alert, name) for alert in alerts for name in urls]
    SqsDeliveries(aws.client("sqs"), urls, dead_letter_queue_url="").send(sent)
    for name, url in urls.items():
        received = [read_delivery(each["Body"]) for each in receive_all(aws, url)]
        assert {each.key for each in sent if each.destination == name} == {each.key for each in received}


def test_a_delivery_to_a_destination_that_config_has_no_more_is_kept_with_the_reason(
    aws: EmbeddedAws,
) -> None:
    dead = make_queue(aws, "dead-letters")
    delivery = Delivery(make_alert(), "removed")
    SqsDeliveries(aws.client("sqs"), {}, dead_letter_queue_url=dead).send([delivery])
    (message,) = receive_all(aws, dead)
    assert (delivery, "the config knows no destination removed") == (
        read_delivery(message["Body"]),
        message["MessageAttributes"]["reason"]["StringValue"],
    )


def test_a_batch_that_sqs_took_only_in_part_is_a_failure(aws: EmbeddedAws) -> None:
    # The embedded AWS refuses a batch as a whole or not at all, so this answer is written by hand.
    client = aws.client_of("sqs", "key", "secret")
    answer: dict[str, Any] = {
        "Successful": [{"Id": "0", "MessageId": "m", "MD5OfMessageBody": "d"}],
        "Failed": [{"Id": "1", "SenderFault": False, "Code": "InternalError"}],
    }
    deliveries = [Delivery(make_alert(eventID=event_id), "audit") for event_id in "ab"]
    with Stubber(client) as stubbed:
        stubbed.add_response("send_message_batch", answer)
        with pytest.raises(NotQueued, match=r"^SQS refused 1 of 2 deliveries: InternalError$"):
            SqsDeliveries(
                client, {"audit": "http://127.0.0.1/queue"}, dead_letter_queue_url="http://127.0.0.1/dead"
            ).send(deliveries)


def test_an_alert_is_published_with_its_subject_and_attributes(aws: EmbeddedAws) -> None:
    topic = aws.client("sns").create_topic(Name="audit")["TopicArn"]
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName="subscriber")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    assert [None] == SnsTopic(lambda _: aws.client("sns"), {"audit": topic}).send([make_alert()], AUDIT)
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    envelope = json.loads(message["Body"])
    assert "High: Certificate 7a1f7a1f... activated, by fleet-admin" == envelope["Subject"]
    attributes = envelope["MessageAttributes"]
    assert {"Type": "String", "Value": "high"} == attributes["severity"]
    assert {"Type": "Number", "Value": "4"} == attributes["severity_number"]
    assert make_alert().alert_id == json.loads(envelope["Message"])["finding_info"]["uid"]


def test_a_topic_for_amazon_q_gets_its_notification_as_it_is(aws: EmbeddedAws) -> None:
    topic = aws.client("sns").create_topic(Name="chat")["TopicArn"]
    url = make_queue(aws, "chat")
    arn = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])
    chat = replace(AUDIT, form="amazon-q")
    assert [None] == SnsTopic(lambda _: aws.client("sns"), {"audit": topic}).send([make_alert()], chat)
    (message,) = receive_all(aws, url)
    assert render_amazon_q(make_alert()) == json.loads(message["Body"])["Message"]


def test_a_topic_is_spoken_to_in_its_own_region(aws: EmbeddedAws) -> None:
    asked: list[str] = []

    def client_in(region: str) -> "SNSClient":
        asked.append(region)
        return aws.client("sns")

    topic = aws.client("sns").create_topic(Name="elsewhere")["TopicArn"].replace("us-east-1", "eu-west-1")
    (wrong,) = SnsTopic(client_in, {"audit": topic}).send([make_alert()], AUDIT)
    assert ("TryAgain", "SNS answered NotFound") == (type(wrong).__name__, str(wrong))
    assert ["eu-west-1"] == asked


@pytest.mark.parametrize(
    ("code", "expected"),
    [("InternalError", TryAgain), ("NotFound", TryAgain), ("InvalidParameter", Undeliverable)],
)
def test_sns_is_tried_again_unless_it_can_never_take_the_message(
    aws: EmbeddedAws, code: str, expected: type[Exception]
) -> None:
    topic = aws.client("sns").create_topic(Name="audit")["TopicArn"]
    aws.inject_faults([Fault("sns", "PublishBatch", code, times=9)])
    for wrong in SnsTopic(lambda _: aws.client("sns"), {"audit": topic}).send([make_alert()] * 2, AUDIT):
        assert isinstance(wrong, expected)
        assert code in str(wrong)


def test_eleven_alerts_go_to_a_topic_in_two_calls(aws: EmbeddedAws) -> None:
    topic = aws.client("sns").create_topic(Name="many")["TopicArn"]
    url = make_queue(aws, "many")
    arn = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])
    alerts = [make_alert(eventID=str(number)) for number in range(11)]
    outcomes = SnsTopic(lambda _: aws.client("sns"), {"audit": topic}).send(alerts, AUDIT)
    received = [json.loads(json.loads(each["Body"])["Message"]) for each in receive_all(aws, url)]
    assert [None] * 11 == outcomes
    assert {each.alert_id for each in alerts} == {each["finding_info"]["uid"] for each in received}


def test_alerts_that_are_too_large_together_go_in_calls_of_their_own() -> None:
    client = boto3.session.Session(region_name="eu-west-1").client(
        "sns", aws_access_key_id="key", aws_secret_access_key="secret"
    )
    most = "\N{PILE OF POO}" * 250
    names = [f"p{number}" for number in range(8)]
    rule = {**UPDATE_CERTIFICATE, "shown": [f"requestParameters.{name}" for name in names]}
    parameters = dict.fromkeys(names, most)
    alerts = [make_alert(rule, requestParameters=parameters, eventID=str(n)) for n in range(10)]
    calls: list[int] = []

    def publish_batch(**request: Any) -> dict[str, Any]:
        calls.append(len(json.dumps(request["PublishBatchRequestEntries"], ensure_ascii=False).encode()))
        return {"Failed": [{"Id": request["PublishBatchRequestEntries"][0]["Id"], "Code": "InternalError"}]}

    client.publish_batch = publish_batch  # type: ignore[method-assign,assignment]
    outcomes = SnsTopic(lambda _: client, {"audit": "arn:aws:sns:eu-west-1:1:audit"}).send(alerts, AUDIT)
    assert (True, True) == (len(calls) > 1, max(calls) <= 256 * 1024)
    assert len(calls) == sum(isinstance(each, TryAgain) for each in outcomes)
