"""A commit, a push and the hosting platform run the same checks as `make`."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]


def _read(name: str) -> Any:
    return YAML(typ="safe").load((ROOT / name).read_text(encoding="utf-8"))


def test_the_hooks_of_a_commit_run_what_make_runs() -> None:
    (repository,) = _read(".pre-commit-config.yaml")["repos"]
    made = subprocess.run(
        ["make", "--dry-run", "lint", "types", "contracts"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    hooks = [(hook["entry"], hook["language"]) for hook in repository["hooks"]]
    assert "local" == repository["repo"]
    assert [(line, "system") for line in made.stdout.splitlines()] == hooks


def test_the_workflow_runs_ci_with_no_right_but_to_read() -> None:
    workflow = _read(".github/workflows/ci.yml")
    (job,) = workflow["jobs"].values()
    assert {"contents": "read"} == workflow["permissions"]
    assert "permissions" not in job
    assert ["bash .ci/run"] == [step["run"] for step in job["steps"] if "run" in step]
    actions = [step["uses"] for step in job["steps"] if "uses" in step]
    assert [] == [each for each in actions if not re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", each)]
