"""Two spellings of one parameter: as the API's model writes it, and as CloudTrail may.

Some services have parameters in PascalCase. CloudTrail keeps that for some of them (Greengrass v1, managed
integrations) and begins the names with a small letter for others; no page says for which:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
The catalog writes names as the model does, and either spelling is understood.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PARAMETERS = ("requestParameters", "responseElements")


def small_first(name: str) -> str:
    """`Name` as `name`. A word all in capitals (`SNS`, a key that people chose) stays."""
    return name if name.isupper() else name[:1].lower() + name[1:]


def either_spelling(pattern: Mapping[str, Any]) -> Mapping[str, Any]:
    """A pattern that matches parameters in both spellings; `pattern` itself where they are the same."""
    other = {
        key: _small_first_below(value) if key in _PARAMETERS else value for key, value in pattern.items()
    }
    return pattern if other == pattern else {"$or": [pattern, other]}


def _small_first_below(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {
        key if key == "$or" else small_first(key): [_small_first_below(each) for each in inner]
        if key == "$or"
        else _small_first_below(inner)
        for key, inner in value.items()
    }
