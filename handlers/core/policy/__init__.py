"""What an AWS IoT policy document allows that it should not.

What a new version of one adds is in `difference`, which nobody at the start of a function needs.
"""

from handlers.core.policy.assessment import policy_fact, read_policy
from handlers.core.policy.risks import (
    OVERLY_PERMISSIVE,
    POTENTIALLY_MISCONFIGURED,
    RISK_NAMES,
    UNREADABLE,
    Risk,
)
from handlers.core.policy.templates import read_template, template_fact

__all__ = [
    "OVERLY_PERMISSIVE",
    "POTENTIALLY_MISCONFIGURED",
    "RISK_NAMES",
    "UNREADABLE",
    "Risk",
    "policy_fact",
    "read_policy",
    "read_template",
    "template_fact",
]
