"""The services whose calls leave a CloudTrail record, found by what a request is signed for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from .service_model import ServiceModel

_SCOPE = re.compile(r"Credential=[^/]+/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")


@dataclass(frozen=True)
class RecordedService:
    """One service: its name in events (`iot.amazonaws.com`, `aws.iot`) and its API."""

    name: str
    model: ServiceModel


@cache
def by_scope() -> Mapping[str, RecordedService]:
    """Return them by the name that requests are signed for.

    CloudTrail and EventBridge spell "secured" where the service model of Secure Tunneling says "secure":
    https://docs.aws.amazon.com/eventbridge/latest/ref/events.html
    """
    return {
        "iot": RecordedService("iot", ServiceModel("iot")),
        "iotwireless": RecordedService("iotwireless", ServiceModel("iotwireless")),
        "greengrass": RecordedService("greengrass", ServiceModel("greengrassv2")),
        "IoTSecuredTunneling": RecordedService("iotsecuredtunneling", ServiceModel("iotsecuretunneling")),
    }


def find(headers: Mapping[str, str]) -> tuple[RecordedService, str] | None:
    """Return the service and the Region that a request is signed for; None for any other service."""
    scope = _SCOPE.search(headers.get("authorization", ""))
    service = by_scope().get(scope["service"]) if scope else None
    return (service, scope["region"]) if scope and service else None
