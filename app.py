"""The CDK app: reads the config, makes the stack. No AWS call is made during synth."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

try:
    import aws_cdk
except ModuleNotFoundError:
    sys.exit("The CDK packages are not installed here: run `make setup`, or pip install -r requirements.txt")

from cdk.asset import AssetError, build_asset
from cdk.checks import add_checks
from cdk.context import BadContext, read_settings
from cdk.stack import ThingwatchStack
from handlers.core.ruleset_file import dump_ruleset
from rulebook.any_operation import load_any_operation
from rulebook.catalog import load_catalog
from rulebook.compile import compile_ruleset
from rulebook.config import check_config
from rulebook.faults import RulebookError


def build_app(*, config: Path | None = None, outdir: Path | None = None) -> aws_cdk.App:
    """The app for `config` (default: the context key `config`, else config/alerts.yaml).

    Raises `RulebookError`, `BadContext` or `AssetError`. `outdir` is for running without the CDK CLI.
    """
    app = aws_cdk.App(outdir=None if outdir is None else str(outdir))
    settings = read_settings(app.node.try_get_context)
    catalog = load_catalog()
    checked = check_config(config or settings.config, catalog, today=datetime.now(UTC).date())
    tuning = checked.require()
    ruleset = compile_ruleset(tuning, catalog, load_any_operation())
    stack = ThingwatchStack(
        app,
        "Thingwatch",
        asset=build_asset(dump_ruleset(ruleset)),
        ruleset=ruleset,
        services=tuning.watch.watched,
        reads=tuning.watch.reads,
        operators=tuning.operators,
        canary=tuning.canary,
        settings=settings,
    )
    for warning in checked.warnings:
        aws_cdk.Annotations.of(stack).add_warning_v2(f"thingwatch:{warning.path}", str(warning))
    add_checks(app, stack)
    return app


if __name__ == "__main__":
    try:
        build_app().synth()
    except (RulebookError, AssetError, BadContext) as error:
        sys.exit(str(error))
