"""How operations are named, and what a name says.

An operation is one API of one service, written `iot:UpdateCertificate`; never the name alone, for
CreatePolicy is also an operation of IAM.
"""

from __future__ import annotations

from functools import lru_cache

READ_PREFIXES = ("BatchGet", "Describe", "Get", "List")
"""How the names of operations begin that only read, in every service that the catalog covers."""

_DOMAIN = ".amazonaws.com"
_SPELLINGS = {"iotsecuretunneling": "iotsecuredtunneling"}
"""The service model and some records spell it without the D, EventBridge and CloudTrail with it."""


@lru_cache(maxsize=256)
def service_of(event_source: str) -> str:
    """The service's prefix in operation names: `iot` for the eventSource `iot.amazonaws.com`.

    What is no AWS service stands in brackets, so that it is never taken for one.
    """
    if not event_source.endswith(_DOMAIN):
        return f"[{event_source}]"
    service = event_source.removesuffix(_DOMAIN)
    return _SPELLINGS.get(service, service)


@lru_cache(maxsize=1024)
def name_operation(event_source: str, event_name: str) -> str:
    """The operation's one name, from the two fields of a record that identify it."""
    return f"{service_of(event_source)}:{event_name}"


def split_operation(operation: str) -> tuple[str, str]:
    """Service and event name of an operation, as people may type it: either spelling of a service will do."""
    service, _, event_name = operation.partition(":")
    return _SPELLINGS.get(service, service), event_name


def is_read(event_name: str) -> bool:
    """Whether an operation only reads, by its name alone.

    Not by the record's `readOnly`, which lies both ways: CloudTrail records DescribeEndpoint as a write, and
    lists three writing operations of AWS IoT Wireless as reads.
    """
    return event_name.startswith(READ_PREFIXES)
