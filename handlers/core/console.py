"""Links into the AWS console, for every partition."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote

# https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
_PARTITIONS = {
    "cn-": ("aws-cn", "console.amazonaws.cn"),
    "us-gov-": ("aws-us-gov", "console.amazonaws-us-gov.com"),
}


_PLAIN = re.compile(r"[\w.-]*", re.ASCII)
"""What needs no quoting; nearly all ids are this."""


def partition_of(region: str) -> str:
    """The partition that ARNs of a Region begin with: `aws`, `aws-cn` or `aws-us-gov`."""
    return _partition(region)[0]


def event_link(region: str, event_id: str) -> str:
    """The page of one event in CloudTrail's event history (it keeps 90 days)."""
    return _link(region, "cloudtrailv2", f"/events/{_quoted(event_id)}")


def iot_link(region: str, page: str, identifier: str) -> str:
    """The page of one resource in the console of AWS IoT Core, such as page `certificate`."""
    return _link(region, "iot", f"/{page}/{_quoted(identifier)}")


def alarm_link(region: str, name: str) -> str:
    """The page of an alarm."""
    return _link(region, "cloudwatch", f"alarmsV2:alarm/{_quoted(name)}")


def _link(region: str, service: str, place: str) -> str:
    return f"{_home(region, service)}#{place}"


@lru_cache(maxsize=64)
def _home(region: str, service: str) -> str:
    safe = _quoted(region)
    return f"https://{safe}.{_partition(region)[1]}/{service}/home?region={safe}"


def _quoted(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    # JSON may hold half a surrogate pair, which UTF-8 can not.
    return quote(text, safe="", errors="replace")


def _partition(region: str) -> tuple[str, str]:
    for prefix, partition in _PARTITIONS.items():
        if region.startswith(prefix):
            return partition
    return ("aws", "console.aws.amazon.com")
