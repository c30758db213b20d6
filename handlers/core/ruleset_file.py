"""The ruleset as JSON: `rulebook` writes it at synth, the Lambda functions read it when they start."""

from __future__ import annotations

import json

from handlers.core.codec import from_json, to_json
from handlers.core.ruleset import Ruleset

VERSION = 2
"""Of the format. Both functions ship with the file, so one version is all they read."""


class BadRuleset(ValueError):
    """The text is no ruleset of this version."""


def dump_ruleset(ruleset: Ruleset) -> str:
    """The ruleset as one line of JSON whose bytes change only when the ruleset does."""
    data = {"version": VERSION, "ruleset": to_json(ruleset)}
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False) + "\n"


def load_ruleset(text: str) -> Ruleset:
    """The ruleset that `dump_ruleset` wrote. Raises `BadRuleset`.

    Patterns are compiled when they are first needed; `rulebook` has compiled each of them before.
    """
    try:
        data = json.loads(text)
        version, found = data["version"], data.get("ruleset")
        if version == VERSION:
            return from_json(Ruleset, found)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadRuleset(f"not a ruleset: {type(error).__name__}: {error}") from error
    raise BadRuleset(f"the ruleset has format {version}, not {VERSION}: deploy again")
