"""The risks of policy documents: their names, their verdicts, and what is said of them.

The two verdicts are AWS IoT Device Defender's: overly permissive is critical there, potentially
misconfigured medium.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

OVERLY_PERMISSIVE = "overly-permissive"
POTENTIALLY_MISCONFIGURED = "potentially-misconfigured"
UNREADABLE = "unreadable"

ANY_ACTION_ON_ANY_RESOURCE = "any-action-on-any-resource"
ANY_ACTION = "any-action"
ALLOW_BY_EXCLUSION = "allow-by-exclusion"
POLICY_CHOSEN_BY_CALLER = "policy-chosen-by-caller"
ANY_ROLE_ALIAS = "any-role-alias"
CONNECT_AS_ANY_CLIENT = "connect-as-any-client"
PUBLISH_ANYWHERE = "publish-anywhere"
SUBSCRIBE_ANYWHERE = "subscribe-anywhere"
RESERVED_TOPICS = "reserved-topics"
ANY_THING_SHADOW = "any-thing-shadow"
ANY_THING_JOB = "any-thing-job"
READ_RETAINED_ANYWHERE = "read-retained-anywhere"
RETAIN_ANYWHERE = "retain-anywhere"
DISCONNECT_ANY_CLIENT = "disconnect-any-client"
MQTT_WILDCARD_IN_DENY = "mqtt-wildcard-in-deny"
RECEIVE_NOT_DENIED = "receive-not-denied"
VARIABLE_NOT_SUBSTITUTED = "variable-not-substituted"

# Worst first.
_VERDICTS_AND_REASONS = {
    ANY_ACTION_ON_ANY_RESOURCE: (OVERLY_PERMISSIVE, "allows every action on every resource"),
    POLICY_CHOSEN_BY_CALLER: (OVERLY_PERMISSIVE, "lets who provisions a device choose its policy"),
    ALLOW_BY_EXCLUSION: (OVERLY_PERMISSIVE, "allows everything but what it names"),
    ANY_ACTION: (OVERLY_PERMISSIVE, "allows every action"),
    ANY_ROLE_ALIAS: (OVERLY_PERMISSIVE, "lets a device take the role of any role alias"),
    CONNECT_AS_ANY_CLIENT: (OVERLY_PERMISSIVE, "lets a device connect as any client"),
    PUBLISH_ANYWHERE: (OVERLY_PERMISSIVE, "lets a device publish to any device's topics"),
    SUBSCRIBE_ANYWHERE: (OVERLY_PERMISSIVE, "lets a device subscribe to any device's topics"),
    RESERVED_TOPICS: (OVERLY_PERMISSIVE, "lets a device use the reserved topics of any thing"),
    ANY_THING_SHADOW: (OVERLY_PERMISSIVE, "lets a device read or change the shadow of any thing"),
    ANY_THING_JOB: (OVERLY_PERMISSIVE, "lets a device read or change the jobs of any thing"),
    READ_RETAINED_ANYWHERE: (OVERLY_PERMISSIVE, "lets a device read the retained messages of any topic"),
    RETAIN_ANYWHERE: (OVERLY_PERMISSIVE, "lets a device leave retained messages on any topic"),
    DISCONNECT_ANY_CLIENT: (OVERLY_PERMISSIVE, "lets a device disconnect any client"),
    UNREADABLE: (UNREADABLE, "can not be read"),
    MQTT_WILDCARD_IN_DENY: (
        POTENTIALLY_MISCONFIGURED,
        "denies a name with + or #, which are no wildcards in a policy",
    ),
    RECEIVE_NOT_DENIED: (
        POTENTIALLY_MISCONFIGURED,
        "denies a topic filter but not receiving, so a wider filter still brings the messages",
    ),
    VARIABLE_NOT_SUBSTITUTED: (
        POTENTIALLY_MISCONFIGURED,
        "uses policy variables, which are plain text in this version of the policy language",
    ),
}
RISK_NAMES = tuple(_VERDICTS_AND_REASONS)
"""Every name that a Risk can have, worst first."""
_RANKS = {name: rank for rank, name in enumerate(RISK_NAMES)}


@dataclass(frozen=True, slots=True)
class Risk:
    """One thing that a policy document should not allow, or that it seems to deny and does not."""

    verdict: str
    """OVERLY_PERMISSIVE, POTENTIALLY_MISCONFIGURED or UNREADABLE."""
    name: str
    """One of RISK_NAMES."""
    statement: int | None
    """The statement's position from 1; None when it is the whole document."""
    why: str
    """What the statement does, in our words alone: never text of the document, which may be hostile."""
    policy: int | None = None
    """The policy's position from 1 in a template that has several; None when there is but one."""


def as_fact(risks: Collection[Risk], whole: str) -> dict[str, object]:
    """Risks in the shape of `policy_fact`; `whole` is the subject when no statement is named."""
    sentences = [f"{_place(risk, whole)} {risk.why}" for risk in risks]
    told = sentences[:8]
    if len(sentences) > len(told):
        told.append(f"… and {len(sentences) - len(told)} more")
    return {
        "verdicts": sorted({risk.verdict for risk in risks}),
        "risks": sorted({risk.name for risk in risks}),
        "why": told,
    }


def as_risk(name: str, statement: int | None) -> Risk:
    """The risk of this name (one of RISK_NAMES) in this statement."""
    verdict, why = _VERDICTS_AND_REASONS[name]
    return Risk(verdict, name, statement, why)


def in_order(risks: Iterable[Risk]) -> tuple[Risk, ...]:
    """Without repetition, the worst first, and of the equally bad the first policy's and statement's."""
    return tuple(
        sorted(set(risks), key=lambda risk: (_RANKS[risk.name], risk.policy or 0, risk.statement or 0))
    )


def _place(risk: Risk, whole: str) -> str:
    if risk.statement is None:
        return whole if risk.policy is None else f"policy {risk.policy}"
    statement = f"statement {risk.statement}"
    return statement if risk.policy is None else f"policy {risk.policy}, {statement}"
