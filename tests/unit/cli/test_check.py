"""`thingwatch check` and `thingwatch init`, as people and machines use them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from rulebook.config import load_config
from rulebook.windowed_rules import load_windowed_rules
from tests.support.catalog import CATALOG

AUDIT = "version: 1\ndestinations:\n  audit: {sns: create}\n"
ENDED = (
    f"{AUDIT}suppressions:\n"
    "  - {name: a, match: {eventName: [CreateThing]}, reason: x, until: 2020-01-01}\n"
)


def run(*arguments: str | Path, typed: str = "") -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments], input=typed)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "alerts.yaml"


def test_a_sound_file_says_what_is_watched_and_who_hears_of_what(file: Path) -> None:
    file.write_text(
        f"{AUDIT}  team: {{slack: ssm:/team}}\n"
        "watch: {services: [iotsecuredtunneling]}\n"
        "operations: {iotsecuredtunneling:CloseTunnel: {severity: off}}\n"
        "rules:\n"
        "- {name: mine, match: {eventName: [OpenTunnel]}, severity: high, why: x}\n"
        "- {name: many, match: {eventName: [OpenTunnel]}, severity: high, why: x,"
        " event_count: {at_least: 5, within: 1h}}\n"
        "thresholds: {certificate-burst: off, mass-deletion: {at_least: 9}}\n"
        "routes: [{to: [audit]}, {severity: [critical], match: {awsRegion: [eu-west-1]}, to: [team]}]\n"
    )
    said = run("check", file)
    assert (
        0,
        f"{file}: fine\n"
        "  watches   iotsecuredtunneling; calls that write\n"
        "  judges    4 operations and a custom rule\n"
        f"  counts    {len(load_windowed_rules())} built-in rules over time, 1 tuned, 1 off, 1 of yours\n"
        "  critical      audit; where a match holds: team; 5 of a kind at once in 10 minutes\n"
        "  high          audit; 3 of a kind at once in 10 minutes\n"
        "  medium        audit; 1 of a kind at once in 10 minutes\n"
        "  low           audit; 1 of a kind at once in 10 minutes\n"
        "  informational nobody: below minimum_severity\n",
    ) == (said.exit_code, said.stdout)


def test_what_is_held_back_from_nobody_is_not_told_of(file: Path) -> None:
    file.write_text(
        "version: 1\n"
        "destinations: {archive: {sns: create, dedup: off}, team: {slack: ssm:/team}}\n"
        "defaults: {dedup: {high: off, critical: {window: 90s, first: 7}}}\n"
        "routes: [{to: [archive]}, {severity: [critical, high], to: [team]}]\n"
    )
    lines = run("check", file).stdout.splitlines()
    assert [
        "  critical      archive, team; 7 of a kind at once in 90 seconds",
        "  high          archive, team",
        "  medium        archive",
    ] == [line for line in lines if line.split()[0] in {"critical", "high", "medium"}]


def test_faults_go_to_standard_error_and_the_exit_code_is_two(file: Path) -> None:
    file.write_text(f"{AUDIT}route: []\nwatch: {{reads: yes}}\n")
    said = run("check", file)
    assert (2, "", [f"{file}:4:1", f"{file}:5:16"]) == (
        said.exit_code,
        said.stdout,
        [line.split(": ")[0] for line in said.stderr.splitlines()],
    )


@pytest.mark.parametrize(("flags", "code"), [((), 0), (("--strict",), 1)])
def test_a_warning_is_told_and_is_a_failure_only_if_asked(
    file: Path, flags: tuple[str, ...], code: int
) -> None:
    file.write_text(ENDED)
    said = run("check", file, *flags)
    assert code == said.exit_code
    assert "\nWorth a look\n" in said.stdout
    assert "suppressions.0.until: a ended on 2020-01-01" in said.stdout


def test_machines_read_faults_and_warnings_with_their_places(file: Path) -> None:
    file.write_text(ENDED)
    data = json.loads(run("check", file, "--json").stdout)
    (warning,) = data["warnings"]
    assert ([], 5, "suppressions.0.until") == (data["faults"], warning["line"], warning["path"])
    file.write_text("version: 2\n")
    said = run("check", file, "--json")
    assert (2, ["destinations", "version"]) == (
        said.exit_code,
        [fault["path"] for fault in json.loads(said.stdout)["faults"]],
    )


def test_without_a_file_the_checkouts_own_is_checked() -> None:
    assert "config/alerts.yaml: fine\n" in run("check").stdout


def test_a_file_that_is_not_there_is_bad_input(file: Path) -> None:
    said = run("check", file)
    assert (2, f"{file}:1:1: the file does not exist; check the path\n") == (said.exit_code, said.stderr)


ROLE = "arn:aws:iam::111122223333:role/provisioner"


def test_init_asks_three_questions_again_until_they_are_answered_and_writes_a_sound_file(file: Path) -> None:
    typed = f"Ops Team\naudit\nops\nhihg\nmedium\nprovisioner\n{ROLE}\n"
    said = run("init", file, typed=typed)
    assert 0 == said.exit_code, said.output
    for hint in (
        "a name has up to 40 small letters",
        "audit is the name of the SNS topic",
        'did you mean "high"?',
        "write the ARN of a role or user",
    ):
        assert hint in said.stdout
    config = load_config(file, CATALOG)
    assert (["ops", "audit"], (ROLE,)) == ([*config.destinations], config.known_automation[0].roles)
    assert [["critical", "high", "medium"], ["low"]] == [
        [each.value for each in route.severity or ()] for route in config.routes or ()
    ]


def test_init_asks_nothing_that_flags_answer(file: Path) -> None:
    said = run("init", file, "--slack", "none", "--provisioner", "none")
    assert (0, f"{file}: written. Next: thingwatch check {file}\n") == (said.exit_code, said.stdout)
    assert ["audit"] == [*load_config(file, CATALOG).destinations]
    assert [] == json.loads(run("check", file, "--json").stdout)["warnings"]


def test_the_comments_that_init_writes_are_sound_once_they_are_none(file: Path) -> None:
    run("init", file, "--slack", "ops", "--slack-from", "low", "--provisioner", "none")
    lines = file.read_text().splitlines()
    starts = ("known_automation:", "thresholds:", "operations:", "suppressions:", "aliases:")
    active = [
        line.removeprefix("# ") if line.startswith(("#  ", *(f"# {key}" for key in starts))) else line
        for line in lines
    ]
    file.write_text("\n".join(active) + "\n")
    config = load_config(file, CATALOG)
    assert (1, 1, 1, 1, 1) == (
        len(config.known_automation),
        len(config.thresholds),
        len(config.operations),
        len(config.suppressions),
        len(config.aliases.accounts),
    )


def test_init_replaces_a_file_only_if_told_to(file: Path) -> None:
    file.write_text("mine")
    flags = ("--slack", "none", "--provisioner", "none")
    said = run("init", file, *flags)
    assert (2, "mine") == (said.exit_code, file.read_text())
    assert f"{file}: is there already; give another name, or --force to replace it\n" == said.stderr
    assert 0 == run("init", file, *flags, "--force").exit_code
    assert "mine" != file.read_text()


@pytest.mark.parametrize(
    "flags",
    [
        ("--slack", "Ops Team", "--slack-from", "high", "--provisioner", "none"),
        ("--slack", "ops", "--slack-from", "informational", "--provisioner", "none"),
        ("--slack", "ops", "--slack-from", "high", "--provisioner", "arn:aws:iam::111122223333:role/*"),
        ("--slack", "ops", "--slack-from", "high"),
    ],
    ids=["name", "severity", "every role", "no answer"],
)
def test_a_bad_or_missing_answer_writes_nothing(file: Path, flags: tuple[str, ...]) -> None:
    said = run("init", file, *flags)
    assert (2, False) == (said.exit_code, file.exists())
    assert said.stderr


def test_a_folder_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    said = run("init", tmp_path / "no" / "alerts.yaml", "--slack", "none", "--provisioner", "none")
    assert (2, True) == (said.exit_code, "can not be written: No such file or directory" in said.stderr)
