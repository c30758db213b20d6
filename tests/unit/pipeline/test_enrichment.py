"""Before an alert is sent it is enriched, and whatever happens, it is sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from handlers.core.alerts import Alert, Answer, Question
from handlers.core.severity import Severity
from handlers.pipeline.enrichment import Enrichment, enrich
from tests.support.alerts import make_alert
from tests.support.records import ACCOUNT, REGION

FOUND = (Answer("Its things", "pump-7"),)


@dataclass
class MemoryAnswers:
    """Knows the same of everything."""

    asked: list[Question] = field(default_factory=list)
    fault: Exception | None = None

    def ask(self, questions: Mapping[Question, datetime]) -> Mapping[Question, tuple[Answer, ...]]:
        """See `Answers.ask`."""
        self.asked += questions
        if self.fault is not None:
            raise self.fault
        return dict.fromkeys(questions, FOUND)


def run(alerts: list[Alert], answers: MemoryAnswers) -> list[tuple[Answer, ...]]:
    """The answers that each alert has then."""
    return [each.answers for each in enrich(alerts, Enrichment(answers, ACCOUNT, REGION))]


def about(version: str, severity: Severity = Severity.HIGH) -> Alert:
    """An alert of a policy's version."""
    return replace(make_alert(), question=Question("policy", "p", version), severity=severity)


def test_each_alert_gets_the_answer_to_its_question() -> None:
    silent = replace(make_alert(), question=None)
    assert [FOUND, (), FOUND] == run([about("1"), silent, about("1")], MemoryAnswers())


def test_the_worst_is_asked_about_first() -> None:
    answers = MemoryAnswers()
    run([about("1", Severity.LOW), about("2", Severity.CRITICAL), about("3", Severity.HIGH)], answers)
    assert ["2", "3", "1"] == [each.version for each in answers.asked]


def test_of_another_account_or_region_nothing_is_asked_because_the_function_may_not() -> None:
    answers = MemoryAnswers()
    theirs = [replace(about("1"), account="444455556666"), replace(about("1"), region="us-east-1")]
    assert [(), ()] == run(theirs, answers)
    assert [] == answers.asked


def test_without_a_question_nobody_is_asked() -> None:
    answers = MemoryAnswers(fault=RuntimeError())
    assert [()] == run([replace(make_alert(), question=None)], answers)


def test_an_alert_whose_question_fails_says_so_and_is_sent() -> None:
    said = (Answer("Not looked up", "AWS IoT could not be asked: RuntimeError"),)
    assert [said] == run([about("1")], MemoryAnswers(fault=RuntimeError("secret")))
