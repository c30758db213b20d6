"""Asks what a call does not tell, before its alert is sent. Whatever happens here, the alert is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple, Protocol

from handlers.core.alerts import Alert, Answer, Question


class Answers(Protocol):
    """Knows the resources of one account and Region."""

    def ask(self, questions: Mapping[Question, datetime]) -> Mapping[Question, tuple[Answer, ...]]:
        """The answer to each question as of after that moment, or why there is none; the first few matter
        most.
        """


class Enrichment(NamedTuple):
    """Whom to ask, and of which account and Region: those of the function, for it may read no other."""

    answers: Answers
    account: str
    region: str


def enrich(alerts: Sequence[Alert], by: Enrichment) -> list[Alert]:
    """The alerts, with answers to their questions; the worst are asked about first."""
    worst_first = sorted(alerts, key=lambda alert: -alert.severity.rank)
    # Of several calls about one thing, the answer is to show what the last one made of it.
    questions: dict[Question, datetime] = {}
    for alert in worst_first:
        if (question := _question_of(alert, by)) is not None:
            questions[question] = max(alert.time, questions.get(question, alert.time))
    if not questions:
        return list(alerts)
    try:
        found = by.answers.ask(questions)
    except Exception as error:  # noqa: BLE001 - an alert without answers is better than none
        why = Answer("Not looked up", f"AWS IoT could not be asked: {type(error).__name__}")
        found = dict.fromkeys(questions, (why,))
    return [
        alert if (asked := _question_of(alert, by)) is None else replace(alert, answers=found[asked])
        for alert in alerts
    ]


def _question_of(alert: Alert, by: Enrichment) -> Question | None:
    return alert.question if (alert.account, alert.region) == (by.account, by.region) else None
