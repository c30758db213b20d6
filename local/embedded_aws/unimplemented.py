"""Plain success for the calls that MiniStack refuses because it does not implement them.

An answer holds the names, ids, ARNs and secrets of the operation's output, and what the output must have:
what the caller gave, given back, and the rest made up. Nothing is kept: the same name can be created twice,
what was never created can be deleted, and a later read does not know of it. A read is refused as before,
because an answer without a state behind it would be a lie.
"""

import base64
import json
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from botocore.model import Shape, StructureShape
from ministack import app
from ministack.core import iam_actions, router
from ministack.core.responses import get_account_id, get_region

from . import pinned
from .recorded_services import RecordedService, by_scope
from .service_model import Operation, Query, request_parameters

Response = tuple[int, dict[str, str], bytes]
Handler = Callable[[str, str, dict[str, str], bytes, Query], Awaitable[Response]]

_REFUSED = 400
_REFUSALS = ("Unsupported IoT path: ", "Unsupported method: ")
_CONTENT_TYPES = {"json": "application/x-amz-json-1.1", "rest-json": "application/json"}
# What an ARN calls the thing that the API's member names, where that is not the same word in lower case.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsiot.html
_RESOURCE_TYPES = {
    "awsIotJob": "job",
    "iotJob": "job",
    "topicRuleDestination": "ruledestination/http",
    "transferredCertificate": "cert",
}


def install() -> None:
    """Answer the rest of AWS IoT's API, and of Greengrass and Secure Tunneling the whole."""
    handlers = pinned.attribute(app, "SERVICE_HANDLERS")
    services = by_scope()
    handlers["iot"] = _after(handlers["iot"], services["iot"])
    handlers["greengrass"] = _imitation(services["greengrass"])
    handlers["iotsecuredtunneling"] = _imitation(services["IoTSecuredTunneling"])
    patterns = pinned.attribute(router, "SERVICE_PATTERNS")
    patterns["greengrass"] = {"credential_scope": "greengrass"}
    patterns["iotsecuredtunneling"] = {"target_prefixes": ["IoTSecuredTunneling."]}
    # Tunnels are authorized as actions of AWS IoT (`iot:OpenTunnel`).
    namespaces = pinned.attribute(iam_actions, "SERVICE_TO_IAM_NAMESPACE")
    namespaces |= {"greengrass": "greengrass", "iotsecuredtunneling": "iot"}
    pinned.attribute(iam_actions, "_BOTOCORE_SERVICE_MAP")["greengrass"] = ["greengrassv2"]


def _after(original: Handler, service: RecordedService) -> Handler:
    """The original, and the imitation of a writing call that the original does not implement."""
    imitate = _imitation(service)

    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: Query) -> Response:
        response = await original(method, path, headers, body, query)
        if not _is_unimplemented(response):
            return response
        found = service.model.find(method, path)
        if found is None or found[0].is_read:
            return response
        return await imitate(method, path, headers, body, query)

    return handle


def _is_unimplemented(response: Response) -> bool:
    status, _headers, body = response
    return status == _REFUSED and str(json.loads(body).get("message")).startswith(_REFUSALS)


def _imitation(service: RecordedService) -> Handler:
    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: Query) -> Response:
        found = service.model.find(method, path, headers.get("x-amz-target", ""))
        if found is None or found[0].is_read:
            message = f"The embedded AWS does not know {method} {path}"
            return _answer(service, _REFUSED, {"__type": "InvalidRequestException", "message": message})
        operation, in_path = found
        given = request_parameters(operation, in_path, query, headers, body) or {}
        return _answer(service, 200, success(operation, given))

    return handle


def _answer(service: RecordedService, status: int, document: Mapping[str, Any]) -> Response:
    return status, {"Content-Type": _CONTENT_TYPES[service.model.protocol]}, json.dumps(document).encode()


def success(operation: Operation, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the made-up answer to an operation that was called with these parameters."""
    shape = operation.model.output_shape
    known = dict(given)
    if operation.name == "CreateComponentVersion":
        known |= _in_recipe(given.get("inlineRecipe"))
    _verb, noun = re.split(r"(?<=[a-z])(?=[A-Z])", operation.name, maxsplit=1)
    return _members(shape, noun, known) if shape else {}


def _members(shape: StructureShape, owner: str, known: dict[str, Any]) -> dict[str, Any]:
    """Fill a structure in the order of its members: an ARN names the id that comes before it.

    `owner` is what the structure tells of, in the words of the API.
    """
    found: dict[str, Any] = {}
    for member, inner in shape.members.items():
        required = member in shape.required_members
        value: Any = None
        if inner.type_name == "string":
            value = _text(member, inner, owner, known, required=required)
        elif isinstance(inner, StructureShape):
            # Beside others, a structure is a detail, or one of several alternatives.
            alone = len(shape.members) == 1
            value = _members(inner, member, dict(known)) if alone or required else None
        elif inner.type_name == "timestamp" and required:
            value = int(time.time())
        if value is not None:
            known[member] = found[inner.serialization.get("name", member)] = value
    return found


def _text(member: str, shape: Shape, owner: str, known: Mapping[str, Any], *, required: bool) -> str | None:
    """The value of a string; None if it can be left out."""
    name = member.lower()
    value: str | None = None
    if isinstance(known.get(member), str):
        value = known[member]
    elif shape.metadata.get("sensitive"):
        value = f"made-up-secret-{uuid.uuid4()}"
    elif name.endswith("arn"):
        value = _arn(member[:-3] or owner, known)
    elif name.endswith("id"):
        value = _identifier(shape)
    elif required:
        value = (shape.metadata.get("enum") or ["made-up"])[0]
    return value


def _identifier(shape: Shape) -> str:
    """A new id, as long as the model asks for: a UUID, or the 64 hexadecimal digits of a certificate's."""
    fresh = uuid.uuid4()
    return str(fresh) if shape.metadata.get("min", 1) <= len(str(fresh)) else fresh.hex * 2


def _arn(kind: str, known: Mapping[str, Any]) -> str:
    # A certificate on its way to another account already has that account's ARN:
    # https://docs.aws.amazon.com/cli/latest/reference/iot/transfer-certificate.html
    account = known.get("targetAwsAccount") or get_account_id()
    if "componentName" in known:
        version = f"{known['componentName']}:versions:{known['componentVersion']}"
        return f"arn:aws:greengrass:{get_region()}:{account}:components:{version}"
    names = (kind, f"{kind}Name", f"{kind}Id", "name", "certificateId")
    name = next((known[each] for each in names if isinstance(known.get(each), str)), uuid.uuid4())
    return f"arn:aws:iot:{get_region()}:{account}:{_RESOURCE_TYPES.get(kind, kind.lower())}/{name}"


def _in_recipe(recipe: Any) -> dict[str, str]:
    """The name and the version of a Greengrass component; made up if its recipe is not JSON."""
    try:
        read = json.loads(base64.b64decode(recipe or ""))
        return {"componentName": read["ComponentName"], "componentVersion": read["ComponentVersion"]}
    except (ValueError, TypeError, KeyError):
        return {"componentName": "made-up", "componentVersion": "1.0.0"}
