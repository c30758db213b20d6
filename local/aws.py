"""An embedded AWS for the length of a `with` block: started, watched, and gone afterwards.

    with EmbeddedAws(folder) as aws:
        aws.client("sqs").create_queue(QueueName="deliveries")

What it imitates, and what is therefore no proof about AWS, is written in `local.embedded_aws`.
"""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, overload

import boto3
import botocore.session
from botocore.config import Config

from local.embedded_aws.environment import ACCOUNT, REGION
from local.embedded_aws.fault import Fault
from local.waiting import wait_until

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_iot import IoTClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

__all__ = ["ACCOUNT", "REGION", "EmbeddedAws", "EmbeddedAwsError", "Fault"]

_PROJECT = Path(__file__).resolve().parent.parent
_ATTEMPTS = 3
_LOG_LINES_SHOWN = 40
# Neither a proxy of the host nor its configuration may come between a test and loopback.
_HTTP = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class EmbeddedAwsError(RuntimeError):
    """The embedded AWS did not start, or refused a request of the harness."""


class EmbeddedAws:
    """One emulator process on a loopback port, with its log and its temporary files in `folder`."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        async_retry_seconds: float = 0.5,
        concurrency: int = 4,
        start_seconds: float = 60.0,
    ) -> None:
        """Say how it is to be run; nothing starts before `start` or `with`.

        `async_retry_seconds` is the pause before the first retry of an asynchronous event; the second pause
        is twice as long. `concurrency` is how many functions run at a time.
        """
        self.log_file = folder / "embedded-aws.log"
        self._temporary = folder / "embedded-aws"
        self._asked_port = port
        self._port = port or 0
        self._async_retry_seconds = async_retry_seconds
        self._concurrency = concurrency
        self._start_seconds = start_seconds
        # CDK remembers the account of every access key it has seen: a key of its own keeps emulators apart.
        self.access_key = f"EMBEDDED{secrets.token_hex(6).upper()}"
        self.secret_key = secrets.token_hex(20)
        self._process: subprocess.Popen[bytes] | None = None
        self._clients: dict[str, Any] = {}

    @property
    def endpoint(self) -> str:
        """The URL of every service."""
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop it, however the block ended."""
        self.stop()

    def start(self) -> None:
        """Start the emulator and return when it answers.

        A free port can be taken by somebody else before the emulator binds it; then another one is tried.
        """
        attempts = 1 if self._asked_port else _ATTEMPTS
        for attempt in range(1, attempts + 1):
            self._port = self._asked_port or _free_port()
            try:
                self._launch()
            except EmbeddedAwsError:
                self.stop()
                if attempt == attempts:
                    raise
            except BaseException:
                self.stop()
                raise
            else:
                return

    def stop(self) -> None:
        """End the emulator and every function it runs, and remove its temporary files; the log stays."""
        process, self._process = self._process, None
        self._clients.clear()
        if process is not None:
            # The emulator leads a process group of its own. Its state is in memory: nothing has to be saved.
            with suppress(ProcessLookupError, PermissionError):  # the latter on macOS: only zombies are left
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        shutil.rmtree(self._temporary, ignore_errors=True)

    def reset(self) -> None:
        """Empty the account: no resource, no fault, no IAM enforcement, no event still on its way."""
        self._request("POST", "/_ministack/reset")

    def environment(self) -> dict[str, str]:
        """Return our environment, changed so that a subprocess (CDK, boto3) finds the embedded AWS only."""
        host = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return host | {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
            "CDK_DISABLE_CLI_TELEMETRY": "1",
            "CDK_HOME": str(self._temporary / "cdk"),
        }

    @overload
    def client(self, name: Literal["cloudformation"]) -> "CloudFormationClient": ...
    @overload
    def client(self, name: Literal["dynamodb"]) -> "DynamoDBClient": ...
    @overload
    def client(self, name: Literal["events"]) -> "EventBridgeClient": ...
    @overload
    def client(self, name: Literal["iot"]) -> "IoTClient": ...
    @overload
    def client(self, name: Literal["lambda"]) -> "LambdaClient": ...
    @overload
    def client(self, name: Literal["secretsmanager"]) -> "SecretsManagerClient": ...
    @overload
    def client(self, name: Literal["sns"]) -> "SNSClient": ...
    @overload
    def client(self, name: Literal["sqs"]) -> "SQSClient": ...
    @overload
    def client(self, name: Literal["ssm"]) -> "SSMClient": ...
    @overload
    def client(self, name: str) -> Any: ...
    def client(self, name: str) -> Any:
        """Return a boto3 client that acts as the account's root."""
        if name not in self._clients:
            self._clients[name] = self.client_of(name, self.access_key, self.secret_key)
        return self._clients[name]

    def client_of(self, name: str, access_key: str, secret_key: str, session_token: str | None = None) -> Any:
        """Return a boto3 client that acts as the owner of these credentials."""
        # The overloads of `client` above give each its type.
        return boto3.session.Session(botocore_session=_session_without_host()).client(  # type: ignore[call-overload] # the stubs want a literal
            name,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            aws_session_token=session_token,
            config=Config(proxies={}),
        )

    def enforce_iam(self, on: bool = True) -> None:  # noqa: FBT001, FBT002 - reads as a switch
        """Enforce IAM policies from now on, or stop to. Deploy first: publishing assets fails under it."""
        self._request("POST", "/_thingwatch/iam", {"enforce": on})

    def inject_faults(self, faults: Iterable[Fault]) -> None:
        """Let these faults hold from now on, and no others."""
        self._request("POST", "/_thingwatch/faults", [asdict(fault) for fault in faults])

    def faults_fired(self) -> list[int]:
        """Return how often each fault fired, in the order they were given."""
        return [fault["fired"] for fault in self._request("GET", "/_thingwatch/faults")]

    def put_record(
        self,
        detail: Any,
        *,
        source: str = "aws.iot",
        detail_type: str = "AWS API Call via CloudTrail",
        event_id: str | None = None,
        region: str = REGION,
    ) -> str:
        """Put an AWS event (a redelivered one, a malformed record) on the default bus; return its id."""
        event: Mapping[str, Any] = {
            "detail": detail, "source": source, "detail-type": detail_type, "id": event_id, "region": region,
        }  # fmt: skip
        return str(self._request("POST", "/_thingwatch/events", event)["id"])

    def _launch(self) -> None:
        self._temporary.mkdir(parents=True, exist_ok=True)
        options = {
            "port": self._port,
            "folder": self._temporary,
            "access-key": self.access_key,
            "secret-key": self.secret_key,
            "region": REGION,
            "async-retry-seconds": self._async_retry_seconds,
            "concurrency": self._concurrency,
            "parent": os.getpid(),
        }
        command = [sys.executable, "-m", "local.embedded_aws"]
        with self.log_file.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, *(f"--{name}={value}" for name, value in options.items())],
                cwd=_PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            wait_until(self._answers, self._start_seconds, interval=0.1)
        except TimeoutError as error:
            raise self._failed(f"did not answer within {self._start_seconds:g} s") from error

    def _answers(self) -> bool:
        """Whether our process, and not another one on the same port, answers."""
        process = self._process
        if process is None or process.poll() is not None:
            raise self._failed("ended while it started")
        try:
            return bool(self._request("GET", "/_thingwatch/health", timeout=1)["pid"] == process.pid)
        except (OSError, EmbeddedAwsError):
            return False

    def _failed(self, what: str) -> EmbeddedAwsError:
        lines = self.log_file.read_text(errors="replace").splitlines()[-_LOG_LINES_SHOWN:]
        return EmbeddedAwsError("\n".join([f"the embedded AWS {what}; the end of {self.log_file}:", *lines]))

    def _request(self, method: str, path: str, body: Any = None, *, timeout: float = 60) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.endpoint + path, data, method=method)  # noqa: S310 - http, loopback
        try:
            with _HTTP.open(request, timeout=timeout) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise EmbeddedAwsError(f"{method} {path}: {error.code} {error.read().decode()}") from error


def _session_without_host() -> botocore.session.Session:
    """A session that reads neither a profile nor a configuration of the host."""
    nothing = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    return botocore.session.Session(session_vars=nothing)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
