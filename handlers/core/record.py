"""A CloudTrail record, parsed out of the EventBridge event that carries it.

The shape is CloudTrail's
(https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html),
version 1.x. Everything in a record may be the choice of an attacker, so nothing is trusted
to have the type that the reference promises.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from handlers.core.parameter_case import lower_first
from handlers.core.text import is_masked

_OTHER_CATEGORIES = frozenset({"Data", "NetworkActivity", "Insight"})
# The record reference says AwsVpceEvents; AWS's examples of such records say AwsVpceEvent.
_CATEGORY_OF_TYPE = {
    "AwsVpceEvent": "NetworkActivity",
    "AwsVpceEvents": "NetworkActivity",
    "AwsCloudTrailInsight": "Insight",
}


class BadRecord(ValueError):
    """The event can not be read as a CloudTrail record; the message says which part is at fault."""


class Record(NamedTuple):
    """What every rule needs of a record; `raw` is the whole of it, for patterns."""

    event_id: str
    """Identity of the call. A record that CloudTrail repeats with corrected data keeps the first one's."""
    event_source: str
    event_name: str
    event_time: datetime
    region: str
    account: str
    """The account whose fleet was touched (recipientAccountId)."""
    request_parameters: Mapping[str, Any]
    """The call's parameters; empty when CloudTrail recorded none."""
    user_identity: Mapping[str, Any]
    """Who called, in CloudTrail's own form; empty when absent."""
    raw: Mapping[str, Any]

    @property
    def source_ip(self) -> str:
        """An address, a service's DNS name, or "AWS Internal"; empty when CloudTrail did not say."""
        return as_text(self.raw.get("sourceIPAddress"))

    @property
    def category(self) -> str:
        """CloudTrail's eventCategory: Management, Data, NetworkActivity or Insight.

        Records before eventVersion 1.07 have none; then the event's type and `managementEvent` tell.
        """
        if said := as_text(self.raw.get("eventCategory")):
            return said
        if found := _CATEGORY_OF_TYPE.get(as_text(self.raw.get("eventType"))):
            return found
        return "Data" if self.raw.get("managementEvent") in (False, "false") else "Management"

    @property
    def is_management(self) -> bool:
        """Whether it is a call of the control plane. A category that AWS adds later counts as one."""
        said = self.raw.get("eventCategory")
        return said == "Management" or self.category not in _OTHER_CATEGORIES

    @property
    def error_code(self) -> str | None:
        """AWS's name of the error that the call met; None when it succeeded."""
        return as_text(self.raw.get("errorCode")) or None

    @property
    def error_message(self) -> str | None:
        """AWS's words on the error. Some services give them in the answer alone."""
        if said := as_text(self.raw.get("errorMessage")):
            return said
        if self.error_code is None:
            return None
        return as_text(value_at(self.raw, "responseElements.Message")) or None


def parse_event(event: object) -> Record:
    """Read the record out of an EventBridge event.

    Raises `BadRecord` when `event` is not an envelope with a CloudTrail record in `detail`.
    """
    if not isinstance(event, dict):
        raise BadRecord(f"the event is {_kind(event)}, not an object")
    detail = event.get("detail")
    if not isinstance(detail, dict):
        raise BadRecord(f"detail is {_kind(detail)}, not a CloudTrail record")
    return parse_record(detail, account=event.get("account"))


def parse_record(detail: Mapping[str, Any], *, account: object = None) -> Record:
    """Read a bare record; `account` is whose trail it comes from, for records that do not say.

    Raises `BadRecord` when a part that every judgement needs is missing or of another type.
    """
    _object_or_null(detail, "responseElements")
    parameters = _object_or_null(detail, "requestParameters")
    identity = _object_or_null(detail, "userIdentity")
    owner = (
        as_text(detail.get("recipientAccountId")) or as_text(account) or as_text(identity.get("accountId"))
    )
    if not owner:
        raise BadRecord("no account: recipientAccountId is missing")
    # An insight names the call that it is about one level below.
    call = as_mapping(detail.get("insightDetails")) if "insightDetails" in detail else detail
    return Record(
        event_id=_identity(detail),
        event_source=_required(call, "eventSource"),
        event_name=_required(call, "eventName"),
        event_time=_time(_required(detail, "eventTime")),
        region=_required(detail, "awsRegion"),
        account=owner,
        request_parameters=parameters,
        user_identity=identity,
        raw=detail,
    )


def value_at(record: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path (`requestParameters.policyName`) in either case, or None."""
    value: Any = record
    for part, lowered in _parts_of(path):
        if not isinstance(value, dict):
            return None
        value = value[part] if part in value else value.get(lowered)
    return value


@lru_cache(maxsize=4096)
def _parts_of(path: str) -> tuple[tuple[str, str], ...]:
    return tuple((part, lower_first(part)) for part in path.split("."))


def as_mapping(value: object) -> Mapping[str, Any]:
    """`value` when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_text(value: object) -> str:
    """`value` when it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def _identity(detail: Mapping[str, Any]) -> str:
    # CloudTrail repeats a record as a new event when it learns more (addendum UPDATED_DATA):
    # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
    addendum = detail.get("addendum")
    if isinstance(addendum, dict) and addendum.get("reason") == "UPDATED_DATA":
        return as_text(addendum.get("originalEventID")) or _required(detail, "eventID")
    return _required(detail, "eventID")


def _object_or_null(detail: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = detail.get(name)
    if isinstance(value, dict):
        return value
    if value is None or is_masked(value):
        return {}
    raise BadRecord(f"{name} is {_kind(value)}, not an object or null")


def _required(detail: Mapping[str, Any], name: str) -> str:
    value = detail.get(name)
    if not isinstance(value, str) or not value:
        raise BadRecord(f"{name} is {_kind(value)}, not a text")
    return value


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is UTC:
            return moment
        # Without a zone CloudTrail means UTC; converting also refuses a year out of range.
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadRecord("eventTime is not an ISO 8601 time") from None


def _kind(value: object) -> str:
    if value is None:
        return "missing or null"
    if value == "":
        return "empty"
    return {bool: "a boolean", str: "a text", dict: "an object", list: "a list"}.get(type(value), "a number")
