"""The compiled ruleset: its shape, what overrides do to it, and that it is the same every time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from handlers.core.codec import to_json
from handlers.core.operations import service_of, split_operation
from handlers.core.ruleset import Ruleset
from handlers.core.ruleset_file import dump_ruleset
from handlers.core.severity import Severity
from rulebook.any_operation import load_any_operation
from rulebook.catalog import load_catalog
from rulebook.compile import compile_ruleset
from rulebook.config import load_config
from rulebook.services import SERVICES
from tests.support.catalog import CATALOG

ROOT = Path(__file__).parents[3]
ANY_OPERATION = load_any_operation()


def build(tmp_path: Path, more: str = "", destinations: str = "{audit: {sns: create}}") -> Ruleset:
    path = tmp_path / "alerts.yaml"
    path.write_text(f"version: 1\ndestinations: {destinations}\n{more}", encoding="utf-8")
    return compile_ruleset(load_config(path, CATALOG), CATALOG, ANY_OPERATION)


def compiled(tmp_path: Path, more: str = "", destinations: str = "{audit: {sns: create}}") -> dict[str, Any]:
    data: dict[str, Any] = to_json(build(tmp_path, more, destinations))
    return data


def rule_of(ruleset: dict[str, Any], operation: str) -> dict[str, Any]:
    return dict(ruleset["catalog_rules"][operation])


@pytest.fixture(scope="module")
def default() -> dict[str, Any]:
    config = load_config(ROOT / "config" / "alerts.yaml", CATALOG)
    data: dict[str, Any] = to_json(compile_ruleset(config, CATALOG, ANY_OPERATION))
    return data


def test_a_rule_holds_everything_that_judging_needs(default: dict[str, Any]) -> None:
    entry = CATALOG["iot:UpdateCertificate"]
    expected = {
        "name": "iot:UpdateCertificate",
        "category": "certificate",
        "severity": "medium",
        "subject": "requestParameters.certificateId",
        "shown": ["requestParameters.newStatus"],
        "why": entry.why,
        "escalations": [
            {
                "when": {"requestParameters": {"newStatus": ["ACTIVE"]}},
                "to": "high",
                "why": entry.escalate[0].why,
                "title": "Certificate {subject} activated",
            }
        ],
        "title": "Certificate {subject} changed [to {newStatus}]",
        "tried": "Tried to change certificate {subject} [to {newStatus}]",
        "docs": "https://docs.aws.amazon.com/goto/WebAPI/iot-2015-05-28/UpdateCertificate",
        "runbook": list(entry.runbook),
        "attack": ["T1098.001", "T1531"],
        "dedup": None,
        "off": False,
        "capitals": [],
    }
    assert expected == rule_of(default, "iot:UpdateCertificate")


def test_a_circumstance_holds_everything_that_judging_needs(default: dict[str, Any]) -> None:
    root = ANY_OPERATION.circumstances["root-user"]
    expected = {
        "name": "root-user",
        "when": {"facts": {"actor": {"kind": ["root"]}}},
        "at_least": "high",
        "at_most": None,
        "why": root.why,
        "attack": ["T1078.004"],
    }
    assert expected == default["circumstances"][0]
    assert list(ANY_OPERATION.circumstances) == [each["name"] for each in default["circumstances"]]


def test_the_entry_of_uncatalogued_operations_has_a_name(default: dict[str, Any]) -> None:
    assert ("uncatalogued-operation", "low") == (
        default["uncatalogued"]["name"],
        default["uncatalogued"]["severity"],
    )


def test_every_service_is_judged_under_each_spelling_of_its_event_source(default: dict[str, Any]) -> None:
    assert sorted(SERVICES) == default["services"]
    sources = {source: service.prefix for service in SERVICES.values() for source in service.event_sources}
    assert sources == {source: service_of(source) for source in sources}


def test_everything_else_comes_from_the_config(default: dict[str, Any]) -> None:
    assert {"certificate-burst"} <= {each["name"] for each in default["windowed_rules"]}
    expected: dict[str, Any] = {
        "custom_rules": [],
        "watches_reads": False,
        "operators": [],
        "enrich": True,
        "automation": [],
        "suppressions": [],
        "allow_lists": {"accounts": [], "buckets": [], "domains": []},
        "minimum_severity": "low",
        "dedup": {
            "informational": {"window": 600, "first": 1},
            "low": {"window": 600, "first": 1},
            "medium": {"window": 600, "first": 1},
            "high": {"window": 600, "first": 3},
            "critical": {"window": 600, "first": 5},
        },
        "account_names": {},
        "region_names": {},
        "destinations": {
            "audit": {
                "name": "audit",
                "kind": "sns",
                "secret": None,
                "test_host": None,
                "topic": None,
                "dedup": True,
                "form": "alert",
                "kms_key": None,
            },
            "secops": {
                "name": "secops",
                "kind": "slack",
                "secret": "ssm:/thingwatch/slack/secops",
                "test_host": None,
                "topic": None,
                "dedup": True,
                "form": "alert",
                "kms_key": None,
            },
        },
        "routes": [
            {"severities": ["critical", "high"], "match": None, "to": ["secops", "audit"]},
            {"severities": ["low", "medium"], "match": None, "to": ["audit"]},
        ],
    }
    of_catalog = {
        *("catalog_rules", "windowed_rules", "services", "circumstances", "uncatalogued", "reads"),
    }
    assert expected == {key: value for key, value in default.items() if key not in of_catalog}


def test_there_is_one_rule_for_each_operation(default: dict[str, Any]) -> None:
    assert {operation: operation for operation in CATALOG} == {
        operation: rule["name"] for operation, rule in default["catalog_rules"].items()
    }


def test_without_routes_every_severity_goes_to_every_destination(tmp_path: Path) -> None:
    ruleset = compiled(tmp_path, destinations="{b: {sns: create}, a: {slack: ssm:/a}}")
    everything = sorted(severity.value for severity in Severity)
    assert [{"severities": everything, "match": None, "to": ["a", "b"]}] == ruleset["routes"]


def test_an_operation_that_is_off_keeps_what_it_is_about(tmp_path: Path) -> None:
    ruleset = build(tmp_path, "operations: {iot:DeletePolicy: {severity: off}}")
    assert ["iot:DeletePolicy"] == [name for name, rule in ruleset.catalog_rules.items() if rule.off]
    rule = ruleset.base_rule("iot:DeletePolicy")
    assert (True, "requestParameters.policyName") == (rule.off, rule.subject)


def test_an_own_severity_keeps_the_escalations_that_are_above_it(tmp_path: Path) -> None:
    lowered = compiled(tmp_path, "operations: {iot:CreatePolicyVersion: {severity: informational}}")
    raised = compiled(tmp_path, "operations: {iot:CreatePolicyVersion: {severity: high}}")
    rule = rule_of(lowered, "iot:CreatePolicyVersion")
    assert ("informational", len(CATALOG["iot:CreatePolicyVersion"].escalate)) == (
        rule["severity"],
        len(rule["escalations"]),
    )
    rule = rule_of(raised, "iot:CreatePolicyVersion")
    assert ("high", {"critical"}) == (rule["severity"], {each["to"] for each in rule["escalations"]})


def test_own_escalations_replace_those_of_the_catalog(tmp_path: Path) -> None:
    own = "{when: {facts: {actor: {kind: [root]}}}, to: critical, why: root did it}"
    ruleset = compiled(tmp_path, f"operations: {{iot:UpdateCertificate: {{escalate: [{own}]}}}}")
    expected = [
        {
            "when": {"facts": {"actor": {"kind": ["root"]}}},
            "to": "critical",
            "why": "root did it",
            "title": None,
        }
    ]
    assert expected == rule_of(ruleset, "iot:UpdateCertificate")["escalations"]


def test_no_escalations_are_left_when_the_own_list_is_empty(tmp_path: Path) -> None:
    ruleset = compiled(tmp_path, "operations: {iot:UpdateCertificate: {escalate: []}}")
    assert [] == rule_of(ruleset, "iot:UpdateCertificate")["escalations"]


def test_the_same_config_gives_the_same_bytes(tmp_path: Path) -> None:
    more = "operations:\n  iot:DeletePolicy: {severity: low}\n  iot:AttachPolicy: {severity: high}\n"
    shuffled = "operations:\n  iot:AttachPolicy: {severity: high}\n  iot:DeletePolicy: {severity: low}\n"
    first = build(tmp_path, more, "{a: {sns: create}, b: {slack: ssm:/b}}")
    second = build(tmp_path, shuffled, "{b: {slack: ssm:/b}, a: {sns: create}}")
    assert dump_ruleset(first) == dump_ruleset(second)


def test_compiling_changes_neither_config_nor_catalog(tmp_path: Path) -> None:
    before = load_catalog()
    first = dump_ruleset(build(tmp_path))
    assert (before, first) == (CATALOG, dump_ruleset(build(tmp_path)))


def test_the_operators_minimum_is_compiled(tmp_path: Path) -> None:
    assert "high" == compiled(tmp_path, "defaults: {minimum_severity: high}\n")["minimum_severity"]


def test_automation_is_lowered_to_low_or_to_the_minimum_where_that_is_higher(tmp_path: Path) -> None:
    robot = 'known_automation: [{name: a, roles: ["arn:aws:iam::111122223333:role/x-*"], reason: y}]\n'
    found = [
        compiled(tmp_path, f"{robot}defaults: {{minimum_severity: {minimum}}}\n")["automation"][0]["at_most"]
        for minimum in ("informational", "low", "high")
    ]
    assert ["low", "low", "high"] == found


def test_a_role_with_a_star_is_a_wildcard_and_one_without_is_itself(tmp_path: Path) -> None:
    roles = ["arn:aws:iam::111122223333:role/x-*", "arn:aws:iam::111122223333:role/y"]
    more = f"known_automation: [{{name: a, roles: {roles}, operations: [iot:CreateThing], reason: z}}]\n"
    (automation,) = compiled(tmp_path, more)["automation"]
    assert {"facts": {"actor": {"id": [{"wildcard": roles[0]}, roles[1]]}}} == automation["when"]
    assert ["iot:CreateThing"] == automation["operations"]


def test_a_service_that_is_left_out_has_no_rules(tmp_path: Path) -> None:
    ruleset = compiled(tmp_path, "watch: {services: [iotwireless]}\n")
    assert {"iotwireless"} == {split_operation(name)[0] for name in ruleset["catalog_rules"]}
    assert ["iotwireless"] == ruleset["services"]


@pytest.mark.parametrize(
    ("more", "uncatalogued", "reads"),
    [
        ("", ("low", False), ("informational", True)),
        ("watch: {reads: true}\n", ("low", False), ("informational", False)),
        (
            "watch: {reads: true}\ndefaults: {uncatalogued: off, reads: high}\n",
            ("low", True),
            ("high", False),
        ),
    ],
)
def test_what_has_no_entry_is_as_bad_as_the_operator_says(
    tmp_path: Path, more: str, uncatalogued: tuple[str, bool], reads: tuple[str, bool]
) -> None:
    ruleset = compiled(tmp_path, more)
    assert [uncatalogued, reads] == [
        (ruleset[name]["severity"], ruleset[name]["off"]) for name in ("uncatalogued", "reads")
    ]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("off", {each.value: (0, 0) for each in Severity}),
        ("{window: 90s, first: 2}", {each.value: (90, 2) for each in Severity}),
        (
            "{high: {window: 1d, first: 7}, low: off}",
            {
                "critical": (600, 5),
                "high": (86400, 7),
                "medium": (600, 1),
                "low": (0, 0),
                "informational": (600, 1),
            },
        ),
    ],
)
def test_dedup_is_in_seconds_for_each_severity(
    tmp_path: Path, written: str, expected: dict[str, tuple[int, int]]
) -> None:
    found = compiled(tmp_path, f"defaults: {{dedup: {written}}}\n")["dedup"]
    assert expected == {severity: (each["window"], each["first"]) for severity, each in found.items()}


OWN_DEDUP = """
operations: {iot:CreateThing: {dedup: {window: 1h, first: 2}}, iot:DeleteThing: {severity: high}}
rules:
  - {name: mine, match: {eventName: [CreatePolicy]}, severity: high, why: x, dedup: off}
  - {name: over-time, match: {eventName: [CreatePolicy]}, severity: high, why: x,
     dedup: {window: 5m, first: 1}, event_count: {at_least: 3, within: 5m}}
thresholds: {certificate-burst: {dedup: {window: 1d, first: 1}}, mass-deletion: {notify: false}}
"""


def test_a_rules_own_dedup_is_where_the_rule_is(tmp_path: Path) -> None:
    found = compiled(tmp_path, OWN_DEDUP)
    assert [{"window": 3600, "first": 2}, None] == [
        found["catalog_rules"][name]["dedup"] for name in ("iot:CreateThing", "iot:DeleteThing")
    ]
    assert [{"window": 0, "first": 0}] == [each["dedup"] for each in found["custom_rules"]]
    over_time = {each["name"]: each["dedup"] for each in found["windowed_rules"]}
    assert [{"window": 300, "first": 1}, {"window": 86400, "first": 1}, None] == [
        over_time[name] for name in ("over-time", "certificate-burst", "mass-deletion")
    ]


@pytest.mark.parametrize(("more", "enrich"), [("", True), ("enrich: on", True), ("enrich: off", False)])
def test_alerts_are_enriched_unless_that_is_off(tmp_path: Path, more: str, enrich: bool) -> None:
    assert enrich is build(tmp_path, more).enrich


def test_an_archive_is_known_as_such(tmp_path: Path) -> None:
    found = compiled(tmp_path, "", "{a: {sns: create, dedup: off}, b: {slack: ssm:/b}}")
    assert [False, True] == [found["destinations"][name]["dedup"] for name in ("a", "b")]


def test_a_test_host_is_known_to_the_slack_destinations_alone(tmp_path: Path) -> None:
    found = compiled(tmp_path, "slack_test_host: 127.0.0.1\n", "{a: {sns: create}, b: {slack: ssm:/b}}")
    assert [None, "127.0.0.1"] == [found["destinations"][name]["test_host"] for name in ("a", "b")]
