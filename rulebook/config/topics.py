"""How many topics the stack can make: `deliver` finds their ARNs in its environment, which is small."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from handlers.core.record import as_mapping

_ENVIRONMENT = 4096
"""Bytes that Lambda gives all variables of a function, names and values:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

_OTHER_VARIABLES = 400
"""Bytes of the table's name and two queue URLs, with their variables' names, in the longest Region."""

_LONGEST_ARN = (
    "arn:aws-us-gov:sns:us-gov-northwest-1:123456789012:Thingwatch-Topic{name}1A2B3C4D-1A2B3C4D5E6F7"
)
"""As CloudFormation names a topic of the stack Thingwatch: stack, logical id, and 13 letters of its own."""


def topics_that_fit(destinations: Mapping[str, object]) -> Sequence[str]:
    """The destinations with `sns: create` that fit, in config's order. Topics given by ARN take no place."""
    asking = [str(name) for name, each in destinations.items() if as_mapping(each).get("sns") == "create"]
    for count in range(len(asking), 0, -1):
        arns = {name: _LONGEST_ARN.format(name=name.replace("-", "")) for name in asking[:count]}
        if len(json.dumps(arns, separators=(",", ":"))) <= _ENVIRONMENT - _OTHER_VARIABLES:
            return asking[:count]
    return ()
