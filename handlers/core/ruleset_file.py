"""The ruleset as JSON: `rulebook` writes it at synth, the Lambda functions read it when they start."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from handlers.core.codec import from_json, to_json
from handlers.core.ruleset import Rule, Ruleset
from handlers.core.ruleset_format import RULESET_FORMAT, read_envelope, refuse_other_forms


def dump_ruleset(ruleset: Ruleset) -> str:
    """The ruleset as one line of JSON whose bytes change only when the ruleset does."""
    data = {"version": RULESET_FORMAT, "ruleset": to_json(ruleset)}
    return json.dumps(data, separators=(",", ":"), allow_nan=False) + "\n"


def load_ruleset(text: str) -> Ruleset:
    """The ruleset that `dump_ruleset` wrote. Raises `BadRuleset`; for a rule of the catalog, when it is used.

    The catalog's rules are read, and patterns compiled, when they are first needed: a function that starts
    judges a few operations, not all. `rulebook` has compiled every pattern before.
    """
    return read_envelope(text, _read)


def _read(data: Mapping[str, Any]) -> Ruleset:
    ruleset = from_json(Ruleset, {**data, "catalog_rules": {}})
    return replace(ruleset, catalog_rules=_RulesInJson(data["catalog_rules"]))


class _RulesInJson(Mapping[str, Rule]):
    """Rules by operation, each read from its JSON when it is needed for."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data

    def __getitem__(self, operation: str) -> Rule:
        """Raises `KeyError` for an operation without a rule, `BadRuleset` for a rule of another form."""
        data = self._data[operation]
        rule: Rule = refuse_other_forms(from_json, Rule, data)
        return rule

    def __contains__(self, operation: object) -> bool:
        return operation in self._data

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)
