"""CloudTrail: an API call made against the embedded AWS becomes an event on the default bus."""

import contextvars
import json
import logging
import queue
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ministack import app
from ministack.core.responses import get_account_id, get_request_client_ip
from ministack.core.router import extract_access_key_id

from . import events, identity, lifetime, pinned, recorded_services
from .recorded_services import RecordedService
from .service_model import Operation, Query, request_parameters, response_elements

_log = logging.getLogger(__name__)

# CloudTrail leaves out parameters beyond 100 KB, and sends no event beyond 256 KB.
_LARGEST_ELEMENT = 100 * 1024
_LARGEST_EVENT = 256 * 1024
_FAILED = 400


@dataclass(frozen=True)
class Call:
    """One API call and its answer."""

    service: RecordedService
    region: str
    method: str
    path: str
    query: Query
    headers: Mapping[str, str]
    body: bytes
    request_id: str
    status: int
    response_headers: Mapping[str, str]
    response_body: bytes
    at: datetime


def install() -> None:
    """Listen to every dispatched request. The answer never waits for the record, nor fails because of it."""
    identity.install()
    recorded_services.by_scope()  # read now, so that no call waits for it
    waiting: queue.SimpleQueue[tuple[int, contextvars.Context, Call]] = queue.SimpleQueue()

    async def dispatch(  # noqa: PLR0917 - MiniStack's signature
        method: str, path: str, headers: dict[str, str], body: bytes, query_params: Query, request_id: str
    ) -> Any:
        response = await original(method, path, headers, body, query_params, request_id)
        found = recorded_services.find(headers)
        if found:
            call = Call(
                *found, method, path, query_params, headers, body, request_id,
                response[0], response[1], response[2], datetime.now(UTC),
            )  # fmt: skip
            waiting.put((lifetime.current(), contextvars.copy_context(), call))
        return response

    parameters = "method, path, headers, body, query_params, request_id"
    original = pinned.replace(app, "_dispatch_service_request", parameters, dispatch)

    def record_calls() -> None:
        while True:
            life, context, call = waiting.get()
            try:
                if life == lifetime.current():
                    context.run(_publish, call)
            except Exception:  # noqa: BLE001 - one record fails, the next ones are still made
                _log.exception("no record of %s %s", call.method, call.path)

    threading.Thread(target=record_calls, name="cloudtrail", daemon=True).start()


def _publish(call: Call) -> None:
    found = call.service.model.find(call.method, call.path, call.headers.get("x-amz-target", ""))
    if found is None:
        return
    record = _record(call, *found)
    if len(json.dumps(record)) > _LARGEST_EVENT:
        _log.warning("%s is too large for an event", record["eventName"])
        return
    events.publish(source=f"aws.{call.service.name}", detail_type=events.VIA_CLOUDTRAIL, detail=record)


def _record(call: Call, operation: Operation, in_path: Mapping[str, str]) -> dict[str, Any]:
    failed = call.status >= _FAILED
    parameters = request_parameters(operation, in_path, call.query, call.headers, call.body)
    elements = None if failed or operation.is_read else response_elements(operation, call.response_body)
    access_key = extract_access_key_id(dict(call.headers), dict(call.query))
    return {
        "eventVersion": "1.11",
        "userIdentity": identity.user_identity(access_key),
        "eventTime": call.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": f"{call.service.name}.amazonaws.com",
        "eventName": operation.name,
        "awsRegion": call.region,
        "sourceIPAddress": get_request_client_ip(),
        "userAgent": call.headers.get("user-agent", ""),
        **(_error(call) if failed else {}),
        "requestParameters": _bounded("requestParameters", parameters),
        "responseElements": _bounded("responseElements", elements),
        "requestID": call.request_id,
        "eventID": str(uuid.uuid4()),
        "readOnly": operation.is_read,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": get_account_id(),
        "eventCategory": "Management",
    }


def _error(call: Call) -> dict[str, str]:
    """The error as the client saw it: code from the header or the body, namespaces cut off."""
    try:
        body = json.loads(call.response_body or b"{}")
    except ValueError:
        body = {}
    body = body if isinstance(body, dict) else {}
    headers = {name.lower(): value for name, value in call.response_headers.items()}
    code = headers.get("x-amzn-errortype") or body.get("__type") or body.get("code") or str(call.status)
    message = body.get("message") or body.get("Message") or ""
    return {"errorCode": str(code).partition(":")[0].rpartition("#")[2], "errorMessage": str(message)}


def _bounded(name: str, value: dict[str, Any] | None) -> dict[str, Any] | None:
    size = len(json.dumps(value))
    if size <= _LARGEST_ELEMENT:
        return value
    return {"reason": f"{name} too large", "omitted": "true", "originalSize": str(size)}
