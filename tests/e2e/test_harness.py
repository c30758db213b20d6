"""What these tests look through, they look through whole."""

from pathlib import Path

from local.aws import EmbeddedAws
from tests.e2e.conftest import logged


def test_a_line_is_found_in_however_many_streams_and_groups_the_logs_have(tmp_path: Path) -> None:
    with EmbeddedAws(tmp_path) as aws:
        logs = aws.client("logs")
        logs.create_log_group(logGroupName="detect")
        names = [f"stream-{number}" for number in range(60)]
        for name in names:
            logs.create_log_stream(logGroupName="detect", logStreamName=name)
            event = {"timestamp": 1_700_000_000_000, "message": f"line of {name}"}
            logs.put_log_events(logGroupName="detect", logStreamName=name, logEvents=[event])
        assert sorted(f"line of {name}" for name in names) == sorted(logged(aws, "line of"))
