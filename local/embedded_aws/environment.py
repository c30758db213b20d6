"""The process environment of the emulator, which every function it runs inherits.

MiniStack reads its settings when it is imported, and starts functions with a copy of its own environment. So
the host's variables are dropped here, before MiniStack is imported: a proxy, a profile, a CA bundle or a
PYTHONPATH of the host must neither break loopback calls nor make a function work that would fail on Lambda.
"""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

ACCOUNT = "000000000000"
REGION = "us-east-1"

# What a process needs to start at all, and what a person debugging the emulator may set.
_KEPT_FROM_HOST = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "LOG_LEVEL")


@dataclass(frozen=True)
class Settings:
    """How one embedded AWS is run."""

    port: int
    folder: Path
    access_key: str = "test"
    secret_key: str = "test"  # noqa: S105 - the emulator's own
    region: str = REGION
    async_retry_seconds: float = 0.5
    concurrency: int = 4
    parent: int | None = None


def enter(settings: Settings) -> None:
    """Make this process's environment the emulator's. Call it before MiniStack is imported."""
    kept = {name: os.environ[name] for name in _KEPT_FROM_HOST if name in os.environ}
    temporary = settings.folder / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    os.environ.clear()
    os.environ.update(kept)
    os.environ.update(
        {
            # MiniStack: one loopback port, nothing outside of the process, nothing kept.
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(settings.port),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": "unix:///nonexistent",
            "PERSIST_STATE": "0",
            "S3_PERSIST": "0",
            "STATE_DIR": str(temporary / "state"),
            "S3_DATA_DIR": str(temporary / "s3"),
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": settings.region,
            "LAMBDA_ASYNC_RETRY_BASE_SECONDS": str(settings.async_retry_seconds),
            # The key that MiniStack takes for the account's root.
            "AWS_ACCESS_KEY_ID": settings.access_key,
            "AWS_SECRET_ACCESS_KEY": settings.secret_key,
            # Functions: files go where the emulator's go, and no SDK looks for the host's configuration.
            "HOME": str(temporary),
            "TMPDIR": str(temporary),
            "TZ": "UTC",
            "NO_PROXY": "*",
            "AWS_EC2_METADATA_DISABLED": "true",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
    )
    tempfile.tempdir = str(temporary)
