"""Titles and commands with the values of a call; commands are run in a real shell."""

import re
import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from handlers.core.templates import (
    can_be_pasted,
    fill_step,
    fill_title,
    names_in_runbook,
    names_in_title,
    without_changes,
    without_names,
)

ATTACHED = "Policy {policyName} attached [to {target}]"
DETACH = (
    "To undo: `aws iot detach-policy --policy-name {policyName} --target {TARGET}`, then look at "
    "`aws iot list-tags --log-target targetType={logTarget.targetType},targetName={name}`"
)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"policyName": "p", "target": "t"}, "Policy p attached to t"),
        ({"policyName": "p"}, "Policy p attached"),
        ({"target": "t"}, "Policy attached to t"),
        ({}, "Policy attached"),
        ({"policyName": "{target}", "target": "[x]"}, "Policy {target} attached to [x]"),
    ],
)
def test_what_a_call_does_not_tell_is_left_out_of_its_title(values: dict[str, str], expected: str) -> None:
    assert expected == fill_title(ATTACHED, values.get)


def test_the_title_of_many_calls_has_no_names_but_the_operations() -> None:
    assert "Policy attached" == without_names(ATTACHED)
    assert "Certificates created within" == without_names("{count} certificates created within")
    assert "{operation} called" == without_names("{operation} called [on {subject}]")
    assert ("policyName", "target") == names_in_title(ATTACHED)


def test_a_command_has_the_calls_values_and_the_region_and_a_variable_for_what_is_not_known() -> None:
    values = {"policyName": "pump", "region": "eu-west-1", "logTarget.targetType": "THING_GROUP"}
    assert (
        'To undo: `aws iot detach-policy --policy-name pump --target "$TARGET" --region eu-west-1`, '
        'then look at `aws iot list-tags --log-target targetType=THING_GROUP,targetName="$NAME" '
        "--region eu-west-1`"
    ) == fill_step(DETACH, values.get)
    assert ("policyName", "logTarget.targetType", "name") == names_in_runbook((DETACH, DETACH, "Ask."))


def test_a_sentence_and_code_that_is_no_command_stay_as_they_are() -> None:
    step = "See whether `signingDisabled` is {true}, {FORMER}."
    assert step == fill_step(step, {"true": "x"}.get)


HOSTILE = [
    "x; rm -rf ~",
    "$(touch /tmp/x)",
    "`id`",
    "it's",
    '"$HOME"',
    "a\nb",
    "a b",
    "--endpoint-url=https://evil.example",
    "file:///etc/passwd",
    "FILE://x",
    "*",
    "~",
    "!!",
    "a,roleArn=b",
    "\u202egnp",
    "\ud800",
    "",
    "x" * 300,
    "${IFS}",
    "&& id",
    "# no",
    "\\",
    "{a,b}",
]
COMMAND = "`aws iot put --a {a} --b key={b},other={b} --c {c}`"


def run_in_shell(commands: list[str]) -> list[list[str]]:
    """The arguments that `aws` gets from each command, pasted one after the other into a shell."""
    # `aws` can do nothing but print, and nothing else is on the path.
    begin = "PATH=/nowhere; aws() { printf '%s\\037' \"$@\"; printf '\\036'; }\n"
    done = subprocess.run(
        ["/bin/sh"], input=begin + "\n".join(commands) + "\n", capture_output=True, text=True, check=True
    )
    assert "" == done.stderr
    return [each.split("\037")[:-1] for each in done.stdout.split("\036")[:-1]]


@settings(max_examples=40)
@example(HOSTILE)
@given(st.lists(st.text(max_size=12) | st.sampled_from(HOSTILE), min_size=1, max_size=40))
def test_a_pasted_command_gets_each_name_as_one_argument_or_not_at_all(names: list[str]) -> None:
    filled = [fill_step(COMMAND, dict.fromkeys(["a", "b", "c", "region"], name).get) for name in names]
    commands = [found for each in filled for found in re.findall(r"^`([^`]*)`$", each)]
    assert len(names) == len(commands)
    for name, arguments in zip(names, run_in_shell(commands), strict=True):
        alone = name if can_be_pasted(name) else ""
        in_word = arguments[5].split("=")[1].removesuffix(",other")
        assert [
            "iot",
            "put",
            "--a",
            alone,
            "--b",
            f"key={in_word},other={in_word}",
            "--c",
            alone,
        ] == arguments[:8]
        assert in_word in (name, "")
        assert 10 == len(arguments)


def test_what_the_cli_would_read_as_an_option_or_a_file_is_not_pasted() -> None:
    pasted = [name for name in HOSTILE if can_be_pasted(name)]
    assert [
        "x; rm -rf ~",
        "$(touch /tmp/x)",
        "it's",
        '"$HOME"',
        "a b",
        "*",
        "~",
        "!!",
        "a,roleArn=b",
    ] == pasted[:9]
    assert [] == [name for name in pasted if name.startswith(("-", "file")) or "`" in name]


def test_of_a_call_that_failed_only_the_steps_are_told_that_change_nothing() -> None:
    runbook = (
        "Ask who did it.",
        "Look: `aws iot describe-thing --thing-name {thingName}` and `aws iot list-things`",
        "To undo: `aws iot delete-thing --thing-name {thingName}`",
        "Look and stop: `aws iot get-policy --policy-name {p}`, `aws iot delete-policy --policy-name {p}`",
        "Roll back: `aws greengrassv2 create-deployment --target-arn {targetArn}`",
    )
    assert runbook[:2] == without_changes(runbook)
