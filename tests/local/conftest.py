"""One embedded AWS for all tests of this folder, emptied before each of them."""

import io
import json
import textwrap
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.aws import ACCOUNT, REGION, EmbeddedAws
from local.waiting import wait_until

# Settings of a developer's machine that must neither reach the emulator nor the functions it runs.
HOSTILE_HOST = {
    "AWS_PROFILE": "production",
    "AWS_CA_BUNDLE": "/nonexistent/bundle.pem",
    "AWS_SESSION_TOKEN": "host",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
    "GATEWAY_PORT": "1",
    "SECRET_OF_THE_HOST": "1",
}


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    started = EmbeddedAws(tmp_path_factory.mktemp("aws"), async_retry_seconds=0.05, concurrency=2)
    with pytest.MonkeyPatch.context() as host:
        for name, value in HOSTILE_HOST.items():
            host.setenv(name, value)
        started.start()
    try:
        yield started
    finally:
        started.stop()


@pytest.fixture
def aws(emulator: EmbeddedAws) -> EmbeddedAws:
    emulator.reset()
    return emulator


@dataclass(frozen=True)
class Queue:
    """A queue of the embedded AWS whose messages a test reads."""

    aws: EmbeddedAws
    url: str
    arn: str

    def receive(self, limit: int = 10) -> list[dict[str, Any]]:
        """Receive up to so many messages, which nobody else receives after that."""
        answer = self.aws.client("sqs").receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=limit, MessageAttributeNames=["All"], VisibilityTimeout=600
        )
        return list(answer.get("Messages", []))  # type: ignore[arg-type]

    def next(self, timeout: float = 10.0) -> Any:
        """Return the body of the next message, which is JSON."""
        return json.loads(wait_until(lambda: self.receive(1), timeout)[0]["Body"])


@pytest.fixture
def make_queue(aws: EmbeddedAws) -> Callable[[str], Queue]:
    def make(name: str) -> Queue:
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        url = aws.client("sqs").create_queue(QueueName=name, Attributes={"Policy": policy})["QueueUrl"]
        return Queue(aws, url, arn)

    return make


@pytest.fixture
def make_rule(aws: EmbeddedAws) -> Callable[..., str]:
    """Make a rule with one target, for aws.iot events if not told otherwise, and return the rule's ARN."""

    def make(
        target: dict[str, Any],
        *,
        name: str = "watch",
        state: str = "ENABLED",
        pattern: str = '{"source": ["aws.iot"]}',
    ) -> str:
        events = aws.client("events")
        arn = events.put_rule(Name=name, EventPattern=pattern, State=state)["RuleArn"]  # type: ignore[arg-type]
        events.put_targets(Rule=name, Targets=[{"Id": "target", **target}])  # type: ignore[list-item]
        return arn

    return make


@pytest.fixture
def api_events(make_queue: Callable[[str], Queue], make_rule: Callable[..., str]) -> Callable[[], Any]:
    """Return a function that waits for the next event of an API call on the bus, reads included."""
    queue = make_queue("records")
    make_rule(
        {"Arn": queue.arn},
        name="records",
        state="ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS",
        pattern='{"detail-type": ["AWS API Call via CloudTrail"]}',
    )
    return queue.next


@pytest.fixture
def records(api_events: Callable[[], Any]) -> Callable[[], Any]:
    """Return a function that waits for the next CloudTrail record on the bus, reads included."""
    return lambda: api_events()["detail"]


@pytest.fixture
def make_function(aws: EmbeddedAws) -> Callable[..., str]:
    """Make a function from source code, allow the rules of the account to invoke it, and return its ARN."""

    def make(source: str, *, name: str = "function", role: str = "anyone", allow_rules: bool = True) -> str:
        functions = aws.client("lambda")
        arn = functions.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="asset.handler",
            Role=f"arn:aws:iam::{ACCOUNT}:role/{role}",
            Code={"ZipFile": _zip({"asset.py": textwrap.dedent(source)})},
            Timeout=20,
        )["FunctionArn"]
        if allow_rules:
            functions.add_permission(
                FunctionName=name,
                StatementId="rules",
                Action="lambda:InvokeFunction",
                Principal="events.amazonaws.com",
                SourceArn=f"arn:aws:events:{REGION}:{ACCOUNT}:rule/*",
            )
        return arn

    return make


@pytest.fixture
def invoke(aws: EmbeddedAws) -> Callable[..., Any]:
    def call(name: str = "function", event: Any = None) -> Any:
        answer = aws.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
        return json.loads(answer["Payload"].read())

    return call


def _zip(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()
