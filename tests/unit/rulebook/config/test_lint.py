"""Warnings: what works today and may surprise tomorrow, each at its place."""

from datetime import date
from pathlib import Path

import pytest

from rulebook.config import check_config
from tests.support.catalog import CATALOG

TODAY = date(2026, 11, 22)
AUDIT = "version: 1\ndestinations:\n  audit: {sns: create}\n"


def warned(tmp_path: Path, text: str, today: date = TODAY) -> list[str]:
    path = tmp_path / "alerts.yaml"
    path.write_text(text, encoding="utf-8")
    found = check_config(path, CATALOG, today=today)
    assert () == found.faults
    return [str(each).removeprefix(f"{path}:") for each in found.warnings]


def suppression(until: str, match: str = "{eventName: [CreateThing]}") -> str:
    return f"{AUDIT}suppressions:\n  - {{name: rollout, match: {match}, reason: OPS-12, until: {until}}}\n"


@pytest.mark.parametrize(
    ("until", "said"),
    [
        ("2026-11-21", "rollout ended on 2026-11-21, so it suppresses nothing; delete or renew it"),
        ("2026-11-22", "rollout ends today; then its findings are told again"),
        ("2026-11-23", "rollout ends tomorrow; then its findings are told again"),
        ("2026-12-06", "rollout ends in 14 days, on 2026-12-06; then its findings are told again"),
        ("2027-11-24", "rollout holds for more than a year; end it sooner and look at it again"),
    ],
)
def test_a_suppression_that_ended_or_ends_soon_is_told(until: str, said: str, tmp_path: Path) -> None:
    assert [f"5:79: suppressions.0.until: {said}"] == warned(tmp_path, suppression(until))


def test_a_suppression_that_ends_later_is_not(tmp_path: Path) -> None:
    assert [] == warned(tmp_path, suppression("2026-12-07")) == warned(tmp_path, suppression("2027-11-23"))


RULE = (
    "rules:\n"
    "  - {name: mine, severity: high, why: x,\n"
    "     match: {eventName: [CreateThing], facts: {actor: {kind: [root]}}}}\n"
)


@pytest.mark.parametrize(
    ("match", "shadowed"),
    [
        ("{eventName: [CreateThing]}", True),
        ("{eventName: [{prefix: Create}], facts.actor.kind: [role, root]}", True),
        ("{finding: {rule: [mine]}}", True),
        ("{eventName: [DeleteThing]}", False),
        ("{eventName: [CreateThing], requestParameters: {thingName: [lamp]}}", False),
        ("{eventName: [CreateThing], facts: {actor: {kind: [role]}}}", False),
        ("{$or: [{eventName: [CreateThing]}, {eventName: [DeleteThing]}]}", False),
        ("{finding: {category: [thing]}}", False),
    ],
)
def test_a_rule_that_a_suppression_surely_suppresses_is_told(
    match: str, shadowed: bool, tmp_path: Path
) -> None:
    said = "7:5: rules.0: the suppression rollout suppresses all that this rule finds"
    assert ([said] if shadowed else []) == warned(tmp_path, suppression("2027-06-30", match) + RULE)


def test_a_rule_is_not_shadowed_by_what_has_ended(tmp_path: Path) -> None:
    said = warned(tmp_path, suppression("2026-11-01") + RULE)
    assert ["suppressions.0.until"] == [line.split(": ")[1] for line in said]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (
            "  pager: {sns: create}\nroutes:\n  - {to: [audit]}\n",
            ["4:3: destinations.pager: no route names this destination, so it hears of nothing"],
        ),
        ("  ops: {sns: create}\nroutes:\n  - {to: [audit]}\noperators: {to: [ops]}\n", []),
        (
            "routes:\n  - {severity: [critical, high], to: [audit]}\n",
            [
                "4:1: routes: no route without a match takes low, medium, so such findings may reach nobody;"
                " add it to a route, or raise defaults.minimum_severity above it"
            ],
        ),
        (
            "routes:\n  - {match: {awsRegion: [eu-west-1]}, to: [audit]}\n",
            [
                "4:1: routes: no route without a match takes low, medium, high, critical, so such findings"
                " may reach nobody; add it to a route, or raise defaults.minimum_severity above it"
            ],
        ),
        (
            "defaults: {minimum_severity: high}\n"
            "routes:\n  - {severity: [critical, high, low], to: [audit]}\n",
            [
                "6:33: routes.0.severity.2: low is below defaults.minimum_severity,"
                " so this route hears of none"
            ],
        ),
        (
            "watch: {services: [iot, iotevents]}\n",
            ["4:25: watch.services.1: AWS retired this service; it sends nothing any more"],
        ),
        (
            "watch: {services: [iot]}\noperations:\n  iotwireless:CreateWirelessDevice: {severity: high}\n",
            [
                "6:3: operations.iotwireless:CreateWirelessDevice: watch.services leaves this service out,"
                " so this changes nothing"
            ],
        ),
        (
            "  archive: {sns: create, dedup: off}\n"
            "routes: [{to: [archive]}, {severity: [critical], to: [audit]}]\n"
            "defaults: {dedup: {window: 1h, first: 1}}\n",
            [],
        ),
        (
            "  archive: {sns: create, dedup: off}\n"
            "routes: [{to: [archive]}]\n"
            "defaults: {dedup: {window: 1h, first: 1}}\n",
            [
                "3:3: destinations.audit: no route names this destination, so it hears of nothing",
                "6:12: defaults.dedup: changes nothing: every destination that a route names is an archive",
            ],
        ),
        (
            "  team: {slack: ssm:/team}\nwatch: {reads: true}\ndefaults: {minimum_severity: informational}\n",
            ["5:16: watch.reads: team in Slack will hear of every call that reads: thousands a day"],
        ),
        (
            "watch: {services: [iot]}\n"
            "known_automation:\n"
            "  - name: a\n"
            '    roles: ["arn:aws:iam::111122223333:role/ci"]\n'
            "    operations: [iot:CreateThing, iotwireless:CreateWirelessDevice]\n"
            "    reason: x\n",
            [
                "8:35: known_automation.0.operations.1: watch.services leaves this service out,"
                " so this changes nothing"
            ],
        ),
        (
            "operations: {iotevents:CreateInput: {severity: high}}\n",
            ["4:14: operations.iotevents:CreateInput: AWS retired this service, so this changes nothing"],
        ),
        (
            "defaults: {reads: high}\n",
            ["4:12: defaults.reads: watch.reads is false, so this changes nothing"],
        ),
        (
            "defaults: {minimum_severity: high}\n"
            "rules:\n  - {name: mine, match: {eventName: [CreateThing]}, severity: low, why: x}\n",
            ["6:63: rules.0.severity: is below defaults.minimum_severity, high, so mine is told to nobody"],
        ),
        (
            "routes:\n  - {to: [audit]}\n"
            "  - {severity: [critical], match: {finding: {severity: [low]}}, to: [audit]}\n",
            [
                "6:35: routes.1.match: asks for other severities than the route takes,"
                " so this route hears of none"
            ],
        ),
        (
            "  team: {slack: ssm:/team}\nwatch: {reads: true}\n"
            "routes:\n  - {to: [audit]}\n  - {severity: [critical, high], to: [team]}\n",
            [],
        ),
        (
            "rules:\n  - {name: mine, match: {eventName: [{prefix: create}]}, severity: high, why: x}\n",
            [
                "5:37: rules.0.match.eventName: matches no operation that this release knows;"
                " is it spelled as AWS does?"
            ],
        ),
        ("watch: {reads: true}\ndefaults: {minimum_severity: informational}\n", []),
        ("routes:\n  - {match: {awsRegion: [eu-west-1]}, to: [audit]}\n  - {to: [audit]}\n", []),
    ],
)
def test_what_may_surprise_is_told_at_its_place(more: str, expected: list[str], tmp_path: Path) -> None:
    assert expected == warned(tmp_path, f"{AUDIT}{more}")


def test_a_secret_whose_name_ends_like_an_arn_is_told(tmp_path: Path) -> None:
    (said,) = warned(tmp_path, "version: 1\ndestinations:\n  a: {slack: secretsmanager:slack-secops}\n")
    assert said.startswith("3:14: destinations.a.slack: the name ends in a hyphen and six characters")
