"""The environments of the functions, which Lambda keeps small."""

from pathlib import Path
from typing import Any

from bench.starting import make_environment
from rulebook.config.environment import destinations_that_fit
from tests.infrastructure.conftest import synthesize
from tests.support.templates import resources


def _longest(value: Any) -> str:
    """The text that a value of the template can become in the Region with the longest name."""
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        glue, parts = value["Fn::Join"]
        return str(glue).join(map(_longest, parts))
    if "Fn::GetAtt" in value:
        return f"arn:aws-us-gov:iam::123456789012:role/{'R' * 64}"
    logical_id = value["Ref"]
    place = "us-gov-northwest-1", "123456789012", f"Thingwatch-{logical_id}-1A2B3C4D5E6F7"
    kind = "sns" if logical_id.startswith("Topic") else "sqs"
    forms = {
        "sns": "arn:aws-us-gov:sns:{}:{}:{}",
        "sqs": "https://sqs.{}.amazonaws.com/{}/{}",
    }
    return forms[kind].format(*place)


def test_as_many_destinations_as_the_check_allows_fit_into_every_environment(tmp_path: Path) -> None:
    names = [f"team-{number}" for number in range(60)]
    fitting = destinations_that_fit(dict.fromkeys(names))
    config = tmp_path / "alerts.yaml"
    lines = "".join(f"  {name}: {{sns: create}}\n" for name in fitting)
    config.write_text(f"version: 1\ndestinations:\n{lines}")
    template = synthesize(config, tmp_path)
    functions = resources(template, "AWS::Lambda::Function").values()
    sizes = [
        sum(len(name) + len(_longest(value)) for name, value in each["Environment"]["Variables"].items())
        for each in functions
    ]
    assert (True, True) == (len(fitting) >= 20, max(sizes) <= 4096)


def test_the_bench_starts_the_functions_with_every_variable_that_the_stack_sets(
    template: dict[str, Any], tmp_path: Path
) -> None:
    functions = resources(template, "AWS::Lambda::Function").values()
    names = {name for each in functions for name in each["Environment"]["Variables"]}
    assert set() == names - set(make_environment(tmp_path, tmp_path))
