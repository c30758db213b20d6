"""Loading the catalog: the shipped one is sound, and an unsound one is told with file, line and column."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from handlers.core.severity import Severity
from rulebook.any_operation import load_any_operation
from rulebook.attack import TECHNIQUES
from rulebook.catalog import load_catalog, operation_files
from rulebook.faults import CatalogError
from rulebook.services import SERVICES
from rulebook.source import read_source
from rulebook.windowed_rules import load_windowed_rules
from tests.support.catalog import CATALOG

# Documents, keys, tokens, and free text that anyone may have written.
NEVER_SHOWN = re.compile(
    r"policyDocument|Pem|caCertificate$|verificationCertificate|SigningRequest|Tokens?$|keyPair|templateBody|tags$"
    r"|Message|Reason|[Pp]ayloadData|[Dd]ocument$|[Dd]escription$|(?<!File)Key$|[Tt]oken$|[Pp]assword|mqttContext"
)

ENTRY = """\
iot:DeletePolicy:
  category: policy
  severity: medium
  subject: requestParameters.policyName
  shown: []
  why: gone
  runbook: [Look.]
"""


def faults_of(folder: Path, **files: str) -> list[str]:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(CatalogError) as caught:
        load_catalog(folder)
    return [line.removeprefix(f"{folder}/") for line in str(caught.value).splitlines()]


def test_the_shipped_catalog_is_sound_and_sorted() -> None:
    assert sorted(CATALOG) == list(CATALOG)
    assert "iot:UpdateCertificate" in CATALOG


def test_each_category_of_iot_is_a_file_of_its_own_and_each_other_service_too() -> None:
    for path in operation_files():
        operations = read_source(path).data
        homes = {
            CATALOG[each].category if each.startswith("iot:") else each.partition(":")[0]
            for each in operations
        }
        assert {path.stem} == homes


def test_no_category_stands_in_two_files() -> None:
    files = {
        path.stem: {CATALOG[each].category for each in read_source(path).data} for path in operation_files()
    }
    categories = [category for each in files.values() for category in each]
    assert sorted(set(categories)) == sorted(categories)


def test_every_technique_that_is_named_is_used() -> None:
    used = {technique for entry in CATALOG.values() for technique in entry.attack}
    used |= {each for found in load_any_operation().circumstances.values() for each in found.attack}
    used |= {each for found in load_windowed_rules().values() for each in found.attack}
    assert set(TECHNIQUES) == used


def test_nothing_secret_may_be_shown() -> None:
    shown = [path for entry in CATALOG.values() for path in (*entry.shown, entry.subject) if path]
    assert [] == [path for path in shown if NEVER_SHOWN.search(path)]


def test_the_severity_of_an_activation_differs_from_that_of_a_revocation() -> None:
    entry = CATALOG["iot:UpdateCertificate"]
    assert Severity.MEDIUM == entry.severity
    assert [(Severity.HIGH, {"requestParameters": {"newStatus": ["ACTIVE"]}})] == [
        (each.to, each.when) for each in entry.escalate
    ]


def test_an_entry_can_not_be_changed() -> None:
    entry = CATALOG["iot:UpdateCertificate"]
    with pytest.raises(ValidationError, match="frozen"):
        entry.severity = Severity.LOW


def test_an_operation_in_two_files_is_told_at_the_second(tmp_path: Path) -> None:
    expected = ["b.yaml:1:1: iot:DeletePolicy: the operation stands in a.yaml already; keep one entry"]
    assert expected == faults_of(tmp_path, a=ENTRY, b=ENTRY)


def test_an_operation_twice_in_one_file_is_told_at_the_second(tmp_path: Path) -> None:
    expected = [
        'a.yaml:8:1: iot:DeletePolicy: the key "iot:DeletePolicy" stands twice, first in line 1; keep one'
    ]
    assert expected == faults_of(tmp_path, a=ENTRY + ENTRY)


def test_a_folder_without_rules_is_refused_because_it_would_watch_nothing(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"the folder holds no rules \(\*\.yaml\)$"):
        load_catalog(tmp_path)


def test_a_file_that_is_not_yaml_is_told_with_the_faults_of_the_others(tmp_path: Path) -> None:
    expected = [
        "a.yaml:2:1: a value is missing here, or a bracket is not closed",
        (
            "b.yaml:3:13: iot:DeletePolicy.severity: "
            '"loud" is not one of informational, low, medium, high, critical'
        ),
    ]
    assert expected == faults_of(tmp_path, a="x: {\n", b=ENTRY.replace("medium", "loud"))


@pytest.mark.parametrize(
    ("written", "instead", "expected"),
    [
        (
            "category: policy",
            "category: Policy",
            "2:13: iot:DeletePolicy.category: write the category in small letters",
        ),
        (
            "runbook: [Look.]",
            "runbook: [Look.]\n  atack: []",
            (
                "8:3: iot:DeletePolicy.atack: unknown key; known here are category, severity, subject, title,"
                ' shown, why, escalate, runbook, attack; did you mean "attack"?'
            ),
        ),
        (
            "shown: []",
            "shown: [responseElements.keyPair]",
            "5:11: iot:DeletePolicy.shown.0: only paths below requestParameters may be shown",
        ),
        (
            "subject: requestParameters.policyName",
            "subject: policyName",
            "4:12: iot:DeletePolicy.subject: write a path such as requestParameters.policyName",
        ),
        ("why: gone", "why: ''", "6:8: iot:DeletePolicy.why: is empty; write a text"),
        (
            "runbook: [Look.]",
            "runbook: [a, b, c, d, e]",
            "7:12: iot:DeletePolicy.runbook: holds too many; make the list shorter",
        ),
        (
            "runbook: [Look.]",
            "runbook: [Look.]\n  attack: [TA0001]",
            "8:12: iot:DeletePolicy.attack.0: write an ATT&CK id such as T1098.001",
        ),
        (
            "runbook: [Look.]",
            "runbook: [Look.]\n  attack: [T1562.008]",
            (
                "8:12: iot:DeletePolicy.attack.0: rulebook/attack.py names no such technique; check the id,"
                " or add it there"
            ),
        ),
        (
            "runbook: [Look.]",
            "runbook: [Look.]\n  escalate: [{when: {eventName: x}, to: high, why: y}]",
            '8:33: iot:DeletePolicy.escalate.0.when.eventName: write the allowed values as a list: ["x"]',
        ),
        (
            "runbook: [Look.]",
            "runbook: [Look.]\n  escalate: [{when: {eventName: [x]}, to: low, why: y}]",
            (
                "8:43: iot:DeletePolicy.escalate.0.to: an escalation must be above the severity it starts"
                " from, medium"
            ),
        ),
        (
            "iot:DeletePolicy:",
            "iam:DeletePolicy:",
            f"1:1: iam:DeletePolicy: write SERVICE:Operation; known services are {', '.join(SERVICES)}",
        ),
        (
            "iot:DeletePolicy:",
            "iot:delete-policy:",
            f"1:1: iot:delete-policy: write SERVICE:Operation; known services are {', '.join(SERVICES)}",
        ),
    ],
)
def test_an_unsound_entry_is_told_at_its_place(
    written: str, instead: str, expected: str, tmp_path: Path
) -> None:
    assert [f"a.yaml:{expected}"] == faults_of(tmp_path, a=ENTRY.replace(written, instead))
