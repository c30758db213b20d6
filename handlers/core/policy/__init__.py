"""What an AWS IoT policy document allows that it should not, and what a new version of one adds."""

from handlers.core.policy.assessment import policy_fact, read_policy
from handlers.core.policy.difference import Allowance, added_allowances
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
    "Allowance",
    "Risk",
    "added_allowances",
    "policy_fact",
    "read_policy",
    "read_template",
    "template_fact",
]
