"""Context keys are settings of a deployment."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cdk.context import BadContext, read_settings
from tests.support.templates import resources

ROOT = Path(__file__).parents[2]


def synthesize(context: Mapping[str, object], folder: Path) -> tuple[int, str]:
    """Run the app as the CDK CLI does; its exit code and what it says."""
    # The CLI hands context to the app in this variable.
    environment = {"CDK_CONTEXT_JSON": json.dumps(context), "CDK_OUTDIR": str(folder)}
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


def test_detect_and_the_operators_commands_know_the_grace(tmp_path: Path) -> None:
    code, said = synthesize({"grace": "90s"}, tmp_path)
    assert 0 == code, said
    template = json.loads((tmp_path / "Thingwatch.template.json").read_text())
    (variables,) = (
        each["Properties"]["Environment"]["Variables"]
        for each in template["Resources"].values()
        if each.get("Properties", {}).get("Handler") == "handlers.detect.handler"
    )
    assert ("90", "90") == (variables["GRACE_SECONDS"], template["Outputs"]["GraceSeconds"]["Value"])


def test_a_stack_has_the_name_the_tags_and_the_architecture_of_its_context(tmp_path: Path) -> None:
    context = {
        "stack": "Thingwatch-dev",
        "tags": "team=fleet,stage=dev",
        "termination_protection": "true",
        "architecture": "x86_64",
        "ephemeral": True,
    }
    code, said = synthesize(context, tmp_path)
    assert 0 == code, said
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    (stack,) = [each for each in manifest["artifacts"].values() if each["type"] == "aws:cloudformation:stack"]
    properties = stack["properties"]
    assert ("Thingwatch-dev", True, {"team": "fleet", "stage": "dev"}) == (
        properties["stackName"],
        properties["terminationProtection"],
        properties["tags"],
    )
    template = json.loads((tmp_path / "Thingwatch.template.json").read_text())
    assert [["x86_64"]] * 3 == [
        each["Architectures"] for each in resources(template, "AWS::Lambda::Function").values()
    ]
    assert {"Delete"} == {
        each["DeletionPolicy"] for each in template["Resources"].values() if each["Type"] == "AWS::SQS::Queue"
    }


def test_topics_and_what_waits_for_people_are_kept_when_the_stack_goes(template: dict[str, Any]) -> None:
    kept = {
        name[:-8] for name, each in template["Resources"].items() if each.get("DeletionPolicy") == "Retain"
    }
    assert {
        "Topicaudit",
        "AlarmsOperators",
        "AlarmsKey",
        "DeliveryDeadLetters",
        "DeliveryQueueaudit",
        "DeliveryQueuesecops",
        "SummariesDeadLetters",
        "DetectionHandoverFailures",
        "DetectionDetectFailures",
    } == kept


NAME_ADVICE = "write letters, digits and hyphens, a letter first, such as Thingwatch-dev"
TAG_ADVICE = "a tag has letters, digits, spaces and _.:/=+-@, and does not begin with aws: or thingwatch:"


@pytest.mark.parametrize(
    ("context", "said"),
    [
        ({"grace": "0s"}, "`grace`: grace is from 1s to 1h"),
        ({"grace": "2h"}, "`grace`: grace is from 1s to 1h"),
        ({"grace": "90"}, "`grace`: write a number and its unit (s, m, h or d), such as 90s or 10m"),
        ({"stack": "1st"}, f"`stack`: {NAME_ADVICE}"),
        ({"stack": ""}, f"`stack`: {NAME_ADVICE}"),
        ({"tags": "team"}, "`tags`: write KEY=VALUE, several with commas between them: team=fleet,stage=dev"),
        ({"grace": 0}, "`grace`: write a number and its unit (s, m, h or d), such as 0m"),
        ({"grace": ""}, "`grace`: write a number and its unit (s, m, h or d), such as 90s or 10m"),
        ({"config": False}, "`config`: write the path of a file, such as config/alerts.yaml"),
        ({"config": ""}, "`config`: write the path of a file, such as config/alerts.yaml"),
        ({"stack": False}, f"`stack`: {NAME_ADVICE}"),
        (
            {"tags": False},
            "`tags`: write KEY=VALUE, several with commas between them: team=fleet,stage=dev",
        ),
        *(
            ({"tags": tags}, f"`tags`: {TAG_ADVICE}")
            for tags in ({"aws:x": "y"}, "AWS:x=y", "thingwatch:stack=other", {"team": None}, {"team": True})
        ),
        ({"tags": "team=a,team=b"}, "`tags`: team is there twice"),
        ({"tags": {f"t{number}": "x" for number in range(41)}}, "`tags`: at most 40 fit"),
        ({"termination_protection": "yes"}, "`termination_protection`: write true or false"),
        ({"architecture": "arm"}, "`architecture`: write arm64 or x86_64"),
        ({"ephemeral": 1}, "`ephemeral`: write true or false"),
    ],
)
def test_a_context_key_that_is_wrong_is_told_with_what_to_write(
    context: dict[str, object], said: str
) -> None:
    with pytest.raises(BadContext) as caught:
        read_settings(context.get)
    assert f"the context key {said}" == str(caught.value)


@pytest.mark.parametrize(
    ("value", "tags"),
    [
        (None, {}),
        ("", {}),
        ("team=fleet, stage = dev", {"team": "fleet", "stage": "dev"}),
        ({"team": "fleet", "cost center": 1234}, {"team": "fleet", "cost center": "1234"}),
    ],
)
def test_tags_are_an_object_or_a_line(value: object, tags: dict[str, str]) -> None:
    assert tags == read_settings({"tags": value}.get).tags


def test_a_wrong_context_key_stops_the_synth_in_one_line(tmp_path: Path) -> None:
    code, told = synthesize({"grace": "2h"}, tmp_path)
    # Before it, jsii may have its say of Node.
    assert (1, "the context key `grace`: grace is from 1s to 1h") == (code, told.splitlines()[-1])
