"""Links into the AWS console, for every partition."""

from __future__ import annotations

from urllib.parse import quote

# https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
_CONSOLES = {"cn-": "console.amazonaws.cn", "us-gov-": "console.amazonaws-us-gov.com"}


def event_link(region: str, event_id: str) -> str:
    """The page of one event in CloudTrail's event history (it keeps 90 days)."""
    host = next(
        (host for prefix, host in _CONSOLES.items() if region.startswith(prefix)), "console.aws.amazon.com"
    )
    place = quote(region, safe="")
    return f"https://{place}.{host}/cloudtrailv2/home?region={place}#/events/{quote(event_id, safe='')}"
