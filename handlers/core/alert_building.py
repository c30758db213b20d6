"""From a finding to the alert that people read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from handlers.core.alerts import Actor, Alert
from handlers.core.judgement import Finding, Judged
from handlers.core.reasons import explain_finding
from handlers.core.record import Record, as_mapping, as_text, value_at
from handlers.core.resources import find_resource
from handlers.core.ruleset import Ruleset
from handlers.core.text import HIDDEN, clean, is_masked, show

_ENDS = ("Name", "Id", "Arn")
_IDENTIFIER = re.compile(rf"(?:{'|'.join(_ENDS)})$")


def build_alert(judged: Judged, finding: Finding, ruleset: Ruleset) -> Alert:
    """Turn the finding of a record into what people are told. Only values that the rule allows are shown."""
    record, facts, rule, actor = judged.record, judged.facts, finding.rule, judged.facts["actor"]
    error = ": ".join(filter(None, (record.error_code, record.error_message))) or None
    return Alert(
        alert_id=_digest(record.account, record.region, record.event_id),
        dedup_key=_digest(rule.name, actor["id"], record.account, record.region),
        severity=finding.severity,
        rule=rule.name,
        operation=clean(judged.operation),
        category=rule.category,
        reasons=explain_finding(finding, facts),
        actor=Actor(
            kind=actor["kind"],
            id=clean(actor["id"]),
            name=clean(actor["name"]),
            session=clean(actor["session"]) if "session" in actor else None,
        ),
        account=clean(record.account),
        region=clean(record.region),
        time=record.event_time,
        source_ip=clean(record.source_ip),
        subject=_subject(record, rule.subject) if rule.subject else None,
        shown=_shown(record, rule.shown),
        error=clean(error) if error else None,
        runbook=rule.runbook,
        attack=finding.attack,
        event_id=clean(record.event_id),
        link=(find_resource(record) or {}).get("url"),
        account_name=ruleset.account_names.get(record.account),
        region_name=ruleset.region_names.get(record.region),
    )


def _subject(record: Record, path: str) -> str | None:
    """The resource that the call is about: what stands at `path`, else the identifier that AWS answered."""
    value = value_at(record.raw, path)
    if not is_masked(value) and (text := _readable(value)) is not None:
        return text
    return _identifier_in(as_mapping(record.raw.get("responseElements")), path)


def _identifier_in(answer: Mapping[str, Any], path: str) -> str | None:
    """The name, id or ARN of the resource in what AWS answered, which may hold keys and tokens too.

    Only these are read: what the subject's name makes (of `thingName`: thingName, thingId, thingArn), and
    name, id and arn by themselves.
    """
    stem = _IDENTIFIER.sub("", path.rpartition(".")[2])
    found = {name.casefold(): text for name, value in answer.items() if (text := as_text(value))}
    for name in (*(f"{stem}{end}" for end in _ENDS), *_ENDS):
        if (known := found.get(name.casefold())) and not is_masked(known):
            return clean(known)
    return None


def _shown(record: Record, paths: Sequence[str]) -> dict[str, str]:
    values = {path: _readable(value_at(record.raw, path)) for path in paths}
    labels = [_label(path) for path in paths]
    return {
        # Two of one name are told by their whole paths.
        label if labels.count(label) == 1 else path.partition(".")[2]: text
        for label, (path, text) in zip(labels, values.items(), strict=True)
        if text is not None
    }


def _label(path: str) -> str:
    """What people call the value at a path: its last part, and the one before where that says nothing."""
    *_, above, last = path.split(".")
    return f"{above}.{last}" if last in ("id", "arn") and above != "requestParameters" else last


def _readable(value: object) -> str | None:
    if value is None or value == "":
        return None
    return HIDDEN if is_masked(value) else show(value)


def _digest(*parts: str) -> str:
    # Their lengths keep ("a", "bc") and ("ab", "c") apart. JSON may hold half a surrogate pair.
    told_apart = "".join(f"{len(part)}:{part}" for part in parts).encode(errors="surrogatepass")
    return hashlib.sha256(told_apart).hexdigest()[:24]
