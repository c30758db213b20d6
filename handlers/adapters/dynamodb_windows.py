"""Panes of windows in the DynamoDB state table.

One item a pane: `key` (the group), `place` (the pane's number, in digits that sort), `pane` (JSON),
`version`, `marked`, and `lapses` (epoch seconds), the table's TTL attribute. A pane that lapsed and is not
yet deleted is as true as before, so no condition looks at the time.

    write   SET pane, version + 1   IF version is as it was read (none where there was no item)
    mark    SET marked              always; it leaves the version alone, so a write of the pane goes on
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from math import ceil
from typing import TYPE_CHECKING, Any

from handlers.core.codec import from_json, to_json
from handlers.core.windows import Pane
from handlers.pipeline.windows import NOTHING, SavedPane

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_AS_READ = "#version = :version"
_NOT_YET = "attribute_not_exists(#version)"
_DIGITS = 12
"""A pane's number is at most the seconds since 1970: enough for the year 9999."""


class DynamoDbWindows:
    """Panes shared by all runs of `detect`. Any DynamoDB error is raised to the caller."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def read(self, key: str, first: int, last: int) -> Mapping[int, SavedPane]:
        """See `Windows.read`. One consistent query, and another page where panes are huge."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="#key = :key AND #place BETWEEN :first AND :last",
            ExpressionAttributeNames={"#key": "key", "#place": "place"},
            ExpressionAttributeValues={
                ":key": {"S": key},
                ":first": {"S": _place(first)},
                ":last": {"S": _place(last)},
            },
            ConsistentRead=True,
        )
        items = (item for page in pages for item in page["Items"])
        return {int(item["place"]["S"]): _saved(item) for item in items}

    def write(self, key: str, number: int, pane: Pane, *, version: int, lapses: datetime) -> SavedPane | None:
        """See `Windows.write`. One conditional write; the loser reads the newer pane in the same answer."""
        values: dict[str, Any] = {
            ":pane": {"S": json.dumps(to_json(pane), separators=(",", ":"))},
            ":next": {"N": str(version + 1)},
            ":lapses": {"N": str(ceil(lapses.timestamp()))},
        }
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_key(key, number),
                UpdateExpression="SET #pane = :pane, #version = :next, #lapses = :lapses",
                ConditionExpression=_AS_READ if version else _NOT_YET,
                ExpressionAttributeNames={"#pane": "pane", "#version": "version", "#lapses": "lapses"},
                ExpressionAttributeValues=values | ({":version": {"N": str(version)}} if version else {}),
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            found: Mapping[str, Any] = error.response.get("Item") or {}  # type: ignore[assignment] # not in the stubs
            return _saved(found)
        return None

    def mark(self, key: str, number: int) -> None:
        """See `Windows.mark`."""
        self._client.update_item(
            TableName=self._table,
            Key=_key(key, number),
            UpdateExpression="SET #marked = :true",
            ExpressionAttributeNames={"#marked": "marked"},
            ExpressionAttributeValues={":true": {"BOOL": True}},
        )


def _key(key: str, number: int) -> dict[str, Any]:
    return {"key": {"S": key}, "place": {"S": _place(number)}}


def _place(number: int) -> str:
    return f"{max(number, 0):0{_DIGITS}}"


def _saved(item: Mapping[str, Any]) -> SavedPane:
    marked = bool(item.get("marked", {}).get("BOOL"))
    if "pane" not in item:
        return NOTHING._replace(marked=marked)
    return SavedPane(from_json(Pane, json.loads(item["pane"]["S"])), int(item["version"]["N"]), marked)
