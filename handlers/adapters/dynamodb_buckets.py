"""Heads and held items of buckets in the DynamoDB state table.

A head: `key` (the bucket), `place` (always `head`), `told` (string set), `rolled`, `pending`, and `lapses`,
the table's TTL attribute.

    tell           ADD told                     IF fewer than `first` are told, or this one is
    begin_rollup   SET pending                  IF rolled is as it was read, and nothing is pending
    end_rollup     SET rolled, REMOVE pending   IF this rollup is pending

A held item: `key` (the bucket and a part of it, for one partition takes 1,000 writes a second), `place`
(severity, time and alert id, so that the worst and the earliest come first), `held` (JSON), `lapses`. It is
written whole, however often.

A bucket that lapsed and is not yet deleted is as true as before, so no condition looks at the time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from heapq import merge
from math import ceil
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from handlers.core.codec import from_json, to_json
from handlers.core.rollups import HeldAlert, HeldAlerts
from handlers.pipeline.outside import Head

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_FEW_TOLD = "attribute_not_exists(#told) OR size(#told) < :first OR contains(#told, :id)"
_NONE_ROLLED = "attribute_not_exists(#rolled)"
_AS_READ = "#rolled = :rolled"
_NONE_PENDING = "attribute_not_exists(#pending)"

PARTS = 4
"""Over so many partition keys the held items of a bucket are spread."""
_MOST_READ = 5_000
"""So many held items of a part are read; the others are only counted."""


class DynamoDbBuckets:
    """Buckets shared by all runs of all functions. Any DynamoDB error is raised to the caller."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def tell(self, key: str, alert_id: str, *, first: int, lapses: datetime) -> Head | None:
        """See `Buckets.tell`. One conditional write; who is not told reads the head in the same answer."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_head(key),
                UpdateExpression="ADD #told :ids SET #lapses = :lapses",
                ConditionExpression=_FEW_TOLD,
                ExpressionAttributeNames={"#told": "told", "#lapses": "lapses"},
                ExpressionAttributeValues={
                    ":ids": {"SS": [alert_id]},
                    ":id": {"S": alert_id},
                    ":first": {"N": str(first)},
                    ":lapses": _seconds(lapses),
                },
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            found: Mapping[str, Any] = error.response.get("Item") or {}  # type: ignore[assignment] # not in the stubs
            return _read_head(found)
        return None

    def hold(self, key: str, held: HeldAlert, *, lapses: datetime) -> None:
        """See `Buckets.hold`. One write."""
        place = f"{9 - held.severity.rank}#{held.time:012}#{held.alert_id}"
        self._client.put_item(
            TableName=self._table,
            Item={
                "key": {"S": _part(key, int(held.alert_id[:8], 16) % PARTS)},
                "place": {"S": place},
                "held": {"S": json.dumps(to_json(held), separators=(",", ":"))},
                "lapses": _seconds(lapses),
            },
        )

    def read(self, key: str) -> Head:
        """See `Buckets.read`. One consistent read."""
        found = self._client.get_item(TableName=self._table, Key=_head(key), ConsistentRead=True)
        return _read_head(found.get("Item", {}))

    def read_held(self, key: str) -> HeldAlerts:
        """See `Buckets.read_held`. Consistent queries, two for each part and more where they are long."""
        parts = [self._read_part(_part(key, number)) for number in range(PARTS)]
        last = [part.last for part in parts if part.last is not None]
        return HeldAlerts(
            total=sum(part.total for part in parts),
            first=tuple(merge(*(part.first for part in parts), key=attrgetter("order"))),
            last=max(last, key=attrgetter("order"), default=None),
        )

    def begin_rollup(self, key: str, *, rolled: int, upto: int, lapses: datetime) -> bool:
        """See `Buckets.begin_rollup`. One conditional write."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_head(key),
                UpdateExpression="SET #pending = :upto, #lapses = :lapses",
                ConditionExpression=f"{_AS_READ if rolled else _NONE_ROLLED} AND {_NONE_PENDING}",
                ExpressionAttributeNames={"#pending": "pending", "#rolled": "rolled", "#lapses": "lapses"},
                ExpressionAttributeValues={
                    ":upto": {"N": str(upto)},
                    ":lapses": _seconds(lapses),
                    **({":rolled": {"N": str(rolled)}} if rolled else {}),
                },
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def end_rollup(self, key: str, *, upto: int) -> None:
        """See `Buckets.end_rollup`. One conditional write."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_head(key),
                UpdateExpression="SET #rolled = :upto REMOVE #pending",
                ConditionExpression="#pending = :upto",
                ExpressionAttributeNames={"#pending": "pending", "#rolled": "rolled"},
                ExpressionAttributeValues={":upto": {"N": str(upto)}},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return  # Another run sent the same rollup, and has noted it.

    def _read_part(self, key: str) -> HeldAlerts:
        query: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "#key = :key",
            "ExpressionAttributeNames": {"#key": "key"},
            "ExpressionAttributeValues": {":key": {"S": key}},
            "ConsistentRead": True,
        }
        first: list[HeldAlert] = []
        total = 0
        start: dict[str, Any] = {}
        while True:
            wanted: dict[str, Any] = {} if total < _MOST_READ else {"Select": "COUNT"}
            page = self._client.query(**query, **wanted, **start)
            first += [_read_held(item) for item in page.get("Items", [])]
            total += page["Count"]
            if "LastEvaluatedKey" not in page:
                break
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        if total == len(first):
            return HeldAlerts(total, tuple(first), first[-1] if first else None)
        (last,) = self._client.query(**query, ScanIndexForward=False, Limit=1)["Items"]
        return HeldAlerts(total, tuple(first), _read_held(last))


def _head(key: str) -> dict[str, Any]:
    return {"key": {"S": f"bucket#{key}"}, "place": {"S": "head"}}


def _part(key: str, number: int) -> str:
    return f"held#{key}#{number}"


def _seconds(moment: datetime) -> dict[str, str]:
    return {"N": str(ceil(moment.timestamp()))}


def _read_head(item: Mapping[str, Any]) -> Head:
    return Head(
        told=frozenset(item["told"]["SS"]) if "told" in item else frozenset(),
        rolled=int(item["rolled"]["N"]) if "rolled" in item else 0,
        pending=int(item["pending"]["N"]) if "pending" in item else None,
    )


def _read_held(item: Mapping[str, Any]) -> HeldAlert:
    return from_json(HeldAlert, json.loads(item["held"]["S"]))
