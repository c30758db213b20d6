"""Calls that Thingwatch makes itself: nobody has to be told of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from handlers.core.questions import OPERATIONS
from handlers.core.record import Record, as_mapping, value_at

CANARY_OPERATION = "iot:TagResource"
CANARY_PREFIX = "thingwatch-canary-"
"""How the name of a canary's policy begins; rulebook/any_operation.yaml has it too."""

OurCall = Literal["question", "canary"]


@dataclass(frozen=True, slots=True)
class OurCalls:
    """By what they are known: the role that makes them, which nobody else can take, and what they do."""

    deliver_role: str
    """ARN of the role of `deliver`, which asks AWS IoT."""
    canary_role: str | None = None
    """ARN of the role of the canary's schedule; None without a canary."""
    canary: str | None = None
    """ARN of the canary's policy."""

    def recognize(self, record: Record, operation: str) -> OurCall | None:
        """Which of our calls it is. One that failed is none: somebody took a permission away."""
        if record.error_code is not None:
            return None
        issuer = value_at(as_mapping(record.user_identity.get("sessionContext")), "sessionIssuer.arn")
        if operation in OPERATIONS and issuer == self.deliver_role:
            return "question"
        is_canary = (
            operation == CANARY_OPERATION
            and self.canary is not None
            and issuer == self.canary_role
            and record.request_parameters.get("resourceArn") == self.canary
        )
        return "canary" if is_canary else None
