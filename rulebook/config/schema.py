"""The JSON Schema of the config, for editors: `config/alerts.schema.json`, written by `make docs`.

It knows less than `thingwatch check`: what one place says, not what places say together.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from handlers.core.severity import Severity
from rulebook.catalog import Entry, load_catalog
from rulebook.config.model import Config
from rulebook.services import SERVICES
from rulebook.windowed_rules import load_windowed_rules

SCHEMA = Path(__file__).parents[2] / "config" / "alerts.schema.json"

_PATTERNS = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html"


def render_schema(catalog: Mapping[str, Entry]) -> str:
    """The schema as JSON text. Editors that read YAML know draft 7 best, so that is what it is."""
    found = Config.model_json_schema(ref_template="#/definitions/{model}")
    schema: dict[str, Any] = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Thingwatch: config/alerts.yaml",
        "definitions": found.pop("$defs"),
        **{key: value for key, value in found.items() if key != "title"},
    }
    definitions = schema["definitions"]
    operations = {"enum": list(catalog)}
    schema["properties"]["operations"]["propertyNames"] = operations
    for section, key, names in (
        ("KnownAutomation", "operations", operations),
        ("Watch", "services", {"enum": list(SERVICES)}),
    ):
        _only(definitions[section]["properties"][key])["items"] = names
    definitions["Destination"]["oneOf"] = [{"required": ["slack"]}, {"required": ["sns"]}]
    definitions["Override"]["minProperties"] = definitions["Tuning"]["minProperties"] = 1
    definitions["CustomRule"]["anyOf"] = [{"required": ["match"]}, {"required": ["temporal"]}]
    thresholds = schema["properties"]["thresholds"]
    thresholds["propertyNames"] = {"enum": list(load_windowed_rules())}
    _only(thresholds["additionalProperties"])
    thresholds["additionalProperties"] = {"anyOf": [{"const": "off"}, thresholds["additionalProperties"]]}
    _spell_dedup(definitions)
    for part in _parts(schema):
        part.pop("title", None)
        if part.get("default") is None or not isinstance(part["default"], str | bool) or _is_span(part):
            part.pop("default", None)
        if "description" in part:
            part["description"] = " ".join(part["description"].split())
        if "patternProperties" in part:
            part["additionalProperties"] = False
        for value in part.get("properties", {}).values():
            _only(value)
    for section, key in _PATTERN_KEYS:
        pattern = _only(definitions[section]["properties"][key])
        pattern |= {"type": "object", "minProperties": 1}
        about = pattern.get("description", "An event pattern over the record and its facts.")
        pattern["description"] = f"{about} {_PATTERNS}"
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _spell_dedup(definitions: dict[str, Any]) -> None:
    """Let `off` stand for a whole value, and keep a window for all severities apart from one for each."""
    off, window, every = {"const": "off"}, definitions["DedupOf"], definitions["DedupDefaults"]
    by_severity = {each.value: every["properties"][each.value] for each in Severity}
    for part in by_severity.values():
        _only(part)
    definitions["DedupDefaults"] = {
        "description": every["description"],
        "anyOf": [off, window, {"type": "object", "additionalProperties": False, "properties": by_severity}],
    }
    definitions["DedupOf"] = {"anyOf": [off, window]}
    definitions["Destination"]["properties"]["dedup"].pop("default")


_PATTERN_KEYS = (
    ("Escalation", "when"),
    ("CustomRule", "match"),
    ("Suppression", "match"),
    ("Route", "match"),
)


def _is_span(part: Mapping[str, Any]) -> bool:
    """Whether a default is a span of time, which pydantic writes as ISO 8601 and people do not."""
    return str(part["default"]).startswith("P")


def _only(part: dict[str, Any]) -> dict[str, Any]:
    """The schema of a key that may be left out, without "or null": a key without a value is a slip."""
    choices = part.get("anyOf", [])
    if {"type": "null"} in choices:
        part |= next(each for each in part.pop("anyOf") if each != {"type": "null"})
    return part


def _parts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for key, inner in value.items():
            # Below "properties" a title is the name of a key of ours.
            yield from _parts(list(inner.values()) if key == "properties" else inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _parts(inner)


if __name__ == "__main__":
    SCHEMA.write_text(render_schema(load_catalog()), encoding="utf-8")
