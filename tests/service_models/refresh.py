"""Write the reduced service models: `python -m tests.service_models.refresh` (or `make models`).

Reaches the package index, so that it is no part of any test.
"""

from __future__ import annotations

import gzip
import json
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import Any

from handlers.core.operations import is_read

FOLDER = pathlib.Path(__file__).parent

NEWEST = ""
# What a model's folder is called, and the last botocore that has it where AWS retired the service.
MODELS = {
    "greengrass": NEWEST,
    "greengrassv2": NEWEST,
    "iot": NEWEST,
    "iot-managed-integrations": NEWEST,
    "iotanalytics": "1.40.76",
    "iotdeviceadvisor": NEWEST,
    "iotevents": "1.40.76",
    "iotfleethub": "1.40.0",
    "iotfleetwise": NEWEST,
    "iotsecuretunneling": NEWEST,
    "iotsitewise": NEWEST,
    "iotthingsgraph": NEWEST,
    "iottwinmaker": NEWEST,
    "iotwireless": NEWEST,
}


def main() -> None:
    for version in sorted(set(MODELS.values())):
        with tempfile.TemporaryDirectory() as folder:
            botocore = _install(version, pathlib.Path(folder))
            for name in (name for name, wanted in MODELS.items() if wanted == version):
                (source,) = (botocore / "data" / name).glob("*/service-2.json.gz")
                model = json.loads(gzip.decompress(source.read_bytes()))
                reduced = {"botocore": _version(botocore), **_reduce(model)}
                (FOLDER / f"{name}.json").write_text(_lines(reduced))


def _install(version: str, folder: pathlib.Path) -> pathlib.Path:
    wanted = f"botocore=={version}" if version else "botocore"
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        str(folder),
        wanted,
    ]
    subprocess.run(command, check=True)
    return folder / "botocore"


def _version(botocore: pathlib.Path) -> str:
    (metadata,) = botocore.parent.glob("botocore-*.dist-info")
    return metadata.name.removeprefix("botocore-").removesuffix(".dist-info")


def _reduce(model: Mapping[str, Any]) -> dict[str, Any]:
    """Operations, and the shapes that writing ones reach: no documentation, no limits."""
    operations = {
        name: {
            "method": operation["http"]["method"],
            **{
                each: operation[each]["shape"]
                for each in ("input", "output")
                if each in operation and not is_read(name)
            },
        }
        for name, operation in model["operations"].items()
    }
    pending = [each[end] for each in operations.values() for end in ("input", "output") if end in each]
    shapes: dict[str, Any] = {}
    while pending:
        name = pending.pop()
        if name in shapes:
            continue
        shape = model["shapes"][name]
        shapes[name] = _reduce_shape(shape)
        members = [*shape.get("members", {}).values(), shape.get("member"), shape.get("value")]
        pending.extend(member["shape"] for member in members if member)
    return {
        "signing_name": model["metadata"].get("signingName", model["metadata"]["endpointPrefix"]),
        "operations": operations,
        "shapes": shapes,
    }


def _reduce_shape(shape: Mapping[str, Any]) -> dict[str, Any]:
    reduced: dict[str, Any] = {"type": shape["type"]}
    if members := shape.get("members"):
        # As it stands in the request, which is what CloudTrail writes down.
        reduced["members"] = {name: member["shape"] for name, member in members.items()}
        # CloudTrail may write what travels in the query string as text.
        if query := [name for name, member in members.items() if member.get("location") == "querystring"]:
            reduced["query"] = query
    for inner in ("member", "value"):
        if inner in shape:
            reduced[inner] = shape[inner]["shape"]
    limits = ("min", "max") if shape["type"] in ("integer", "long") else ()
    for plain in ("required", "enum", "sensitive", *limits):
        if shape.get(plain):
            reduced[plain] = shape[plain]
    return reduced


def _lines(model: Mapping[str, Any]) -> str:
    """The model as JSON, a line for each operation and each shape: a diff then shows what AWS changed."""
    parts = [f"{json.dumps(key)}: {_value(value)}" for key, value in sorted(model.items())]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _value(value: object) -> str:
    if not isinstance(value, Mapping):
        return json.dumps(value)
    lines = [f"  {json.dumps(key)}: {json.dumps(value[key], sort_keys=True)}" for key in sorted(value)]
    return "{\n" + ",\n".join(lines) + "\n}"


if __name__ == "__main__":
    main()
