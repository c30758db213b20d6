"""`thingwatch init`: three questions, and the file that the answers make."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import typer

from handlers.core.severity import Severity
from rulebook.config.values import name_fault, principal_fault
from rulebook.faults import did_you_mean, quoted

_ROOT = Path(__file__).resolve().parent.parent
_SCHEMA = _ROOT / "config" / "alerts.schema.json"

TOPIC = "audit"
"""The name of the SNS destination that hears of everything."""


@dataclass(frozen=True)
class Answers:
    """What was asked: the Slack channel, from which severity on it hears, and who provisions devices.

    `slack` names the destination; None for SNS alone. `provisioner` is the ARN of a role or user, or None.
    """

    slack: str | None
    slack_from: Severity
    provisioner: str | None


class BadAnswer(Exception):
    """An answer that can not be used; the message says what to write."""


def ask(slack: str | None, slack_from: str | None, provisioner: str | None) -> Answers:
    """The answers: those that flags gave, and for the others those of the person at the terminal.

    Raises `BadAnswer` for an invalid flag value, and when nobody is there to answer.
    """
    slack = _answer("Slack destination for what is urgent (a name, or none)", slack, "secops", _slack_fault)
    if slack == "none":
        slack_from = Severity.HIGH.value
    slack_from = _answer("It hears from which severity on", slack_from, "high", _severity_fault)
    provisioner = _answer(
        "Role or user that provisions devices (its ARN, or none)", provisioner, "none", _provisioner_fault
    )
    return Answers(
        slack=None if slack == "none" else slack,
        slack_from=Severity(slack_from),
        provisioner=None if provisioner == "none" else provisioner,
    )


def _answer(question: str, given: str | None, default: str, fault: Callable[[str], str | None]) -> str:
    """The answer of a flag, else of the person, who is asked again as long as it is no answer."""
    if given is not None:
        if (wrong := fault(given)) is not None:
            raise BadAnswer(f"{quoted(given)}: {wrong}")
        return given
    while True:
        try:
            answer = str(typer.prompt(question, default=default)).strip()
        except typer.Abort:
            raise BadAnswer("no answer; give --slack, --slack-from and --provisioner instead") from None
        if (wrong := fault(answer)) is None:
            return answer
        typer.echo(wrong)


def _slack_fault(answer: str) -> str | None:
    if answer.replace("-", "") == TOPIC:
        return f"{TOPIC} is the name of the SNS topic; choose another"
    if answer in ("null", "true", "false"):
        return f"{answer} is a word of YAML's own; choose another"
    return name_fault(answer)


def _severity_fault(answer: str) -> str | None:
    words = [severity.value for severity in Severity if severity > Severity.INFORMATIONAL]
    return None if answer in words else f"write one of {', '.join(words)}{did_you_mean(answer, words)}"


def _provisioner_fault(answer: str) -> str | None:
    if answer.endswith(("/*", ":role/", ":user/")):
        return "this stands for many roles; name one, such as arn:aws:iam::111122223333:role/provisioner"
    return None if answer == "none" else principal_fault(answer)


def render_config(answers: Answers, path: Path, today: date) -> str:
    """A commented config for these answers, as it is to stand at `path`."""
    return "\n".join(_lines(answers, path, today)) + "\n"


def _lines(answers: Answers, path: Path, today: date) -> Iterator[str]:
    folder = path.resolve().parent
    if folder.is_relative_to(_ROOT):
        yield f"# yaml-language-server: $schema={Path(os.path.relpath(_SCHEMA, folder)).as_posix()}"
    yield "# Who is told what. `thingwatch check` says whether it is sound; `npx cdk deploy` makes it so."
    yield ""
    yield "version: 1"
    yield ""
    yield "# Findings below this are told to nobody: informational, low, medium, high, critical."
    yield "defaults: {minimum_severity: low}"
    yield ""
    yield "# Where alerts go. A webhook URL never stands here, only where it is kept."
    yield "destinations:"
    if answers.slack is not None:
        yield f"  {answers.slack}: {{slack: ssm:/thingwatch/slack/{answers.slack}}}"
    yield f"  {TOPIC}: {{sns: create}}"
    yield ""
    yield "# A finding goes wherever a route takes it; every severity that is told needs one."
    yield "routes:"
    yield from _routes(answers)
    yield ""
    yield from _automation(answers)
    yield "# Too loud, or too quiet? An operation has the severity that you give it, or is `off`."
    yield "# operations:"
    yield "#   iot:DeletePolicyVersion: {severity: informational}"
    yield ""
    yield "# A standing exception has a reason and a last day."
    yield "# suppressions:"
    yield "#   - name: rollout"
    yield "#     match: {eventName: [CreateJob], facts: {actor: {name: [release-train]}}}"
    yield "#     reason: planned rollout, OPS-12"
    yield f"#     until: {today + timedelta(days=90)}"
    yield ""
    yield "# People read names rather than digits."
    yield "# aliases:"
    yield '#   accounts: {"111122223333": prod}'


def _routes(answers: Answers) -> Iterator[str]:
    worst_first = sorted(Severity, reverse=True)
    if answers.slack is None:
        yield f"  - {{to: [{TOPIC}]}}"
        return
    loud = [each.value for each in worst_first if each >= answers.slack_from]
    yield f"  - {{severity: [{', '.join(loud)}], to: [{answers.slack}, {TOPIC}]}}"
    quiet = [each.value for each in worst_first if Severity.LOW <= each < answers.slack_from]
    if quiet:
        yield f"  - {{severity: [{', '.join(quiet)}], to: [{TOPIC}]}}"


def _automation(answers: Answers) -> Iterator[str]:
    yield "# Roles whose routine work is lowered and never hidden; what is critical stays critical."
    comment = "# " if answers.provisioner is None else ""
    role = answers.provisioner or "arn:aws:iam::111122223333:role/provisioner"
    yield f"{comment}known_automation:"
    yield f"{comment}  - name: provisioning"
    yield f'{comment}    roles: ["{role}"]'
    yield f"{comment}    reason: it provisions devices"
    yield ""
    yield "# How many calls a built-in rule over time takes; `thingwatch explain --all` lists these rules."
    yield "# thresholds:"
    yield "#   certificate-burst: {at_least: 50, within: 10m}"
    yield ""
