"""Functions see what Lambda would show them: the standard library, their asset, Lambda's own packages and
its logging.

MiniStack runs a Python function with the interpreter that runs MiniStack, so everything in the virtual
environment could be imported, and an asset that forgot to bundle a library would pass every test and fail on
AWS.
"""

import importlib.util
import shlex
import sys
import tempfile
from pathlib import Path

from ministack.core import lambda_runtime

from . import pinned

# What the Python runtimes of Lambda carry beside the standard library.
LAMBDA_PACKAGES = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3")


# What Lambda's runtime does with `logging` where the function's log format is JSON: a line for each record,
# with what `extra` holds beside Lambda's own keys, in the words of
# https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html. The root logger lets pass INFO and above.
_LOGGING = """
import json, logging, sys, traceback

class _Json(logging.Formatter):
    known = set(vars(logging.LogRecord("", 0, "", 0, "", (), None)))

    def format(self, record):
        line = {"level": record.levelname, "message": record.getMessage(), "logger": record.name}
        if record.exc_info:
            kind, error, trace = record.exc_info
            line |= {"errorType": kind.__name__, "errorMessage": str(error)}
            line["stackTrace"] = traceback.format_tb(trace)
        extra = {name: value for name, value in vars(record).items() if name not in self.known}
        return json.dumps({**extra, **line}, ensure_ascii=False)

_handler = logging.StreamHandler(sys.stderr)
_handler.setFormatter(_Json())
logging.basicConfig(level=logging.INFO, handlers=[_handler])
"""


def install() -> None:
    """Start Python functions without the virtual environment's packages, and with Lambda's logging."""
    pinned.attribute(lambda_runtime, "_workers")
    pinned.attribute(lambda_runtime, "_lock")
    pinned.function(lambda_runtime, "kill_workers", "workers")
    interpreter = str(_make_interpreter(Path(tempfile.gettempdir()) / "lambda-python"))

    def binary_and_script(runtime: str) -> tuple[str, str]:
        binary, script = original(runtime)
        return (interpreter, _LOGGING + script) if runtime.startswith("python") else (binary, script)

    original = pinned.replace(lambda_runtime, "_detect_runtime_binary", "runtime", binary_and_script)


def retire() -> None:
    """Let no running worker serve another invocation.

    A worker keeps the credentials it was started with. One that is busy finishes its invocation; it is only
    taken out of the pool, and ends with the emulator.
    """
    with lambda_runtime._lock:
        workers = [worker for pool in lambda_runtime._workers.values() for worker in pool]
        lambda_runtime._workers.clear()
        idle = [worker for worker in workers if not worker.in_use]
    lambda_runtime.kill_workers(idle)


def _make_interpreter(folder: Path) -> Path:
    """Write a command that starts Python with Lambda's packages only (-S: no site-packages, no .pth)."""
    packages = folder / "packages"
    packages.mkdir(parents=True, exist_ok=True)
    for name in LAMBDA_PACKAGES:
        source = _location(name)
        link = packages / source.name
        if not link.exists():
            link.symlink_to(source)
    command = folder / "python"
    command.write_text(
        f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(packages))} exec {shlex.quote(sys.executable)} -S "$@"\n'
    )
    command.chmod(0o755)
    return command


def _location(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            f"the embedded AWS lends {name} to the functions it runs; it is not installed"
        )
    origin = Path(spec.origin)
    return origin.parent if spec.submodule_search_locations else origin
