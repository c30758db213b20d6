"""SECURITY.md is true: it lists exactly what the roles of the template may do, and on what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.infrastructure.conftest import synthesize

DOCUMENT = (Path(__file__).parents[2] / "SECURITY.md").read_text(encoding="utf-8")

EVERY_KIND = """
version: 1
destinations:
  made: {sns: create}
  theirs: {sns: "arn:aws:sns:eu-west-1:111122223333:security"}
  one: {slack: "ssm:/thingwatch/slack/one"}
  two: {slack: "secretsmanager:team/two"}
"""

Grant = tuple[str, str, str]
"""Function, action, resource."""


def documented() -> list[Grant]:
    rows = re.findall(
        r"^\| (`(?:detect|summarise|deliver)`|the canary) \| (.*) \| (.*) \|$", DOCUMENT, re.MULTILINE
    )
    return sorted(
        (function.strip("`"), action, re.sub("^`(.*)`.*", r"\1", resource))
        for function, actions, resource in rows
        for action in re.findall("`(.*?)`", actions)
    )


def granted(template: dict[str, Any]) -> Iterator[Grant]:
    resources = template["Resources"].values()
    for policy in (each["Properties"] for each in resources if each["Type"] == "AWS::IAM::Policy"):
        (role,) = policy["Roles"]
        for statement in policy["PolicyDocument"]["Statement"]:
            assert {"Effect", "Action", "Resource"} == set(statement)
            for action in _listed(statement["Action"]):
                for resource in _listed(statement["Resource"]):
                    yield _holder(template, role["Ref"]), action, _name(resource)


def _holder(template: dict[str, Any], role: str) -> str:
    """The function that has a role, or the canary."""
    if role.startswith("Canary"):
        return "the canary"
    (module,) = (
        resource["Properties"]["Handler"].split(".")[1]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Function"
        and resource["Properties"]["Role"] == {"Fn::GetAtt": [role, "Arn"]}
    )
    return str(module)


def _name(resource: Any) -> str:
    """What the document calls it: a logical id without its hash; in words, what the config names."""
    if isinstance(resource, dict) and "Fn::GetAtt" in resource:
        name = str(resource["Fn::GetAtt"][0][:-8])
        return "DeliveryQueue" if name.startswith("DeliveryQueue") else name
    if resource == "*":
        return "every certificate, as `*`"
    words = {
        ":policy/thingwatch-canary-": "its policy, which is attached to nothing",
        ":policy/*": "every policy of this account and Region",
        ":provisioningtemplate/*": "every provisioning template of this account and Region",
        ":sns:": "the topics of the config's destinations",
        "Topicmade": "the topics of the config's destinations",
        ":parameter/thingwatch/slack/one": "the parameters of the config's destinations",
        ":secret:team/two-": "the secrets of the config's destinations",
    }
    return next(words[part] for part in words if part in str(resource))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_security_md_lists_exactly_what_each_function_may_do(tmp_path: Path) -> None:
    config = tmp_path / "alerts.yaml"
    config.write_text(EVERY_KIND)
    assert documented() == sorted(set(granted(synthesize(config, tmp_path))))
