"""Run the embedded AWS in the foreground: `python -m local.embedded_aws --port 4566`."""

import argparse
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from . import environment


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, then serve."""
    parser = argparse.ArgumentParser(prog="python -m local.embedded_aws", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--folder", type=Path, help="where temporary files go; default: a folder removed at the end"
    )
    parser.add_argument("--access-key", default="test", help="the access key of the account's root")
    parser.add_argument("--secret-key", default="test")
    parser.add_argument("--region", default=environment.REGION)
    parser.add_argument(
        "--async-retry-seconds", type=float, default=0.5, help="pause before the first async retry"
    )
    parser.add_argument("--concurrency", type=int, default=4, help="how many functions run at a time")
    parser.add_argument(
        "--parent", type=int, help="end when the process with this id is no longer the parent"
    )
    options = vars(parser.parse_args(arguments))
    with ExitStack() as at_end:
        if options["folder"] is None:
            temporary = tempfile.TemporaryDirectory(prefix="embedded-aws-", ignore_cleanup_errors=True)
            options["folder"] = Path(at_end.enter_context(temporary))
        settings = environment.Settings(**options)
        environment.enter(settings)
        from .server import run  # noqa: PLC0415 - MiniStack reads its settings when it is imported

        run(settings)


if __name__ == "__main__":
    main()
