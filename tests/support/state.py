"""The state table in the embedded AWS, as the stack makes it."""

from local.aws import EmbeddedAws


def make_state_table(aws: EmbeddedAws, name: str = "state") -> None:
    """A table with the keys of the stack's own; tests/infrastructure holds that against the template."""
    aws.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[
            {"AttributeName": "key", "KeyType": "HASH"},
            {"AttributeName": "place", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "key", "AttributeType": "S"},
            {"AttributeName": "place", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
