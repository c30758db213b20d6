"""Mutes in the DynamoDB state table, all in one partition.

One item a mute: `key` (always `mutes`), `place` (its id), `mute` (JSON), `ends` (epoch seconds; it holds, not
the one in `mute`), `audiences` (by JSON list the JSON of an alert), and `lapses`, the table's TTL attribute.

    register   SET audiences.X    IF it is not there; returns `ends` as it is by now
    end        SET ends           IF it is later; returns the audiences that are registered by now

Of the two, one sees what the other wrote: an audience that is registered after the end was moved is asked
for by `detect` at the new end, one before by the command.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from math import ceil
from typing import TYPE_CHECKING, Any

from handlers.core.alerts import Alert
from handlers.core.codec import from_json, to_json
from handlers.core.mutes import Mute, SavedMute
from handlers.pipeline.outside import KEPT

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_PARTITION = "mutes"


class DynamoDbMutes:
    """Mutes shared by all runs of `detect` and by the operator's command. Any DynamoDB error is raised."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def read(self) -> Sequence[SavedMute]:
        """See `Mutes.read`. One consistent query, and another page where there are very many."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="#key = :key",
            ExpressionAttributeNames={"#key": "key"},
            ExpressionAttributeValues={":key": {"S": _PARTITION}},
            ConsistentRead=True,
        )
        return [_read(item) for page in pages for item in page["Items"]]

    def register(self, mute: Mute, audience: tuple[str, ...], alert: Alert) -> datetime:
        """See `Mutes.register`. One write."""
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=_key(mute),
                UpdateExpression="SET #audiences.#this = if_not_exists(#audiences.#this, :alert)",
                ConditionExpression="attribute_exists(#key)",
                ExpressionAttributeNames={
                    "#audiences": "audiences",
                    "#this": json.dumps(audience),
                    "#key": "key",
                },
                ExpressionAttributeValues={":alert": {"S": json.dumps(to_json(alert))}},
                ReturnValues="ALL_NEW",
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return mute.ends  # It lapsed since it was read.
        return _read(answer["Attributes"]).mute.ends

    def put(self, mute: Mute) -> None:
        """See `Mutes.put`. One write."""
        self._client.put_item(
            TableName=self._table,
            Item={
                **_key(mute),
                "mute": {"S": json.dumps(to_json(mute))},
                "ends": _seconds(mute.ends),
                "audiences": {"M": {}},
                "lapses": _seconds(mute.ends + KEPT),
            },
        )

    def end(self, mute: Mute, ends: datetime) -> SavedMute:
        """See `Mutes.end`. One write."""
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=_key(mute),
                UpdateExpression="SET #ends = :ends",
                ConditionExpression="#ends > :ends",
                ExpressionAttributeNames={"#ends": "ends"},
                ExpressionAttributeValues={":ends": _seconds(ends)},
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            found: Mapping[str, Any] = error.response.get("Item") or {}  # type: ignore[assignment] # not in the stubs
            return _read(found) if found else SavedMute(mute)
        return _read(answer["Attributes"])


def _key(mute: Mute) -> dict[str, Any]:
    return {"key": {"S": _PARTITION}, "place": {"S": mute.mute_id}}


def _seconds(moment: datetime) -> dict[str, str]:
    return {"N": str(ceil(moment.timestamp()))}


def _read(item: Mapping[str, Any]) -> SavedMute:
    mute = from_json(Mute, json.loads(item["mute"]["S"]))
    ends = datetime.fromtimestamp(int(item["ends"]["N"]), UTC)
    audiences = {
        tuple(json.loads(audience)): from_json(Alert, json.loads(alert["S"]))
        for audience, alert in item["audiences"]["M"].items()
    }
    return SavedMute(replace(mute, ends=ends), audiences)
