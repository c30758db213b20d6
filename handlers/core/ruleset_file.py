"""The ruleset as JSON: `rulebook` writes it at synth, the Lambda functions read it when they start."""

from __future__ import annotations

import json

from handlers.core.codec import to_json
from handlers.core.destinations import VERSION, read_ruleset
from handlers.core.ruleset import Ruleset


def dump_ruleset(ruleset: Ruleset) -> str:
    """The ruleset as one line of JSON whose bytes change only when the ruleset does."""
    data = {"version": VERSION, "ruleset": to_json(ruleset)}
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False) + "\n"


def load_ruleset(text: str) -> Ruleset:
    """The ruleset that `dump_ruleset` wrote. Raises `BadRuleset`.

    Patterns are compiled when they are first needed; `rulebook` has compiled each of them before.
    """
    found: Ruleset = read_ruleset(text, Ruleset)
    return found
