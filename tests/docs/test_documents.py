"""What the documents say is true: commands run, examples are valid, links lead somewhere."""

import re
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from handlers.core.metrics import METRICS
from local.gallery import TITLES
from rulebook.any_operation import load_any_operation
from rulebook.config import check_config
from rulebook.gallery_page import PAGE as GALLERY
from rulebook.gallery_page import PICTURES
from rulebook.gallery_page import render_page as render_gallery
from rulebook.operations_page import PAGE, render_page
from tests.support.aws_commands import faults_of
from tests.support.catalog import CATALOG
from tests.support.documents import blocks

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_into_the_project_leads_somewhere(document: Path) -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text()) if "://" not in link]
    assert [] == [link for link in links if not (document.parent / link).exists()]


def _anchors(document: Path) -> set[str]:
    """The anchors that a page's headings have on the hosting platform."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_to_a_part_of_a_page_finds_it(document: Path) -> None:
    links = re.findall(r"\]\(([^):#]*\.md)?#([^)]+)\)", document.read_text())
    missing = [
        (page, anchor)
        for page, anchor in links
        if anchor not in _anchors(document.parent / page if page else document)
    ]
    assert [] == missing


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_make_target_that_is_named_exists(document: Path) -> None:
    named = set(re.findall(r"(?:`|^|\$ )make ([a-z-]+)", document.read_text(), re.MULTILINE))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set() == named - targets


def test_every_decision_is_in_the_list_of_decisions() -> None:
    folder = ROOT / "docs" / "adr"
    listed = re.findall(r"\((\d{4}-[a-z-]+\.md)\)", (folder / "README.md").read_text())
    assert [path.name for path in sorted(folder.glob("0*.md"))] == listed


def test_every_package_that_we_ask_for_has_its_reason() -> None:
    reasons = (ROOT / "docs" / "adr" / "0006-dependencies.md").read_text()
    project = (ROOT / "pyproject.toml").read_text().split("[tool.", maxsplit=1)[0]
    asked = re.findall(r'^    "([a-z][a-z0-9._-]*)', project, re.MULTILINE)
    assert len(asked) > 15
    assert [] == [name for name in asked if name not in reasons]


def test_the_example_of_a_config_in_the_readme_is_valid(tmp_path: Path) -> None:
    (example,) = blocks(README, "yaml")
    path = tmp_path / "alerts.yaml"
    path.write_text(example)
    checked = check_config(path, CATALOG)
    assert ((), ()) == (checked.faults, checked.warnings)


def test_the_readme_shows_mistakes_exactly_as_they_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (example,) = blocks(README, "yaml")
    path = Path("config/alerts.yaml")
    path.parent.mkdir()
    mistaken = example.replace("iot:DeletePolicyVersion", "iot:DeletPolicyVersion").replace(
        "console:", "consol:"
    )
    path.write_text(mistaken)
    (shown,) = [block for block in blocks(README, "console") if "thingwatch check" in block]
    said = CliRunner().invoke(app, ["check", str(path)])
    assert (2, shown) == (said.exit_code, f"$ thingwatch check\n{said.stderr}")


AWS_COMMANDS = [
    line for block in blocks(README, "sh") for line in block.splitlines() if line.startswith("aws ")
]


@pytest.mark.parametrize("command", AWS_COMMANDS)
def test_every_aws_command_of_the_readme_is_one_that_the_aws_cli_has(command: str) -> None:
    assert [] == faults_of(command)


def test_make_alone_says_what_there_is() -> None:
    said = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    verbs = [
        "setup",
        "demo",
        "check",
        "test",
        "test-long",
        "bench",
        "docs",
        "gallery",
        "models",
        "lock",
        "clean",
    ]
    assert verbs == re.findall(r"^  make ([a-z-]+) ", said, re.MULTILINE)[1:]


@pytest.mark.parametrize("name", ["explain", "replay"])
def test_the_readme_shows_what_a_command_prints(name: str) -> None:
    (shown,) = [block for block in blocks(README, "console") if f"thingwatch {name}" in block]
    command, *lines = shown.splitlines()
    arguments = command.removeprefix("$ thingwatch ").split()
    said = CliRunner().invoke(app, arguments).stdout.splitlines()
    wanted = [line for line in lines if line != "…"]
    assert wanted == [line for line in said if line in wanted]


def test_the_page_of_operations_is_the_one_that_the_catalog_gives() -> None:
    assert render_page(CATALOG, load_any_operation()) == PAGE.read_text(encoding="utf-8")


def test_the_gallery_is_the_one_that_the_catalog_gives_and_has_every_picture() -> None:
    assert render_gallery(CATALOG, TITLES) == GALLERY.read_text(encoding="utf-8")
    assert sorted(TITLES) == sorted(path.stem for path in PICTURES.glob("*.png"))
    of_iot = {entry.category for operation, entry in CATALOG.items() if operation.startswith("iot:")}
    assert set() == of_iot - set(TITLES)


def test_the_readme_counts_the_operations_of_the_catalog() -> None:
    assert [str(len(CATALOG))] == re.findall(r"\[(\d+) operations\]", README)


def test_the_runbook_says_what_each_metric_of_ours_is() -> None:
    rows = [
        f"| `{name}` | {each.unit} | {', '.join(each.dimensions)} | {each.says} |"
        for name, each in METRICS.items()
    ]
    assert "\n".join(rows) in (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
