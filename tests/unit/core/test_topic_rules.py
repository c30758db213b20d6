from typing import Any

import pytest

from handlers.core.record import parse_event
from handlers.core.topic_rules import describe_topic_rule
from tests.support.records import make_event


def _fact_of(parameters: dict[str, Any]) -> dict[str, bool] | None:
    return describe_topic_rule(parse_event(make_event(requestParameters=parameters)))


def _fact(sql: Any) -> dict[str, bool] | None:
    return _fact_of({"topicRulePayload": {"sql": sql}})


@pytest.mark.parametrize("topic", ["#", "+/#", "+/+/#", "+", "+/+", "$aws/#", "$aws/things/#"])
@pytest.mark.parametrize("words", ["SELECT * FROM '{}'", "select temp from\n '{}' where temp > 5"])
def test_a_topic_filter_of_wildcards_alone_reads_every_message(topic: str, words: str) -> None:
    assert {"everyMessage": True, "secret": False} == _fact(words.format(topic))


@pytest.mark.parametrize(
    "topic", ["site/#", "site/+/pump", "+/alarm", "$aws/things/+/shadow/update/accepted", ""]
)
def test_a_topic_filter_with_a_name_in_it_does_not(topic: str) -> None:
    assert {"everyMessage": False, "secret": False} == _fact(f"SELECT * FROM '{topic}'")


@pytest.mark.parametrize(
    "call", ["get_secret('id', 'SecretString')", "GET_SECRET (a)", "1 + get_secret\t(a)"]
)
def test_a_rule_that_reads_a_secret_is_known(call: str) -> None:
    assert {"everyMessage": False, "secret": True} == _fact(f"SELECT {call} AS s FROM 'site/a'")


def test_a_name_that_only_ends_so_is_no_secret() -> None:
    assert {"everyMessage": False, "secret": False} == _fact("SELECT forget_secret(a) FROM 'site/a'")


@pytest.mark.parametrize("parameters", [{}, {"topicRulePayload": None}, {"topicRulePayload": {"sql": ["x"]}}])
def test_a_call_without_sql_has_no_fact(parameters: dict[str, Any]) -> None:
    assert _fact_of(parameters) is None


def test_endless_text_takes_no_endless_time() -> None:
    assert {"everyMessage": False, "secret": False} == _fact("from " * 20_000 + "get_secret" * 10_000)
