"""Faults on demand: a matching API call answers an AWS error, in the protocol that the client speaks."""

import json
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from ministack import app
from ministack.core.router import detect_service

from . import pinned, recorded_services
from .fault import Fault

Response = tuple[int, dict[str, str], bytes]


class Faults:
    """The faults that are set, and how often each has fired."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set: list[Fault] = []
        self._seen: list[int] = []
        self._fired: list[int] = []

    def replace(self, faults: Iterable[Fault]) -> None:
        """Set these faults and no others, with fresh counts."""
        with self._lock:
            self._set = list(faults)
            self._seen = [0] * len(self._set)
            self._fired = [0] * len(self._set)

    def take(self, service: str, action: str) -> Fault | None:
        """Return the first fault that this call is to fail with, and count it as fired."""
        with self._lock:
            for number, fault in enumerate(self._set):
                if fault.service != service or fault.action not in {"*", action}:
                    continue
                self._seen[number] += 1
                if self._seen[number] > fault.skip and self._fired[number] < fault.times:
                    self._fired[number] += 1
                    return fault
        return None

    def report(self) -> list[dict[str, Any]]:
        """Return each fault with the number of times it fired."""
        with self._lock:
            return [
                asdict(fault) | {"fired": fired} for fault, fired in zip(self._set, self._fired, strict=True)
            ]


def install() -> Faults:
    """Put the injector in front of every service, ahead of IAM."""
    pinned.function(app, "detect_service", "method, path, headers, query_params")
    faults = Faults()

    async def dispatch(  # noqa: PLR0917 - MiniStack's signature
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query_params: dict[str, Any],
        request_id: str,
    ) -> Any:
        form = _form(headers, body)
        service = detect_service(method, path, headers, {**form, **query_params})
        fault = faults.take(service, _action(method, path, headers, form))
        if fault is None or fault.takes_effect:
            response = await original(method, path, headers, body, query_params, request_id)
        return response if fault is None else _answer(fault, headers, request_id)

    parameters = "method, path, headers, body, query_params, request_id"
    original = pinned.replace(app, "_dispatch_service_request", parameters, dispatch)
    return faults


def _form(headers: Mapping[str, str], body: bytes) -> dict[str, list[str]]:
    if not headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {}
    return parse_qs(body.decode("utf-8", errors="replace"))


def _action(method: str, path: str, headers: Mapping[str, str], form: Mapping[str, list[str]]) -> str:
    """The operation's name: as the JSON and query protocols say it, or as a recorded service's model does.

    REST calls of other services have none: their faults say "*".
    """
    named = headers.get("x-amz-target", "").rpartition(".")[2] or form.get("Action", [""])[0]
    service = None if named else recorded_services.find(headers)
    found = service[0].model.find(method, path) if service else None
    return found[0].name if found else named


def _answer(fault: Fault, headers: Mapping[str, str], request_id: str) -> Response:
    content_type = headers.get("content-type", "").partition(";")[0]
    if content_type == "application/x-www-form-urlencoded":
        kind = "Sender" if fault.status < 500 else "Receiver"
        xml = (
            f"<ErrorResponse><Error><Type>{kind}</Type><Code>{escape(fault.code)}</Code>"
            f"<Message>{escape(fault.message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        return fault.status, {"Content-Type": "text/xml", "x-amzn-requestid": request_id}, xml.encode()
    is_rpc = re.fullmatch(r"application/x-amz-json-1\.[01]", content_type)
    body = json.dumps({"__type": fault.code, "message": fault.message}).encode()
    return (
        fault.status,
        {
            "Content-Type": content_type if is_rpc else "application/json",
            "x-amzn-errortype": fault.code,
            "x-amzn-requestid": request_id,
        },
        body,
    )
