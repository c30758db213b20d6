"""What the SQL of a topic rule reads: https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-reference.html."""

from __future__ import annotations

import re

from handlers.core.record import Record, as_mapping, as_text

# Keywords and functions are matched in either case, with any white space between them.
_FROM = re.compile(r"\bfrom\s+'([^']{0,300})'", re.IGNORECASE | re.ASCII)
_GET_SECRET = re.compile(r"\bget_secret\s{0,20}\(", re.IGNORECASE | re.ASCII)

_EVERY_LEVEL = frozenset({"+", "#"})
_EVERY_RESERVED = ("$aws/#", "$aws/things/#", "$aws/things/+/#")


def describe_topic_rule(record: Record) -> dict[str, bool] | None:
    """What a rule's SQL reads: {everyMessage, secret}; None when the call carries no SQL.

    `everyMessage`: its topic filter is nothing but wildcards, or everything below `$aws/things`.
    `secret`: it reads a secret of AWS Secrets Manager (`get_secret`).
    """
    sql = as_text(as_mapping(record.request_parameters.get("topicRulePayload")).get("sql"))
    if not sql:
        return None
    topics = _FROM.findall(sql)
    return {
        "everyMessage": any(_reads_everything(topic) for topic in topics),
        "secret": _GET_SECRET.search(sql) is not None,
    }


def _reads_everything(topic: str) -> bool:
    return topic in _EVERY_RESERVED or _EVERY_LEVEL.issuperset(topic.split("/"))
