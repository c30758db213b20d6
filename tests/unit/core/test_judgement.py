from typing import Any

import pytest

from handlers.core.facts import derive_facts
from handlers.core.judgement import Finding, judge
from handlers.core.record import parse_event
from handlers.core.severity import Severity
from tests.events import make_event
from tests.rules import make_ruleset


def _judge(**record: Any) -> tuple[Finding, ...]:
    parsed = parse_event(make_event(**record))
    return judge(parsed, derive_facts(parsed), make_ruleset())


def test_the_plain_case_has_the_base_severity_and_its_why() -> None:
    (finding,) = _judge(requestParameters={"newStatus": "REVOKED"})
    assert (Severity.MEDIUM, ("changes whether a device may connect",)) == (finding.severity, finding.reasons)


def test_the_highest_escalation_that_matches_wins_and_every_matching_one_gives_its_reason() -> None:
    (finding,) = _judge(userIdentity={"type": "Root"})
    assert (
        Severity.CRITICAL,
        ("changes whether a device may connect", "root did it", "an identity becomes usable"),
    ) == (finding.severity, finding.reasons)


def test_a_failed_call_changed_nothing_so_it_is_medium_at_most_and_says_so() -> None:
    (finding,) = _judge(errorCode="AccessDenied", userIdentity={"type": "Root"})
    assert (Severity.MEDIUM, "the call failed, so nothing was changed") == (
        finding.severity,
        finding.reasons[-1],
    )


@pytest.mark.parametrize(
    "record", [{"operation": "ListThings"}, {"eventSource": "organizations.amazonaws.com"}]
)
def test_an_operation_is_known_by_its_source_and_its_name_together(record: dict[str, Any]) -> None:
    assert () == _judge(**record)
