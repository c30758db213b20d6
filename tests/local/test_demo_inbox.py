"""The demo keeps its page until Enter where a person runs it, and waits for nobody else."""

import os
import pty
import subprocess
import sys

PROGRAM = (
    "from rich.console import Console; from local.demo import keep_inbox; "
    "keep_inbox(Console(width=200, color_system=None), 'http://127.0.0.1:9/'); print('ended')"
)


def test_in_a_terminal_the_page_stays_until_enter() -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdin=theirs, stdout=theirs) as process:
        os.close(theirs)
        said = ""
        while "press Enter" not in said:
            said += os.read(ours, 1024).decode()
        assert "http://127.0.0.1:9/ stays until you press Enter." in said
        assert process.poll() is None
        os.write(ours, b"\n")
        assert 0 == process.wait(timeout=20)
    os.close(ours)


def test_without_a_terminal_nothing_is_waited_for() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
    )
    assert "ended\n" == done.stdout
