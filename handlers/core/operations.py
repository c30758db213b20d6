"""What an operation's name says about it."""

from __future__ import annotations

READ_PREFIXES = ("BatchGet", "Describe", "Get", "List")
"""How the names of operations begin that only read, in every service that the catalog covers."""


def is_read(event_name: str) -> bool:
    """Whether an operation only reads, by its name alone.

    Not by the record's `readOnly`, which lies both ways: CloudTrail records DescribeEndpoint as a write, and
    lists three writing operations of AWS IoT Wireless as reads.
    """
    return event_name.startswith(READ_PREFIXES)
