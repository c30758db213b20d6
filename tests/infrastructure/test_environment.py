"""The environment of `deliver`, which Lambda keeps small."""

from pathlib import Path
from typing import Any

from rulebook.config.topics import topics_that_fit
from tests.infrastructure.conftest import synthesize


def _longest(value: Any) -> str:
    """The text that a value of the template can become in the Region with the longest name."""
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        glue, parts = value["Fn::Join"]
        return str(glue).join(map(_longest, parts))
    logical_id = value["Ref"]
    place = "us-gov-northwest-1", "123456789012", f"Thingwatch-{logical_id}-1A2B3C4D5E6F7"
    kind = "sns" if logical_id.startswith("Topic") else "sqs"
    forms = {
        "sns": "arn:aws-us-gov:sns:{}:{}:{}",
        "sqs": "https://sqs.{}.amazonaws.com/{}/{}",
    }
    return forms[kind].format(*place)


def test_as_many_topics_as_the_check_allows_fit_into_the_environment_of_deliver(tmp_path: Path) -> None:
    names = [f"team-{number}" for number in range(60)]
    fitting = topics_that_fit({name: {"sns": "create"} for name in names})
    config = tmp_path / "alerts.yaml"
    lines = "".join(f"  {name}: {{sns: create}}\n" for name in fitting)
    config.write_text(f"version: 1\ndestinations:\n{lines}")
    template = synthesize(config, tmp_path)
    (deliver,) = [
        each["Properties"]
        for each in template["Resources"].values()
        if each.get("Properties", {}).get("Handler") == "handlers.deliver.handler"
    ]
    variables = deliver["Environment"]["Variables"]
    size = sum(len(name) + len(_longest(value)) for name, value in variables.items())
    assert (True, True) == (len(fitting) > 30, 3900 < size <= 4096)
