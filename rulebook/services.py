"""The AWS services whose operations the catalog judges, and the names under which they appear."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Service:
    """One service: its prefix in `iot:UpdateCertificate` and its names in events.

    `bus_source` is the `source` of the EventBridge envelope; `event_sources` are the
    spellings of the record's `eventSource`; `models` are botocore's names of it. A `retired` service sends
    nothing any more; its records turn up in history.
    """

    prefix: str
    bus_source: str
    event_sources: tuple[str, ...]
    models: tuple[str, ...]
    retired: bool = False


def _service(prefix: str, *models: str, retired: bool = False) -> Service:
    return Service(prefix, f"aws.{prefix}", (f"{prefix}.amazonaws.com",), models or (prefix,), retired)


# Sources: https://docs.aws.amazon.com/eventbridge/latest/ref/events.html; for managed integrations and the
# retired services no page names the source, and it is taken to be like the others.
SERVICES: Mapping[str, Service] = {
    service.prefix: service
    for service in (
        # IoT Core; jobs, OTA updates and Device Defender are under the same name.
        _service("iot"),
        _service("iotwireless"),
        # Version 1 ended on 2026-10-07. Both versions use one name, and CreateDeployment is in both.
        _service("greengrass", "greengrassv2", "greengrass"),
        # The service model spells it without the D, EventBridge and CloudTrail with it.
        Service(
            "iotsecuredtunneling",
            "aws.iotsecuredtunneling",
            ("iotsecuredtunneling.amazonaws.com", "iotsecuretunneling.amazonaws.com"),
            ("iotsecuretunneling",),
        ),
        _service("iotsitewise"),
        _service("iotfleetwise"),
        _service("iottwinmaker"),
        _service("iotdeviceadvisor"),
        _service("iotmanagedintegrations", "iot-managed-integrations"),
        _service("iotfleethub", retired=True),
        _service("iotevents", retired=True),
        _service("iotanalytics", retired=True),
        _service("iotthingsgraph", retired=True),
    )
}

RUNNING = tuple(service for service in SERVICES.values() if not service.retired)
"""The services that still send something."""


def watched_services(names: Iterable[str] | None) -> tuple[Service, ...]:
    """The services whose events reach us: those that config names, else all that AWS still runs."""
    return RUNNING if names is None else tuple(SERVICES[name] for name in names)


def judged_services(names: Iterable[str] | None) -> tuple[Service, ...]:
    """The services whose records are judged: the watched ones, and unless config names some, the retired ones
    too, whose records turn up in history.
    """
    return tuple(SERVICES.values()) if names is None else watched_services(names)
