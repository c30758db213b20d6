"""The AWS services whose operations the catalog judges, and the names under which they appear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Service:
    """One service: its prefix in `iot:UpdateCertificate` and its names in events.

    `bus_source` is the `source` of the EventBridge envelope; `event_sources` are the
    spellings of the record's `eventSource`.
    """

    prefix: str
    bus_source: str
    event_sources: tuple[str, ...]


SERVICES: Mapping[str, Service] = {
    service.prefix: service
    for service in (
        # IoT Core; jobs, OTA updates and Device Defender are under the same name.
        Service("iot", "aws.iot", ("iot.amazonaws.com",)),
    )
}
