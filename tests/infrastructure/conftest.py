"""One synthesized template for all tests of this folder: building it costs seconds."""

import json
from pathlib import Path
from typing import Any

import pytest

from app import build_app

CONFIG = Path("config/alerts.yaml")


def synthesize(config: Path, folder: Path) -> dict[str, Any]:
    """The template of the app with this config, as the CDK CLI would deploy it."""
    build_app(config=config, outdir=folder).synth()
    template: dict[str, Any] = json.loads((folder / "Thingwatch.template.json").read_text())
    return template


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return synthesize(CONFIG, tmp_path_factory.mktemp("cdk.out"))
