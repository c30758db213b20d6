"""An explained event says how alerts like it are held back."""

from typing import Any

import pytest

from tests.support.explanations import told
from tests.support.rules import make_ruleset


@pytest.mark.parametrize(
    ("dedup", "changes", "expected"),
    [
        (
            {"window": 600, "first": 3},
            {},
            "the first 3 of its kind in 10 minutes at once, the others in a rollup",
        ),
        ({"window": 3600, "first": 1}, {}, "the first of its kind in 1 hour at once, the others in a rollup"),
        ({"window": 0, "first": 0}, {}, None),
        ({"window": 600, "first": 3}, {"routes": []}, None),
        (
            {"window": 600, "first": 3},
            {
                "destinations": {"audit": {"name": "audit", "kind": "sns", "dedup": False}},
                "routes": [{"severities": ["high"], "match": None, "to": ["audit"]}],
            },
            None,
        ),
    ],
)
def test_how_alerts_like_it_are_held_back_is_told_where_anybody_is_held_back_for(
    dedup: dict[str, int], changes: dict[str, Any], expected: str | None
) -> None:
    said = told(make_ruleset(dedup={"high": dedup}, **changes)).splitlines()
    assert ([f"         {expected}"] if expected else []) == [line for line in said if "rollup" in line]
