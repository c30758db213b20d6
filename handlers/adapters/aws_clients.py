"""How every AWS client of the functions behaves."""

from __future__ import annotations

from botocore.config import Config

CONFIG = Config(
    connect_timeout=2,
    read_timeout=4,
    retries={"mode": "standard", "total_max_attempts": 3},
)
"""Fails well inside a function's timeout, so that a claim is released and not left to lapse."""
