"""Records in files, in each form in which people come by one."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from handlers.core.record import BadRecord, Record, as_mapping, as_text, parse_event, parse_record

_PLACE_IN_ARN = re.compile(r"arn:aws[a-z-]{0,20}:iot:([a-z0-9-]{1,30}):([0-9]{12}):")


class BadFile(Exception):
    """The file can not be used; the message says what is wrong, where, and what to do."""


def read_json(path: Path) -> Any:
    """The JSON value in a file; `-` is standard input. Raises `BadFile`."""
    name = name_of(path)
    try:
        text = _read_stdin() if str(path) == "-" else path.read_text(encoding="utf-8-sig")
        return json.loads(text, parse_constant=_refuse_number, parse_float=_finite)
    except UnicodeDecodeError:
        raise BadFile(f"{name}: is not UTF-8 text") from None
    except OSError as error:
        raise BadFile(f"{name}: can not be read: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise BadFile(f"{name}:{error.lineno}:{error.colno}: is not JSON: {error.msg}") from None
    except (RecursionError, ValueError):
        raise BadFile(f"{name}: is nested too deeply, or holds a number that JSON does not have") from None


def _read_stdin() -> str:
    if sys.stdin is None:
        raise BadFile("standard input: is closed")
    return sys.stdin.read()


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse_number(text)


def _refuse_number(text: str) -> NoReturn:
    raise ValueError(text)


def name_of(path: Path) -> str:
    """What messages call a file."""
    return "standard input" if str(path) == "-" else str(path)


def read_record(path: Path) -> Record:
    """The one record in a file; `-` is standard input.

    It may stand there as EventBridge delivers it (in `detail`), bare, as `aws cloudtrail
    lookup-events` prints it (text in `CloudTrailEvent`), alone in a log file's `Records`, or in
    the PascalCase form of AWS IoT's old documentation. Raises `BadFile`.
    """
    value = _only_one(read_json(path), path)
    try:
        if isinstance(value, Mapping) and "detail" not in value:
            if "eventName" in value:
                return parse_record(value)
            if "EventName" in value:
                return parse_record(_from_old_form(value))
        return parse_event(value)
    except BadRecord as error:
        raise BadFile(f"{name_of(path)}: is no CloudTrail record: {error}") from None


def _only_one(value: Any, path: Path) -> Any:
    """The record out of what CloudTrail's log files and `lookup-events` wrap it in."""
    for wrapper in ("Records", "Events"):
        inside = value.get(wrapper) if isinstance(value, Mapping) else None
        if isinstance(inside, list):
            if len(inside) != 1:
                raise BadFile(f"{name_of(path)}: holds {len(inside)} records; give a file with one")
            value = inside[0]
    text = value.get("CloudTrailEvent") if isinstance(value, Mapping) else None
    if isinstance(text, str):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise BadFile(f"{name_of(path)}: what stands in CloudTrailEvent is not JSON") from None
    return value


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
