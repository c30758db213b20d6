"""The CDK app: reads the config, makes the stack. No AWS call is made during synth."""

from __future__ import annotations

import sys
from pathlib import Path

try:
    import aws_cdk
except ModuleNotFoundError:
    sys.exit("The CDK packages are not installed here: run `make setup`, or pip install -r requirements.txt")

from cdk.asset import AssetError, build_asset
from cdk.checks import add_checks
from cdk.stack import ThingwatchStack
from handlers.core.ruleset import load_ruleset
from rulebook.catalog import load_catalog
from rulebook.compile import compile_file, serialise_ruleset
from rulebook.faults import Fault, RulebookError
from rulebook.services import SERVICES


def build_app(*, config: Path | None = None, outdir: Path | None = None) -> aws_cdk.App:
    """The app for `config` (default: the context key `config`, else config/alerts.yaml).

    Raises `RulebookError` or `AssetError`. `outdir` is for running without the CDK CLI.
    """
    app = aws_cdk.App(outdir=None if outdir is None else str(outdir))
    path = config or Path(app.node.try_get_context("config") or "config/alerts.yaml")
    warnings: list[Fault] = []
    ruleset = compile_file(path, load_catalog(), warn=warnings.append)
    stack = ThingwatchStack(
        app,
        "Thingwatch",
        asset=build_asset(serialise_ruleset(ruleset)),
        ruleset=load_ruleset(ruleset),
        services=tuple(service for service in SERVICES.values() if not service.retired),
    )
    for warning in warnings:
        aws_cdk.Annotations.of(stack).add_warning_v2(f"thingwatch:{warning.path}", str(warning))
    add_checks(app, stack)
    return app


if __name__ == "__main__":
    try:
        build_app().synth()
    except (RulebookError, AssetError) as error:
        sys.exit(str(error))
