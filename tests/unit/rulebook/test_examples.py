"""The example configs do what their comments say, and what is compiled judges as what was written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cli.event_files import read_record
from handlers.core.allow_lists import AllowLists
from handlers.core.facts import derive_facts
from handlers.core.judgement import Finding, judge_event
from handlers.core.parameter_case import lower_parameters, lower_path
from handlers.core.patterns import compile_nodes, read_pattern
from handlers.core.record import Record, parse_event
from handlers.core.ruleset import Ruleset
from handlers.core.ruleset_file import dump_ruleset, load_ruleset
from handlers.core.severity import Severity
from rulebook.any_operation import load_any_operation
from rulebook.catalog import Entry, Escalation
from rulebook.compile import compile_ruleset
from rulebook.config import Config, check_config
from rulebook.services import SERVICES
from tests.support.catalog import CATALOG
from tests.support.records import ACCOUNT, make_event

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / "config" / "examples").glob("*.yaml"))
EVENTS = sorted((ROOT / "tests" / "events").glob("*.json"))
WIDE = '{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'


@cache
def ruleset_of(name: str) -> Ruleset:
    found = check_config(ROOT / "config" / "examples" / f"{name}.yaml", CATALOG)
    return compile_ruleset(found.require(), CATALOG, load_any_operation())


def by_role(name: str) -> dict[str, Any]:
    arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    issuer = {"type": "Role", "arn": arn, "accountId": ACCOUNT, "userName": name.rpartition("/")[2]}
    return {
        "type": "AssumedRole",
        "accountId": ACCOUNT,
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{issuer['userName']}/run",
        "sessionContext": {"sessionIssuer": issuer},
    }


def found(example: str, record: Record) -> Finding | None:
    return judge_event(record, ruleset_of(example)).finding


THING = {"operation": "CreateThing", "requestParameters": {"thingName": "lamp"}}
TEST_THING = {"operation": "CreateThing", "requestParameters": {"thingName": "loadtest-7"}}
POLICY = {"operation": "CreatePolicy", "requestParameters": {"policyName": "p", "policyDocument": WIDE}}
ROLE_ALIAS = {"operation": "UpdateRoleAlias", "requestParameters": {"roleAlias": "a"}}
JOB = {
    "operation": "CreateJob",
    "requestParameters": {
        "jobId": "j",
        "targets": ["t"],
        "documentSource": "https://s3.amazonaws.com/acme-jobs/j",
    },
}
THEIR_JOB = {
    **JOB,
    "requestParameters": {"jobId": "j", "targets": ["t"], "document": "https://evil.example/x"},
}
TUNNEL = {
    "operation": "OpenTunnel",
    "eventSource": "iotsecuredtunneling.amazonaws.com",
    "requestParameters": {"description": "x"},
}
LIST = {"operation": "ListThings", "requestParameters": None}
STAGING = {"recipientAccountId": "777788889999"}
LINE, TRIAL = {"userIdentity": by_role("factory/line-3")}, {"userIdentity": by_role("factory/trial-line")}
KEYS = {"operation": "CreateKeysAndCertificate", "requestParameters": {"setAsActive": True}}
IN_CONSOLE = {"sessionCredentialFromConsole": "true"}

TOLD: list[tuple[str, str, Mapping[str, Any], str | None, list[str]]] = [
    ("minimal", "anything from low on goes to the one channel", {}, "high", ["secops"]),
    ("minimal", "informational goes nowhere", THING, "informational", []),
    ("small-team", "an activation is for the team", {}, "high", ["team"]),
    ("small-team", "what is critical pages too", POLICY, "critical", ["pager", "team"]),
    ("small-team", "a change by hand is high", {**THING, **IN_CONSOLE}, "high", ["team"]),
    ("small-team", "a load test is told to nobody", {**TEST_THING, **IN_CONSOLE}, "high", []),
    (
        "small-team",
        "and once its suppression ended it is",
        {**TEST_THING, **IN_CONSOLE, "eventTime": "2027-07-01T00:00:00Z"},
        "high",
        ["team"],
    ),
    ("small-team", "what is off is silent", {"operation": "DeletePolicyVersion"}, None, []),
    ("large-organisation", "certificates go to PKI and on call", {}, "high", ["archive", "on-call", "pki"]),
    ("large-organisation", "staging wakes nobody on call", STAGING, "high", ["archive", "pki"]),
    (
        "large-organisation",
        "the pipeline's routine is low",
        {**ROLE_ALIAS, "userIdentity": by_role("ci/terraform-7")},
        "low",
        ["archive"],
    ),
    ("large-organisation", "the same by a person is not", ROLE_ALIAS, "medium", ["archive"]),
    ("large-organisation", "a job from our bucket is the fleet team's", JOB, "medium", ["archive", "fleet"]),
    (
        "large-organisation",
        "a job from elsewhere is loud",
        THEIR_JOB,
        "high",
        ["archive", "fleet", "on-call"],
    ),
    (
        "large-organisation",
        "another account of ours is no stranger",
        {**THING, "requestParameters": {"target": "arn:aws:iot:eu-west-1:444455556666:thing/x"}},
        "informational",
        [],
    ),
    (
        "large-organisation",
        "a tunnel by a machine is critical",
        TUNNEL,
        "critical",
        ["archive", "on-call"],
    ),
    (
        "large-organisation",
        "the break-glass role is critical whatever it does",
        {**THING, "userIdentity": by_role("break-glass")},
        "critical",
        ["archive", "fleet", "on-call"],
    ),
    (
        "large-organisation",
        "services that are left out are silent",
        {"operation": "CreateFleet", "eventSource": "iotfleetwise.amazonaws.com"},
        None,
        [],
    ),
    ("noisy-provisioning", "the line's activations are low", LINE, "low", ["record"]),
    ("noisy-provisioning", "anybody else's are high", {}, "high", ["record", "secops"]),
    (
        "noisy-provisioning",
        "the line's other work is as loud as ever",
        {**POLICY, **LINE},
        "critical",
        ["record", "secops"],
    ),
    ("noisy-provisioning", "the trial is told to nobody", {**KEYS, **TRIAL}, "high", []),
    ("compliance-archive", "reads are kept", LIST, "informational", ["archive"]),
    (
        "compliance-archive",
        "denied reads are told",
        {**LIST, "errorCode": "AccessDeniedException"},
        "high",
        ["archive", "compliance"],
    ),
    ("compliance-archive", "what is informational is kept", THING, "informational", ["archive"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("example", "record", "severity", "told"),
    [(e, r, s, t) for e, _, r, s, t in TOLD],
    ids=[f"{e}: {c}" for e, c, _, _, _ in TOLD],
)
def test_each_example_tells_whom_its_comments_say(
    example: str, record: Mapping[str, Any], severity: str | None, told: list[str]
) -> None:
    finding = found(example, parse_event(make_event(**record)))
    assert (severity, told) == (
        finding.severity.value if finding else None,
        sorted(finding.destinations) if finding else [],
    )


def test_every_example_is_tried() -> None:
    assert {path.stem for path in EXAMPLES} == {row[0] for row in TOLD}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_sound_and_without_warnings(path: Path) -> None:
    checked = check_config(path, CATALOG)
    assert ((), ()) == (checked.faults, checked.warnings)


def read_plainly(record: Record, config: Config) -> tuple[str, list[str], set[str]] | None:
    """What a config means for a record, read from its sections one by one: severity, rules, destinations."""
    any_operation = load_any_operation()
    written = config.allow_lists
    lists = AllowLists(*map(frozenset, (written.accounts, written.buckets, written.domains)))
    view: dict[str, Any] = {**record.raw, "facts": derive_facts(record, lists)}
    operation = operation_of(record, config)
    if operation is None:
        return None
    verdicts: list[Said] = [
        (worst(rule.severity, rule.escalate, view), rule.name, rule.category)
        for rule in config.rules
        if rule.match is not None and matches(rule.match, view)
    ]
    entry = CATALOG.get(operation)
    override = config.operations.get(operation)
    base: str = override.severity if override and override.severity else entry.severity.value if entry else ""
    if entry is None:
        reads = record.event_name.startswith(("Get", "List", "Describe", "BatchGet"))
        entry = any_operation.reads if reads else any_operation.uncatalogued
        base = config.defaults.uncatalogued if not reads else config.defaults.reads
        base = "off" if reads and not config.watch.reads else base
        operation = "read-operation" if reads else "uncatalogued-operation"
    if base != "off":
        escalate = entry.escalate if override is None or override.escalate is None else override.escalate
        severity = worst(Severity(base), escalate, view)
        if severity < Severity.CRITICAL:
            severity = min([severity, *lowered(operation, view, config)])
        circumstances = [each for each in any_operation.circumstances.values() if matches(each.when, view)]
        severity = max([severity, *(each.at_least for each in circumstances if each.at_least)])
        severity = min([severity, *(each.at_most for each in circumstances if each.at_most)])
        verdicts.append((severity, operation, entry.category))
    if not verdicts:
        return None
    verdicts.sort(key=lambda each: each[0], reverse=True)
    day = record.event_time.strftime("%Y-%m-%d")
    told = [
        verdict
        for verdict in verdicts
        if not any(
            matches(each.match, seen_with([verdict], entry, view)) and day <= str(each.until)
            for each in config.suppressions
        )
    ]
    severity = (told or verdicts)[0][0]
    names = [name for _, name, _ in told or verdicts]
    heard = audience(seen_with(told, entry, view), severity, config) if told else set()
    return severity.value, names, heard


Said = tuple[Severity, str, str | None]


def seen_with(verdicts: list[Said], entry: Entry, view: Mapping[str, Any]) -> dict[str, Any]:
    severity, _, category = verdicts[0]
    names = [name for _, name, _ in verdicts]
    told = {"rule": names, "category": category or entry.category, "severity": severity.value}
    return {**view, "finding": told}


def operation_of(record: Record, config: Config) -> str | None:
    for service in SERVICES.values():
        if record.event_source in service.event_sources:
            watched = config.watch.services is None or service.prefix in config.watch.services
            return f"{service.prefix}:{record.event_name}" if watched else None
    return None


def lowered(operation: str, view: Mapping[str, Any], config: Config) -> list[Severity]:
    return [
        each.at_most or max(Severity.LOW, config.defaults.minimum_severity)
        for each in config.known_automation
        if each.operations is None or operation in each.operations
        if any(fnmatchcase(view["facts"]["actor"]["id"], role) for role in each.roles)
    ]


def audience(view: Mapping[str, Any], severity: Severity, config: Config) -> set[str]:
    if severity < config.defaults.minimum_severity:
        return set()
    return {
        name
        for route in config.routes
        if severity in route.severity and (route.match is None or matches(route.match, view))
        for name in route.to
    }


def worst(base: Severity, escalations: Iterable[Escalation], view: Mapping[str, Any]) -> Severity:
    return max([base, *(each.to for each in escalations if matches(each.when, view))])


def matches(pattern: Mapping[str, Any], view: Mapping[str, Any]) -> bool:
    return compile_nodes(read_pattern(pattern), lower_path)(lower_parameters(view))


@pytest.mark.parametrize("path", [ROOT / "config" / "alerts.yaml", *EXAMPLES], ids=lambda path: path.stem)
def test_what_is_compiled_judges_every_event_as_what_was_written(path: Path) -> None:
    config = check_config(path, CATALOG).require()
    ruleset = load_ruleset(dump_ruleset(compile_ruleset(config, CATALOG, load_any_operation())))
    records = [read_record(each) for each in EVENTS] + [parse_event(make_event(**row[2])) for row in TOLD]
    assert len(records) > 40
    for record in records:
        finding = judge_event(record, ruleset).finding
        judged = finding and (
            finding.severity.value,
            [each.rule.name for each in finding.verdicts],
            set(finding.destinations),
        )
        assert read_plainly(record, config) == judged, record.event_name
