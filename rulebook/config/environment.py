"""How many destinations the stack can have: the functions find their queues, and `deliver` their topics, in
their environments, which are small; and one composite alarm looks at the alarms of all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

_ENVIRONMENT = 4096
"""Bytes that Lambda gives all variables of a function, names and values:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

_OTHER_VARIABLES = 945
"""Bytes of the names of stack and table, two queue URLs, the ARNs of two roles and of the canary, with their
variables' names, in the longest Region: `detect` has the most."""

_MOST = 20
"""Each has up to four alarms, and a composite alarm takes a hundred:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html"""

_LONGEST_URL = f"https://sqs.us-gov-northwest-1.amazonaws.com/123456789012/{'x' * 80}"
"""A queue has 80 letters at most, whatever the stack's name is. The ARN of a topic is not longer."""


def destinations_that_fit(destinations: Mapping[str, object]) -> Sequence[str]:
    """The destinations that fit, in config's order."""
    names = [str(name) for name in destinations]
    for count in range(min(len(names), _MOST), 0, -1):
        urls = dict.fromkeys(names[:count], _LONGEST_URL)
        if len(json.dumps(urls, separators=(",", ":"))) <= _ENVIRONMENT - _OTHER_VARIABLES:
            return names[:count]
    return ()
