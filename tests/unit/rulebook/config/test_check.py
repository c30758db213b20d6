"""The operator's file: what it means, what is said of its faults, and what is never repeated."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from handlers.core.ruleset_file import dump_ruleset, load_ruleset
from handlers.core.severity import Severity
from rulebook.any_operation import load_any_operation
from rulebook.compile import compile_ruleset
from rulebook.config import CheckedConfig, Config, Override, check_config, load_config
from rulebook.faults import ConfigError
from rulebook.source import read_source
from tests.support.catalog import CATALOG

ROOT = Path(__file__).parents[4]
DEFAULT = ROOT / "config" / "alerts.yaml"
ANY_OPERATION = load_any_operation()
VALID = "version: 1\ndestinations:\n  audit: {sns: create}\n"
BROKEN = [
    tuple(case.partition("\n")[::2])
    for case in Path(__file__).with_name("broken_files.txt").read_text(encoding="utf-8").split("### ")[1:]
]
"""The name of each broken file, its text, and after `>>>` exactly what is said of it."""

Check = Callable[[str | bytes], CheckedConfig]


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> Check:
    """A look at a config of this text."""
    path = tmp_path_factory.mktemp("config") / "alerts.yaml"

    def check_text(text: str | bytes) -> CheckedConfig:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return check_config(path, CATALOG)

    return check_text


def config_of(found: CheckedConfig) -> Config:
    assert found.config is not None, found.faults
    return found.config


def test_there_are_many_broken_files_and_no_two_are_one() -> None:
    assert len(BROKEN) == len({name for name, _ in BROKEN}) == len({case for _, case in BROKEN}) > 120


@pytest.mark.parametrize("case", [row[1] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_each_broken_file_is_told_exactly_what_to_mend(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text, _, said = case.partition(">>>\n")
    path = Path("config/alerts.yaml")
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(path, CATALOG)
    assert [f"config/alerts.yaml:{line}" for line in said.splitlines()] == str(caught.value).splitlines()


def test_the_default_file_is_valid_without_warnings() -> None:
    found = check_config(DEFAULT, CATALOG)
    assert ((), ()) == (found.faults, found.warnings)
    assert ["secops", "audit"] == list(config_of(found).destinations)


def test_the_example_in_the_default_file_is_valid_too(check: Check) -> None:
    lines = DEFAULT.read_text(encoding="utf-8").splitlines()
    start = lines.index("# operations:")
    active = [line.removeprefix("# ") if number >= start else line for number, line in enumerate(lines)]
    config = config_of(check("\n".join(active)))
    assert {"iot:DeletePolicyVersion": Override(severity="informational")} == config.operations


def test_three_lines_are_enough(check: Check) -> None:
    config = config_of(check("version: 1\ndestinations:\n  secops: {slack: secretsmanager:slack}\n"))
    assert (Severity.LOW, {}) == (config.defaults.minimum_severity, config.operations)
    assert {("secops",)} == {config.audience_of(severity).always for severity in list(Severity)[1:]}


def test_off_is_a_word_and_not_false(check: Check) -> None:
    config = config_of(check(f"{VALID}operations:\n  iot:DeletePolicy: {{severity: off}}\n"))
    assert config.operations["iot:DeletePolicy"].severity == "off"


def test_an_empty_escalate_drops_the_catalogs_escalations(check: Check) -> None:
    config = config_of(check(f"{VALID}operations:\n  iot:CreatePolicy: {{escalate: []}}\n"))
    assert () == config.operations["iot:CreatePolicy"].escalate


def test_own_escalations_start_from_the_own_severity(check: Check) -> None:
    text = (
        f"{VALID}operations:\n  iot:CreatePolicy:\n    severity: informational\n"
        "    escalate: [{when: {facts: {actor: {kind: [root]}}}, to: low, why: root did it}]\n"
    )
    (escalation,) = config_of(check(text)).operations["iot:CreatePolicy"].escalate or ()
    assert Severity.LOW == escalation.to


def test_severities_below_the_minimum_need_no_route(check: Check) -> None:
    text = (
        f"{VALID}defaults: {{minimum_severity: high}}\nroutes:\n"
        "  - {severity: [critical, high, low], to: [audit]}\n"
        "operations:\n  iot:DeletePolicy: {severity: informational}\n"
    )
    assert 1 == len(config_of(check(text)).routes or ())


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_a_test_host_on_loopback_is_taken(host: str, check: Check) -> None:
    assert host == config_of(check(f"{VALID}slack_test_host: {host}\n")).slack_test_host


def test_a_secret_whose_name_ends_like_an_arn_is_a_warning_and_not_a_fault(check: Check) -> None:
    found = check("version: 1\ndestinations:\n  a: {slack: secretsmanager:slack-secops}\n")
    ((line, column, path),) = [(each.line, each.column, each.path) for each in found.warnings]
    assert (3, 14, "destinations.a.slack") == (line, column, path)
    assert () == found.faults


def test_a_config_can_not_be_changed_after_it_was_checked(check: Check) -> None:
    with pytest.raises(ValueError, match="frozen"):
        config_of(check(VALID)).version = 1


def test_the_words_of_an_override_are_off_and_every_severity() -> None:
    annotation = Override.model_fields["severity"].annotation
    words = next(get_args(choice) for choice in get_args(annotation) if get_args(choice))
    assert ("off", *(severity.value for severity in Severity)) == words


def test_a_missing_file_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the file does not exist; check the path"):
        load_config(tmp_path / "none.yaml", CATALOG)


WEBHOOK = "https://hooks.slack.com/services/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"
WEBHOOK_PARTS = ("hooks.slack", "T0AAAAAAA", "B0BBBBBBB", "sEcReT")


@given(
    place=st.integers(0, 2000),
    quote=st.sampled_from(["", "'", '"', "[", "{", " ", "\n"]),
    swallowed=st.integers(0, 30),
)
def test_a_webhook_pasted_anywhere_is_never_repeated(
    check: Check, place: int, quote: str, swallowed: int
) -> None:
    text = DEFAULT.read_text(encoding="utf-8")
    at = place % len(text)
    found = check(f"{text[:at]}{quote}{WEBHOOK}{quote}{text[at + swallowed :]}")
    said = "\n".join(map(str, (*found.faults, *found.warnings)))
    assert [] == [part for part in WEBHOOK_PARTS if part in said]


@pytest.mark.parametrize(
    "more",
    [
        f"operations: {{iot:DeletePolicy: '{WEBHOOK}'}}",
        f"operations: {{'{WEBHOOK}': {{severity: off}}}}",
        f"operations: {{iot:DeletePolicy: {{severity: '{WEBHOOK}'}}}}",
        f"operations: {{iot:AttachPolicy: {{escalate: [{{to: high, when: {{eventName: '{WEBHOOK}'}}}}]}}}}",
        f"operations: {{iot:AttachPolicy: {{escalate: [{{to: high, when: {{'{WEBHOOK}': []}}}}]}}}}",
        f"operations: {{iot:AttachPolicy: {{escalate: [{{to: high, when: {{a: [{{'{WEBHOOK}': 1}}]}}}}]}}}}",
        f"routes: [{{severity: ['{WEBHOOK}'], to: ['{WEBHOOK}']}}]",
        f"routes: '{WEBHOOK}'",
        f"slack_test_host: '{WEBHOOK}'",
        f"'{WEBHOOK}': 1\n'{WEBHOOK}': 2",
        f"defaults: {{minimum_severity: '{WEBHOOK}'}}",
    ],
)
def test_a_webhook_in_any_kind_of_place_is_refused_and_not_repeated(check: Check, more: str) -> None:
    found = check(f"{VALID}{more}\n")
    said = "\n".join(map(str, found.faults))
    assert said
    assert [] == [part for part in WEBHOOK_PARTS if part in said]


def test_a_refused_webhook_is_not_in_the_error_nor_in_what_caused_it(tmp_path: Path) -> None:
    path = tmp_path / "alerts.yaml"
    path.write_text(f"version: 1\ndestinations:\n  a: {{slack: '{WEBHOOK}'}}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(path, CATALOG)
    assert (None, None) == (caught.value.__cause__, caught.value.__context__)
    assert "sEcReT" not in repr(caught.value)


def outcome(found: CheckedConfig) -> None:
    """Every look ends in a config or in faults, never in both or neither."""
    assert (found.config is None) == bool(found.faults)


@given(text=st.binary(max_size=80) | st.text(max_size=120))
def test_any_bytes_give_a_config_or_faults(check: Check, text: str | bytes) -> None:
    outcome(check(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text))


FRAGMENTS = (
    *(
        "version: 1",
        "destinations:",
        "routes:",
        "operations:",
        "- ",
        "[",
        "]",
        "{",
        "}",
        ":",
        ": ",
        ",",
        "'",
        '"',
    ),
    *(
        "#",
        "\n",
        "\n  ",
        "\t",
        "&a ",
        "*a",
        "!!str ",
        "---\n",
        "| ",
        "null",
        "true",
        "1e9",
        "0x1",
        "iot:CreatePolicy",
    ),
    *(
        "{severity: off}",
        "escalate: [{when: {a: [1]}, to: high, why: x}]",
        "audit",
        "\\ud800",
        "\x00",
        "\u2028",
        "é",
    ),
)


FILES = [DEFAULT, *sorted(DEFAULT.parent.glob("examples/*.yaml"))]
TEXTS = st.sampled_from([path.read_text(encoding="utf-8") for path in FILES])


@given(text=TEXTS, seed=st.randoms(use_true_random=False), count=st.integers(1, 8))
def test_any_mutation_of_the_text_of_a_file_gives_a_config_or_faults(
    check: Check, text: str, seed: random.Random, count: int
) -> None:
    for _ in range(count):
        start = seed.randrange(len(text) + 1)
        text = text[:start] + seed.choice((*FRAGMENTS, "")) + text[start + seed.randrange(12) :]
    outcome(check(text))


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)


def keys_of(model: type[BaseModel]) -> set[str]:
    """Every key that the model and the sections below it know."""
    found = set(model.model_fields)
    pending = [field.annotation for field in model.model_fields.values()]
    while pending:
        annotation = pending.pop()
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            found |= keys_of(annotation)
        pending.extend(get_args(annotation))
    return found


KEYS = st.sampled_from(
    [*sorted(keys_of(Config)), "audit", "iot:CreatePolicy", "facts", "$or", "eventName", "finding"]
)
WORDS = st.sampled_from(
    [1, "off", "high", "low", "audit", "create", "ssm:/x", "localhost", "10m", "2026-12-31", "iot", True]
)
PATTERNS = st.sampled_from(
    [
        {"eventName": ["CreatePolicy"]},
        {"facts": {"actor": {"kind": ["root"]}}},
        {"$or": [{"a": [1]}, {"b": [{"exists": False}]}]},
        {"requestParameters": {"x": [{"numeric": [">", 1]}]}},
        {"eventName": [{"anything-but": {"wildcard": "*"}}]},
    ]
)
SHAPES = st.recursive(
    WORDS | SCALARS | PATTERNS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=25,
)


@given(data=st.dictionaries(KEYS, SHAPES, max_size=6))
def test_any_shape_under_the_known_keys_gives_a_config_or_faults(
    check: Check, data: dict[str, object]
) -> None:
    # repr of plain data is flow YAML, but for words that Python spells otherwise.
    outcome(check(repr({"version": 1, "destinations": {"audit": {"sns": "create"}}, **data})))


def places_in(value: object) -> list[tuple[Any, Any]]:
    """Every container with each of its keys or positions."""
    found: list[tuple[Any, Any]] = []
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        found.append((value, key))
        found.extend(places_in(inner))
    return found


@given(path=st.sampled_from(FILES), data=st.data())
def test_any_value_in_any_place_of_a_file_gives_a_config_or_faults(
    check: Check, path: Path, data: st.DataObject
) -> None:
    config = deepcopy(read_source(path).data)
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(places_in(config)))
        how = data.draw(st.sampled_from(["value", "delete", "twin", "elsewhere"]))
        if how == "delete":
            del container[key]
        elif how == "twin" and isinstance(container, list):
            container.append(deepcopy(container[key]))
        elif how == "elsewhere":
            other, name = data.draw(st.sampled_from(places_in(config)))
            container[key] = deepcopy(other[name])
        else:
            container[key] = deepcopy(data.draw(SHAPES))
        if not config:
            return
    found = check(json.dumps(config))
    outcome(found)
    if found.config is not None:
        ruleset = compile_ruleset(found.config, CATALOG, ANY_OPERATION)
        assert ruleset == load_ruleset(dump_ruleset(ruleset))
