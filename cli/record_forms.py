"""The forms in which people come by CloudTrail records, and the records in them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from handlers.core.record import Record, as_mapping, as_text, parse_event, parse_record

FORMS = (
    "an event of EventBridge (`detail`), a bare record (`eventName`), a log file of CloudTrail (`Records`),"
    " what `aws cloudtrail lookup-events` prints (`Events`); or any of these in a list, one a line, or as the"
    " text in messages of SQS (`Body`), SNS (`Message`), CloudWatch Logs (`message`) or Elastic"
    " (`event.original`)"
)
"""Every form that is read, in words."""

TOO_DEEP = "is nested too deeply"

# What may stand around records, the outermost first: lists and objects, and texts that are JSON themselves.
_WRAPPERS = (
    *("Records", "Events", "events", "logEvents", "Messages"),
    *("hits", "_source", "event", "original"),
    *("CloudTrailEvent", "Body", "body", "Sns", "Message", "message"),
)
_PLACE_IN_ARN = re.compile(r"arn:aws[a-z-]{0,20}:iot:([a-z0-9-]{1,30}):([0-9]{12}):")


class UnknownForm(ValueError):
    """A value holds no record in a form that is read; the message says what is wrong with it."""


def parse_json(text: str) -> Any:
    """The JSON value in a text. Raises `ValueError`, for numbers that JSON does not have too."""
    return json.loads(text, parse_constant=_refuse_number, parse_float=_finite)


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse_number(text)


def _refuse_number(text: str) -> NoReturn:
    raise ValueError(text)


def find_records(value: Any) -> Iterator[Mapping[str, Any] | UnknownForm]:
    """Every record in a JSON value, as it stands there: bare, in its old form or in EventBridge's event.

    Of a list, what holds no record is told in its place, and the others are found. Raises `UnknownForm` for
    any other value that holds none.
    """
    if isinstance(value, list):
        for each in value:
            try:
                yield from find_records(each)
            except UnknownForm as error:
                yield error
    elif not isinstance(value, Mapping):
        raise UnknownForm(f"holds no CloudTrail record in a form that is read: {FORMS}")
    elif not isinstance(value.get("CloudTrailEvent"), str) and _is_record(value):
        yield value
    else:
        wrapper = next((name for name in _WRAPPERS if name in value), None)
        inside = value[wrapper] if wrapper is not None else None
        yield from find_records(_read_text(inside, wrapper) if isinstance(inside, str) else inside)


def _is_record(value: Mapping[str, Any]) -> bool:
    return any(name in value for name in ("detail", "eventName", "EventName", "insightDetails"))


def _read_text(text: str, wrapper: object) -> Any:
    try:
        return parse_json(text)
    except ValueError:
        raise UnknownForm(f"what stands in {wrapper} is not JSON") from None


def read_form(value: Mapping[str, Any]) -> Record:
    """The record that `find_records` found. Raises `BadRecord`."""
    if "detail" in value:
        return parse_event(value)
    return parse_record(fields_of(value))


def fields_of(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of a found record by the names that CloudTrail gives them today."""
    if "detail" in value:
        return as_mapping(value["detail"])
    is_old = "EventName" in value and "eventName" not in value
    return _from_old_form(value) if is_old else value


def _from_old_form(old: Mapping[str, Any]) -> dict[str, Any]:
    """Today's form of a record as AWS IoT's documentation printed it in 2016.

    https://github.com/awsdocs/aws-iot-docs/blob/main/developerguide/iot-using-cloudtrail.md: names in
    PascalCase (one of them misspelt), empty texts for null, neither service nor Region.
    """
    parameters = dict(as_mapping(old.get("RequestParamters")) or as_mapping(old.get("RequestParameters")))
    if old.get("EventName") == "AttachPolicy" and "principal" in parameters:
        parameters.setdefault("target", parameters["principal"])
    place = _PLACE_IN_ARN.search(json.dumps(parameters))
    return {
        "eventSource": as_text(old.get("EventSource")) or "iot.amazonaws.com",
        "eventName": old.get("EventName"),
        "eventTime": old.get("EventTime"),
        "eventID": old.get("EventID"),
        "awsRegion": as_text(old.get("AwsRegion")) or (place[1] if place else "unknown"),
        "recipientAccountId": as_text(old.get("RecipientAccountId")) or (place[2] if place else None),
        "sourceIPAddress": old.get("SourceIpAddress") or old.get("SourceIPAddress"),
        "userAgent": old.get("UserAgent"),
        "errorCode": old.get("ErrorCode") or None,
        "errorMessage": old.get("ErrorMessage") or None,
        "requestParameters": parameters or None,
        "responseElements": as_mapping(old.get("ResponseElements")) or None,
        "userIdentity": old.get("UserIdentity") or None,
    }
