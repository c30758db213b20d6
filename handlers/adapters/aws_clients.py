"""How every AWS client of the functions behaves."""

from __future__ import annotations

from botocore.config import Config

CONFIG = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 3},
)
"""Every call ends within 12 s (three tries and the waits between them), so that all the calls of a run
end inside the function's timeout, and a claim is released and not left to lapse."""
