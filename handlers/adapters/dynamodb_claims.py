"""Claims in the DynamoDB state table.

One item a claim: `key`, `place` (always `claim`), `owner`, `done`, and `lapses` (epoch seconds), which is
the end of the lease, or of remembering once the claim is done. `lapses` is also the table's TTL attribute;
DynamoDB deletes lapsed items late (within days), so every condition looks at it too.

        claim                    act               confirm
    ──────┬───────────────────────┬───────────────────┬──────────────────────────▶ time
    no item, or lapsed   done=false, lapses in   done=true, lapses after
                         one lease               the time to remember it
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, Any

from handlers.pipeline import Claimed

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


_NOBODYS = "attribute_not_exists(#key)"
_LAPSED = "#lapses <= :now"
_OURS = "#owner = :owner AND #done = :false"


class DynamoDbClaims:
    """Claims shared by all runs of all functions. Any DynamoDB error is raised to the caller."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def claim(self, key: str, *, owner: str, now: datetime, lease: timedelta) -> Claimed:
        """See `Claims.claim`. One conditional write; the loser learns why from the same answer."""
        try:
            self._client.put_item(
                TableName=self._table,
                Item={
                    **_key(key),
                    "owner": {"S": owner},
                    "done": {"BOOL": False},
                    "lapses": {"N": _seconds(now + lease)},
                },
                ConditionExpression=f"{_NOBODYS} OR {_LAPSED} OR ({_OURS})",
                ExpressionAttributeNames={
                    "#key": "key",
                    "#lapses": "lapses",
                    "#owner": "owner",
                    "#done": "done",
                },
                ExpressionAttributeValues={
                    ":now": {"N": f"{now.timestamp():.3f}"},
                    ":owner": {"S": owner},
                    ":false": {"BOOL": False},
                },
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            found: Mapping[str, Any] = error.response.get("Item") or {}  # type: ignore[assignment] # not in the stubs
            return Claimed.DONE if found.get("done", {}).get("BOOL") else Claimed.HELD
        return Claimed.OURS

    def confirm(self, key: str, *, now: datetime, keep: timedelta) -> None:
        """See `Claims.confirm`. Unconditional: what was done stays done, whoever holds the lease now."""
        self._client.put_item(
            TableName=self._table,
            Item={
                **_key(key),
                "done": {"BOOL": True},
                "lapses": {"N": _seconds(now + keep)},
            },
        )

    def release(self, key: str, *, owner: str) -> None:
        """See `Claims.release`."""
        try:
            self._client.delete_item(
                TableName=self._table,
                Key=_key(key),
                ConditionExpression=_OURS,
                ExpressionAttributeNames={"#owner": "owner", "#done": "done"},
                ExpressionAttributeValues={":owner": {"S": owner}, ":false": {"BOOL": False}},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return  # The lease lapsed and is another run's now, or the claim is done: not ours to remove.


def _key(key: str) -> dict[str, Any]:
    return {"key": {"S": key}, "place": {"S": "claim"}}


def _seconds(moment: datetime) -> str:
    # TTL takes whole seconds; a lease is never cut short by rounding.
    return str(ceil(moment.timestamp()))
