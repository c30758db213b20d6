"""The Lambda asset: made without Docker, and the same wherever it is made."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cdk import asset
from cdk.asset import AssetError, build_asset


def _content(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_asset("{}", build=tmp_path_factory.mktemp("one"))


def test_two_builds_in_two_places_hold_the_same_bytes_under_the_same_name(
    built: Path, tmp_path: Path
) -> None:
    again = build_asset("{}", build=tmp_path)
    assert (built.name, _content(built)) == (again.name, _content(again))


def test_the_asset_holds_our_handlers_their_packages_and_the_ruleset_and_nothing_else(built: Path) -> None:
    assert {
        "certifi",
        "charset_normalizer",
        "handlers",
        "idna",
        "requests",
        "urllib3",
    } == {path.name for path in built.iterdir() if not path.name.endswith(".dist-info")}
    assert "{}" == (built / "handlers" / "ruleset.json").read_text()


def test_the_asset_is_pure_python(built: Path) -> None:
    compiled = [path for path in built.rglob("*") if path.suffix in {".so", ".pyd", ".dylib", ".pyc"}]
    assert [] == compiled


def test_the_asset_does_not_tell_where_it_was_made(built: Path) -> None:
    traces = (str(built.parent).encode(), sys.prefix.encode())
    found = [
        path for path in built.rglob("*") if path.is_file() and any(it in path.read_bytes() for it in traces)
    ]
    assert [] == found


def test_lambda_may_read_every_file_whatever_the_umask_of_whoever_deploys(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        folder = build_asset("{}", build=tmp_path)
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()}
    assert ({0o644}, 0o755) == (modes, folder.stat().st_mode & 0o777)


def test_a_change_of_a_handler_is_another_asset(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(asset._HANDLERS, tmp_path / "handlers")
    with (tmp_path / "handlers" / "detect.py").open("a") as source:
        source.write("# changed\n")
    monkeypatch.setattr(asset, "_ROOT", tmp_path)
    monkeypatch.setattr(asset, "_HANDLERS", tmp_path / "handlers")
    changed = build_asset("{}", build=built.parent)
    assert built.name != changed.name
    assert (changed / "handlers" / "detect.py").read_text().endswith("# changed\n")


def test_another_ruleset_is_another_asset(built: Path) -> None:
    assert built.name != build_asset('{"version": 1}', build=built.parent).name


def test_the_handlers_import_with_what_the_asset_and_lambda_hold(built: Path) -> None:
    # Lambda itself has boto3; the rest must come from the asset.
    code = (
        "import sys, site; sys.path[:0] = [sys.argv[1]];"
        "import handlers.detect, handlers.deliver, requests;"
        "assert all(m.__file__.startswith(sys.argv[1]) for m in (handlers.detect, requests))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(built)], cwd="/", capture_output=True, text=True, check=False
    )
    assert (0, "") == (done.returncode, done.stderr)


def test_a_package_whose_content_is_not_the_locked_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tampered = tmp_path / "requirements.txt"
    tampered.write_text(f"requests==2.34.2 --hash=sha256:{'0' * 64}\n")
    monkeypatch.setattr(asset, "_REQUIREMENTS", tampered)
    monkeypatch.setattr(asset, "_ROOT", tmp_path)
    monkeypatch.setattr(asset, "_HANDLERS", tmp_path)
    with pytest.raises(AssetError, match=r"^pip could not install requirements\.txt for Lambda; it said:\n"):
        build_asset("{}", build=tmp_path / "build")
    assert [] == list((tmp_path / "build").iterdir())
