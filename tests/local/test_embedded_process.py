"""The emulator's process: it starts or says why not, and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.aws import EmbeddedAws, EmbeddedAwsError
from local.embedded_aws import pinned
from local.waiting import wait_until

PROJECT = Path(__file__).resolve().parents[2]


def test_a_subprocess_is_led_to_the_emulator_only(
    emulator: EmbeddedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    answer = subprocess.run(
        [sys.executable, "-c", "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"],
        env=emulator.environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert "000000000000" == answer.stdout.strip(), answer.stderr


def test_nothing_is_left_after_the_end_but_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, temporary = tmp_path / "home", tmp_path / "temporary"
    for folder, variable in ((home, "HOME"), (temporary, "TMPDIR")):
        folder.mkdir()
        monkeypatch.setenv(variable, str(folder))
    (tmp_path / "aws").mkdir()

    with EmbeddedAws(tmp_path / "aws") as aws:
        aws.client("sqs").create_queue(QueueName="deliveries")
        assert aws._process is not None
        group = aws._process.pid

    assert ["embedded-aws.log"] == [path.name for path in (tmp_path / "aws").iterdir()]
    assert [[], []] == [list(home.iterdir()), list(temporary.iterdir())]
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)


def test_a_port_that_is_taken_is_told_with_the_end_of_the_log(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(EmbeddedAwsError, match=r"(?s)ended while it started.*ddress already in use"):
            EmbeddedAws(tmp_path, port=port).start()


def test_the_emulator_and_its_functions_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    script = f"""
import pathlib, sys, time
from local.aws import EmbeddedAws
aws = EmbeddedAws(pathlib.Path({str(tmp_path)!r}))
aws.start()
print(aws._process.pid, flush=True)
time.sleep(600)  # it is killed long before
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        group = int(parent.stdout.readline())
        os.killpg(group, 0)

        parent.send_signal(signal.SIGKILL)

    wait_until(lambda: not _is_alive(group))


def test_a_changed_function_of_ministack_stops_the_start() -> None:
    changed: Any = types.ModuleType("ministack.services.sqs")
    changed._queue_by_arn = lambda arn, region: (arn, region)

    with pytest.raises(pinned.MiniStackChangedError) as raised:
        pinned.replace(changed, "_queue_by_arn", "arn", lambda arn: arn)

    assert "ministack.services.sqs._queue_by_arn has changed; pinned is 1.5.33" in str(raised.value)
    assert str(raised.value).startswith("MiniStack 1.5.33: ")


@pytest.mark.parametrize(
    "check", [lambda owner: pinned.function(owner, "gone", ""), lambda owner: pinned.attribute(owner, "gone")]
)
def test_a_part_of_ministack_that_is_gone_stops_the_start(check: Callable[[Any], Any]) -> None:
    with pytest.raises(pinned.MiniStackChangedError, match=r"ministack\.app\.gone has changed"):
        check(types.ModuleType("ministack.app"))


def _is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    # A killed process stays visible until its new parent collects it.
    stat = Path(f"/proc/{group}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
