"""The command `thingwatch` for tests: run in this process, as a person would."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from cli.main import app


def run(*arguments: object, code: int = 0, stdin: str | None = None) -> str:
    """What the command prints as its answer; it says nothing else."""
    result = CliRunner().invoke(app, [str(each) for each in arguments], input=stdin)
    assert (code, "") == (result.exit_code, result.stderr)
    return result.stdout


def refused(*arguments: object, code: int = 2) -> str:
    """What the command says where it has no answer: on the stream for errors."""
    result = CliRunner().invoke(app, [str(each) for each in arguments])
    assert (code, "") == (result.exit_code, result.stdout)
    return result.stderr


def write(folder: Path, name: str, value: Any) -> Path:
    """A file with a text, or with a value in JSON."""
    path = folder / name
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path
