"""Functions see what Lambda would show them: the standard library, their asset, and Lambda's own packages.

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


def install() -> None:
    """Start Python functions without the virtual environment's packages."""
    pinned.attribute(lambda_runtime, "_workers")
    pinned.attribute(lambda_runtime, "_lock")
    pinned.function(lambda_runtime, "kill_workers", "workers")
    interpreter = str(_make_interpreter(Path(tempfile.gettempdir()) / "lambda-python"))

    def binary_and_script(runtime: str) -> tuple[str, str]:
        binary, script = original(runtime)
        return (interpreter, script) if runtime.startswith("python") else (binary, script)

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
