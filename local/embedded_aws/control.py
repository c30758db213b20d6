"""The harness's own endpoints, under `/_thingwatch/` on the emulator's port, ahead of MiniStack.

- `GET /_thingwatch/health`: which process answers
- `POST /_thingwatch/iam`: `{"enforce": true}`
- `POST /_thingwatch/faults`: the list of faults that is to hold from now on
- `GET /_thingwatch/faults`: how often each has fired
- `POST /_thingwatch/events`: `{"detail": …, "source": …, "detail-type": …, "id": …, "region": …}`
"""

import json
import os
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any

from ministack.core import responses

from . import enforcement, events
from .fault import Fault
from .faults import Faults

PREFIX = "/_thingwatch/"

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Control:
    """An ASGI application that answers the endpoints and passes everything else on."""

    def __init__(self, emulator: Application, faults: Faults) -> None:
        self._emulator = emulator
        self._faults = faults
        self._endpoints: dict[tuple[str, str], Callable[[Any], Any]] = {
            ("GET", "health"): self._health,
            ("POST", "iam"): self._switch_iam,
            ("POST", "faults"): self._set_faults,
            ("GET", "faults"): self._fired,
            ("POST", "events"): self._put_event,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._emulator(scope, receive, send)
            return
        endpoint = self._endpoints.get((scope["method"], scope["path"].removeprefix(PREFIX)))
        if endpoint is None:
            await _send(send, 404, {"error": f"no such endpoint: {scope['method']} {scope['path']}"})
            return
        try:
            answer = endpoint(json.loads(await _body(receive) or b"null"))
        except (ValueError, TypeError, KeyError) as error:
            await _send(send, 400, {"error": f"{type(error).__name__}: {error}"})
        else:
            await _send(send, 200, answer)

    def _health(self, _body: Any) -> Any:
        return {"ministack": version("ministack"), "pid": os.getpid()}

    def _switch_iam(self, body: Any) -> Any:
        enforcement.switch(on=bool(body["enforce"]))
        return {"enforce": bool(body["enforce"])}

    def _set_faults(self, body: Any) -> Any:
        self._faults.replace([Fault(**fault) for fault in body])
        return self._faults.report()

    def _fired(self, _body: Any) -> Any:
        return self._faults.report()

    def _put_event(self, body: Any) -> Any:
        responses.set_request_account_id("")
        responses.set_request_region(body.get("region"))
        event_id = events.publish(
            source=body["source"],
            detail_type=body["detail-type"],
            detail=body["detail"],
            event_id=body.get("id"),
        )
        return {"id": event_id}


async def _body(receive: Receive) -> bytes:
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)


async def _send(send: Send, status: int, answer: Any) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})
