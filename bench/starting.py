"""What a function's start costs, beside boto3 with the same clients: import and wiring, whole processes.

Lambda does this before the first event of each new environment.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from typing import Any

from cdk.asset import build_asset
from handlers.core.ruleset_file import dump_ruleset
from rulebook.catalog import load_catalog
from rulebook.compile import compile_file

TURNS = 15
FLOOR = "boto3 with the same clients"
AIMS = {"detect": 1.15, "summarise": 1.15, "deliver": 1.2}
"""Times as long as the floor, at most."""

_CONFIG = Path(__file__).parent.parent / "config" / "alerts.yaml"
_CLIENTS = {
    "detect": ("dynamodb", "sqs"),
    "summarise": ("dynamodb", "sqs"),
    "deliver": ("dynamodb", "secretsmanager", "sqs", "ssm"),
}
_FLOOR = """
import boto3
from botocore.config import Config
config = Config(connect_timeout=1, read_timeout=2, retries={{"mode": "standard", "total_max_attempts": 3}})
for name in {clients}:
    boto3.client(name, config=config)
"""
_OURS = "from handlers import {function}; {function}._wire()"


def measure_starting() -> dict[str, dict[str, Any]]:
    """By name: {ratio, floor, aim, figures}; `ratio` is how many times as long as `floor` it takes.

    Each turn is a new Python process with the Lambda asset on its path and its bytecode written
    before. Each is compared with the floor of its own turn, and the median counts: what else the machine
    does slows both.
    """
    asset = build_asset(dump_ruleset(compile_file(_CONFIG, load_catalog())))
    with tempfile.TemporaryDirectory() as bytecode:
        environment = make_environment(asset, Path(bytecode))
        programs = {
            (function, kind): text.format(function=function, clients=_CLIENTS[function])
            for function in AIMS
            for kind, text in (("floor", _FLOOR), ("ours", _OURS))
        }
        turns = [
            {name: _time(text, environment) for name, text in programs.items()} for _ in range(TURNS + 1)
        ]
    # The first turn wrote the bytecode.
    taken = {name: median(turn[name] for turn in turns[1:]) for name in programs}
    return {
        f"import and wiring of {function}": {
            "ratio": round(median(turn[function, "ours"] / turn[function, "floor"] for turn in turns[1:]), 2),
            "floor": FLOOR,
            "aim": aim,
            "figures": {
                "turns": TURNS,
                "milliseconds": round(taken[function, "ours"] * 1e3),
                "floor_milliseconds": round(taken[function, "floor"] * 1e3),
            },
        }
        for function, aim in AIMS.items()
    }


def make_environment(asset: Path, bytecode: Path) -> dict[str, str]:
    """What Lambda and the stack set, and where Python finds the asset and keeps bytecode: not in it."""
    queue = "https://sqs.eu-west-1.amazonaws.com/111122223333"
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))},
        "PYTHONPATH": str(asset),
        "PYTHONPYCACHEPREFIX": str(bytecode),
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "STACK_NAME": "Thingwatch",
        "STATE_TABLE": "state",
        "DELIVERY_QUEUE_URLS": json.dumps({"audit": f"{queue}/deliveries"}),
        "DELIVERY_DEAD_LETTER_QUEUE_URL": f"{queue}/dead-letters",
        "SUMMARY_QUEUE_URL": f"{queue}/summaries",
        "GRACE_SECONDS": "300",
        "DELIVER_ROLE_ARN": "arn:aws:iam::111122223333:role/deliver",
        "CANARY_ROLE_ARN": "arn:aws:iam::111122223333:role/canary",
        "CANARY_ARN": "arn:aws:iot:eu-west-1:111122223333:policy/thingwatch-canary-Thingwatch",
        "DEAD_LETTER_QUEUE_URL": f"{queue}/dead-letters",
        "TOPIC_ARNS": '{"audit": "arn:aws:sns:eu-west-1:111122223333:audit"}',
    }


def _time(program: str, environment: Mapping[str, str]) -> float:
    """Processor seconds of a process: what else the machine does counts less than on a clock."""
    before = _processor_seconds()
    subprocess.run([sys.executable, "-c", program], env=dict(environment), cwd="/", check=True)
    return _processor_seconds() - before


def _processor_seconds() -> float:
    usage = getrusage(RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
