"""Parts of a synthesized template."""

from collections.abc import Iterator
from typing import Any


def resources(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """The properties of the resources of a kind, by logical id."""
    return {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


def functions(template: dict[str, Any]) -> list[dict[str, Any]]:
    """The Lambda functions, whole."""
    return [each for each in template["Resources"].values() if each["Type"] == "AWS::Lambda::Function"]


def function(template: dict[str, Any], module: str) -> dict[str, Any]:
    """The properties of the function that runs a module."""
    functions = resources(template, "AWS::Lambda::Function").values()
    (found,) = [each for each in functions if each["Handler"] == f"handlers.{module}.handler"]
    return found


def statements(template: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The statements of all policies of roles."""
    for policy in resources(template, "AWS::IAM::Policy").values():
        yield from policy["PolicyDocument"]["Statement"]


def as_list(value: Any) -> list[Any]:
    """What CloudFormation writes bare where it is one."""
    return value if isinstance(value, list) else [value]
