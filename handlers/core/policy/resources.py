"""What the resource of a policy statement names, and how much of the name the policy's author fixed."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from handlers.core.policy.wildcards import split_variables

WILDCARDS = "*?"
MQTT_WILDCARDS = "+#"

# What the registry holds of the thing, and what the certificate's issuer wrote, of the variables in
# https://docs.aws.amazon.com/iot/latest/developerguide/iot-policy-variables.html. Not aws:SourceIp and
# iot:DomainName, which the device chooses by how it connects; not iot:Certificate.AvailableKeys, a list
# that says nothing of one device; and not what that page does not know, such as credentials-iot:ThingName
# and cognito-identity.amazonaws.com:sub, which are for IAM's policies.
_OF_THING_OR_CERTIFICATE = (
    "iot:connection.thing.",
    "iot:thing.",
    "iot:certificate.subject.",
    "iot:certificate.issuer.",
)
# The certificate's too, and `${*}`, `${?}` and `${$}`, which stand for the characters themselves.
_FIXED = frozenset({"iot:certificateid", "iot:certificate.serialnumber", "*", "?", "$"})
# Inside a variable these are no wildcards, and no end of an ARN's part.
_WITHOUT_MEANING = str.maketrans("*?:+#/", "......")


def is_fixed_as_name(variable: str) -> bool:
    """Whether a variable (its name in lower case) binds a name before the device connects."""
    return variable in _FIXED or variable.startswith(_OF_THING_OR_CERTIFICATE)


def is_fixed_once_connected(variable: str) -> bool:
    """Whether a variable binds a name once the device is connected: then its client id is fixed too.

    So `client/${iot:ClientId}` lets it connect as anyone, and `topic/${iot:ClientId}` is then its own.
    """
    return variable == "iot:clientid" or is_fixed_as_name(variable)


def target_of(resource: str, is_fixed: Callable[[str], bool] = is_fixed_once_connected) -> str:
    """What a resource names behind `arn:partition:iot:region:account:`, such as `topic/a/*`.

    Variables that are not fixed, or whose default has a wildcard, become `*`. A wildcard that stands
    for a part of the ARN and all that follows (`arn:aws:*`) names everything.
    """
    if "${" in resource:
        resource = "".join(
            _stand_in(piece, is_fixed) if is_variable else piece
            for piece, is_variable in split_variables(resource)
        )
    parts = resource.split(":", 5)
    last = parts[-1]
    if len(parts) == 6 or any("*" in part for part in parts[:-1]):
        # The definition's example of shadows has a slash before the kind.
        return last.removeprefix("/")
    return last[last.index("*") :] if "*" in last else resource


def fixed_beginning(target: str, kind: str, wildcards: str) -> str | None:
    """The beginning of a resource's name that the policy's author fixed, up to the first wildcard: `a/`
    for the kind `topic` and the target `topic/a/*`. The target's wildcards may cover its kind.

    None if nothing is open, or the target is not of this kind.
    """
    beginning = target
    for sign in wildcards:
        beginning = beginning.partition(sign)[0]
    if beginning == target:
        return None
    if beginning.startswith(f"{kind}/"):
        return beginning[len(kind) + 1 :]
    return "" if f"{kind}/".startswith(beginning) else None


# Policies use the same few variables. One is no longer than its document, so the cache stays small.
@lru_cache(maxsize=128)
def _stand_in(variable: str, is_fixed: Callable[[str], bool]) -> str:
    # Behind a comma stands what to use when the variable has no value, which the device may arrange.
    name, _, default = variable[2:-1].partition(",")
    is_open = any(sign in default for sign in WILDCARDS + MQTT_WILDCARDS)
    binds = is_fixed("" if is_open else name.strip().lower())
    return variable.translate(_WITHOUT_MEANING) if binds else "*"
