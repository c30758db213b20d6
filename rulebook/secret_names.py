"""Where a webhook URL is kept: `ssm:/name` (an SSM SecureString) or `secretsmanager:name`.

The rules for names are AWS's: those of `ssm:PutParameter` and `secretsmanager:CreateSecret`.
No message repeats the value: it may be the secret itself.
"""

from __future__ import annotations

import re

_SSM = re.compile(r"(/[A-Za-z0-9_.-]+){1,15}", re.ASCII)
_SSM_MAX = 1011
_SECRETS_MANAGER = re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}", re.ASCII)
_LIKE_ARN_SUFFIX = re.compile(r".*-[A-Za-z0-9]{6}", re.ASCII)
_LIKE_WEBHOOK = re.compile(
    r"https?:|//|slack(-gov)?\.com|(?-i:services/T[A-Z0-9]+/B[A-Z0-9])", re.ASCII | re.IGNORECASE
)

_SECRET = re.compile(
    r"hooks\.slack(-gov)?\.com|services/T[A-Z0-9]{6,}/B[A-Z0-9]{6,}/|xox[a-z]-[A-Za-z0-9-]{8,}", re.ASCII
)

PASTED_IN_TEXT = (
    "this looks like a Slack webhook or token, which is a secret; take it out of this file"
    " (whoever has seen it can post: make a new one)"
)
WHERE = "write where the webhook URL is stored: `ssm:/thingwatch/slack/NAME` or `secretsmanager:NAME`"
PASTED = (
    "a webhook URL is a secret and must not stand in this file; store it with"
    " `aws ssm put-parameter --type SecureString --name /thingwatch/slack/NAME --value file:///dev/stdin`"
    " and write `ssm:/thingwatch/slack/NAME` here (whoever has seen the URL can post: make a new one)"
)


def holds_secret(text: str) -> bool:
    """Whether a text that people will read holds a webhook URL or a Slack token."""
    return _SECRET.search(text) is not None


def secret_name_fault(value: str) -> str | None:
    """What is wrong with the place of a secret, in words that do not repeat it; None when it is sound."""
    if _LIKE_WEBHOOK.search(value) or holds_secret(value):
        return PASTED
    kind, _, name = value.partition(":")
    if kind == "ssm":
        return _ssm_fault(name)
    if kind == "secretsmanager":
        if _SECRETS_MANAGER.fullmatch(name):
            return None
        return "a Secrets Manager name has 1 to 512 letters, digits and /_+=.@-"
    return WHERE


def secret_name_warning(value: str) -> str | None:
    """What may go wrong with a sound place; None when nothing is known to."""
    if value.startswith("secretsmanager:") and _LIKE_ARN_SUFFIX.fullmatch(value):
        return (
            "the name ends in a hyphen and six characters, like the end of a secret's ARN, so AWS may"
            " not find it by part of its ARN; prefer another name"
        )
    return None


def _ssm_fault(name: str) -> str | None:
    if not _SSM.fullmatch(name):
        return (
            "an SSM parameter name starts with `/` and has up to 15 parts of letters, digits and _.-"
            " with one `/` between, such as `ssm:/thingwatch/slack/NAME`"
        )
    if len(name) > _SSM_MAX:
        return f"an SSM parameter name has at most {_SSM_MAX} characters"
    if name.lower().startswith(("/aws", "/ssm")):
        return "AWS keeps names that start with /aws or /ssm for itself; choose another"
    return None
