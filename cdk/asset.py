"""The Lambda asset: our handlers, their packages and the compiled ruleset, in one folder.

Made without Docker and the same on every machine: only pure-Python wheels, each checked
against its hash, and no file that names the machine. What it holds decides its name, so
an unchanged asset is neither built nor deployed again.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

_ROOT = Path(__file__).parent.parent
_HANDLERS = _ROOT / "handlers"
_REQUIREMENTS = _HANDLERS / "requirements.txt"

_PIP = (
    *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"),
    *("--no-deps", "--require-hashes", "--no-compile"),
    # "any" admits only wheels without compiled code.
    *("--only-binary", ":all:", "--platform", "any", "--implementation", "py", "--abi", "none"),
)

_MACHINE_FILES = ("bin", "*.dist-info/RECORD", "*.dist-info/INSTALLER", "*.dist-info/REQUESTED")
"""What pip writes of its own: scripts that name this interpreter, and the records of its work."""


class AssetError(Exception):
    """The asset can not be built; the message says why and what to do."""


def build_asset(ruleset: str, *, build: Path = _ROOT / "build") -> Path:
    """The folder that Lambda gets, with `ruleset` (JSON text) in it. Raises `AssetError`."""
    packages = _build_packages(build)
    sources = {path.relative_to(_ROOT): path.read_bytes() for path in sorted(_HANDLERS.rglob("*.py"))}
    digest = hashlib.sha256(packages.name.encode())
    for path, content in sources.items():
        digest.update(f"{path.as_posix()}\0{len(content)}\0".encode() + content)
    digest.update(ruleset.encode())

    def fill(folder: Path) -> None:
        shutil.copytree(packages, folder, dirs_exist_ok=True)
        for path, content in sources.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        (folder / "handlers" / "ruleset.json").write_text(ruleset)

    return _make(build / f"asset-{digest.hexdigest()[:16]}", fill)


def _build_packages(build: Path) -> Path:
    # This file is part of what decides: it says how packages are installed and what is left out.
    decisive = _REQUIREMENTS.read_bytes() + Path(__file__).read_bytes()
    digest = hashlib.sha256(decisive).hexdigest()[:16]
    return _make(build / f"packages-{digest}", _install)


def _install(folder: Path) -> None:
    command = (*_PIP, "--requirement", str(_REQUIREMENTS), "--target", str(folder))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        name = _REQUIREMENTS.relative_to(_ROOT)
        raise AssetError(f"pip could not install {name} for Lambda; it said:\n{done.stderr.strip()}")
    for pattern in _MACHINE_FILES:
        for path in folder.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _open_to_lambda(folder: Path) -> None:
    # Lambda runs as another user than the one who deploys, whose umask may hide files from others.
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _make(target: Path, fill: Callable[[Path], None]) -> Path:
    """Fill a new folder and give it its name at the end: a half-made one is never used."""
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            made = Path(scratch) / target.name
            made.mkdir()
            fill(made)
            _open_to_lambda(made)
            try:
                made.rename(target)
            except OSError:
                # Another synth was quicker; its folder holds the same.
                if not target.exists():
                    raise
    return target
