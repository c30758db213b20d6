"""What the resource of a policy statement names, and how much of the name the policy's author fixed."""

from __future__ import annotations

from collections.abc import Callable

from handlers.core.policy.wildcards import split_variables

WILDCARDS = "*?"
MQTT_WILDCARDS = "+#"

# `${*}`, `${?}` and `${$}` stand for the characters themselves.
_CHARACTERS = ("*", "?", "$")
# What the registry holds of the thing, and what the certificate's issuer wrote. Not aws:SourceIp and
# iot:DomainName, which the device chooses by how it connects, and not what we do not know.
_OF_THING_OR_CERTIFICATE = (
    "iot:connection.thing.",
    "iot:thing.",
    "iot:certificate.subject.",
    "iot:certificate.issuer.",
    "iot:certificate.serialnumber",
)
# Inside a variable these are no wildcards, and no end of an ARN's part.
_WITHOUT_MEANING = str.maketrans("*?:+#/", "......")


def is_fixed_as_name(variable: str) -> bool:
    """Whether a variable (its name in lower case) binds a name before the device connects."""
    return variable in _CHARACTERS or variable.startswith(_OF_THING_OR_CERTIFICATE)


def is_fixed_once_connected(variable: str) -> bool:
    """The same for a device that is connected: its client id is what iot:Connect let it be.

    So `client/${iot:ClientId}` lets it be anyone, and `topic/${iot:ClientId}` is then its own.
    """
    return variable == "iot:clientid" or is_fixed_as_name(variable)


def target_of(resource: str, is_fixed: Callable[[str], bool] = is_fixed_once_connected) -> str:
    """What a resource names behind `arn:partition:iot:region:account:`, such as `topic/a/*`.

    Variables that are not fixed become `*`. A wildcard that stands for a part of the ARN and all that
    follows (`arn:aws:*`) names everything.
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
    ends = [at for at in map(target.find, wildcards) if at >= 0]
    if not ends:
        return None
    beginning = target[: min(ends)]
    if beginning.startswith(f"{kind}/"):
        return beginning[len(kind) + 1 :]
    return "" if f"{kind}/".startswith(beginning) else None


def _stand_in(variable: str, is_fixed: Callable[[str], bool]) -> str:
    # Behind a comma stands what to use when the variable has no value.
    name = variable[2:-1].partition(",")[0].strip().lower()
    return variable.translate(_WITHOUT_MEANING) if is_fixed(name) else "*"
