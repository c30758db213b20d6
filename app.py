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
from cdk.stack import ThingwatchStack
from handlers.core.ruleset_file import dump_ruleset
from rulebook.any_operation import load_any_operation
from rulebook.catalog import load_catalog
from rulebook.compile import compile_ruleset
from rulebook.config import check_config
from rulebook.durations import BadSpan, read_span
from rulebook.faults import RulebookError


def build_app(*, config: Path | None = None, outdir: Path | None = None) -> aws_cdk.App:
    """The app for `config` (default: the context key `config`, else config/alerts.yaml).

    The context key `grace` says how long after a dedup window its rollup is told; `ephemeral` leaves nothing
    behind when the stack goes. Raises `RulebookError`, `BadSpan`, `BadFlag` or `AssetError`. `outdir` is for
    running without the CDK CLI.
    """
    app = aws_cdk.App(outdir=None if outdir is None else str(outdir))
    path = config or Path(app.node.try_get_context("config") or "config/alerts.yaml")
    catalog = load_catalog()
    checked = check_config(path, catalog, today=datetime.now(UTC).date())
    tuning = checked.require()
    ruleset = compile_ruleset(tuning, catalog, load_any_operation())
    stack = ThingwatchStack(
        app,
        "Thingwatch",
        asset=build_asset(dump_ruleset(ruleset)),
        ruleset=ruleset,
        services=tuning.watch.watched,
        reads=tuning.watch.reads,
        grace=read_span(
            app.node.try_get_context("grace") or "5m",
            shortest="1s",
            longest="1h",
            what="grace",
        ),
        ephemeral=_read_flag(app, "ephemeral"),
    )
    for warning in checked.warnings:
        aws_cdk.Annotations.of(stack).add_warning_v2(f"thingwatch:{warning.path}", str(warning))
    add_checks(app, stack)
    return app


class BadFlag(ValueError):
    """A context key is neither true nor false; the message names it."""


def _read_flag(app: aws_cdk.App, key: str) -> bool:
    value = app.node.try_get_context(key)
    said = "false" if value is None else str(value).lower()
    if said not in ("true", "false"):
        raise BadFlag(f"the context key `{key}`: write true or false")
    return said == "true"


if __name__ == "__main__":
    try:
        build_app().synth()
    except BadSpan as error:
        sys.exit(f"the context key `grace`: {error}")
    except (RulebookError, AssetError, BadFlag) as error:
        sys.exit(str(error))
