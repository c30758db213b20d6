"""The schema for editors: current, sound, and of one mind with the check where it can know."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from rulebook.config.schema import SCHEMA, render_schema
from rulebook.source import parse_source, read_source
from tests.support.catalog import CATALOG

CONFIGS = [SCHEMA.with_name("alerts.yaml"), *sorted(SCHEMA.parent.glob("examples/*.yaml"))]
VALID = "version: 1\ndestinations: {audit: {sns: create}}\n"


@pytest.fixture(scope="module")
def validator() -> Any:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def test_the_file_is_the_one_that_the_model_gives() -> None:
    assert render_schema(CATALOG) == SCHEMA.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_every_config_of_ours_fits_and_names_the_schema_in_its_first_line(path: Path, validator: Any) -> None:
    assert [] == list(validator.iter_errors(read_source(path).data))
    named = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert SCHEMA.resolve() == (path.parent / named).resolve()


@pytest.mark.parametrize(
    "more",
    [
        "operations: {iot:DeletCertificate: {severity: low}}",
        "operations: {iot:DeleteCertificate: {}}",
        "operations: {iot:DeleteCertificate: {severity: loud}}",
        "watch: {services: [iott]}",
        "watch: {reads: 'yes'}",
        "watch:",
        "defaults: {dedup_window: 10m}",
        "defaults: {dedup: 10m}",
        "defaults: {dedup: {window: 10m}}",
        "defaults: {dedup: {window: 10, first: 1}}",
        "defaults: {dedup: {window: 10m, first: 0}}",
        "defaults: {dedup: {window: 10m, first: 1, high: off}}",
        "defaults: {dedup: {hihg: {window: 10m, first: 1}}}",
        "operations: {iot:CreateThing: {dedup: on}}",
        "thresholds: {certificate-burst: {dedup: {window: 10m}}}",
        "rules: [{name: A, match: {eventName: [x]}, severity: high, why: x}]",
        "rules: [{name: a, match: {}, severity: high, why: x}]",
        "rules: [{name: a, severity: high, why: x}]",
        "suppressions: [{name: a, match: {eventName: [x]}, reason: x}]",
        "known_automation: [{name: a, roles: [ci], reason: x}]",
        "allow_lists: {accounts: [111122223333]}",
        "aliases: {accounts: {prod: '111122223333'}}",
        "routes: []",
        "route: []",
    ],
)
def test_an_editor_marks_what_the_check_refuses(more: str, validator: Any) -> None:
    assert not validator.is_valid(parse_source(f"{VALID}{more}\n", "alerts.yaml").data)


@pytest.mark.parametrize(
    "more",
    [
        "defaults: {dedup: off}",
        "defaults: {dedup: {window: 10m, first: 1}}",
        "defaults: {dedup: {high: {window: 5m, first: 100}, low: off}}",
        "operations: {iot:CreateThing: {dedup: off}}",
        "thresholds: {certificate-burst: {dedup: {window: 1d, first: 1}}}",
        "rules: [{name: a, match: {eventName: [x]}, severity: high, why: x, dedup: off}]",
        "",
    ],
)
def test_an_editor_leaves_what_is_sound(more: str, validator: Any) -> None:
    assert [] == list(validator.iter_errors(parse_source(f"{VALID}{more}\n", "alerts.yaml").data))


def test_every_key_says_what_it_is_for_or_has_a_name_that_does() -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert [] == [
        key
        for key, part in schema["properties"].items()
        if "description" not in part and "$ref" not in part and key != "version"
    ]
