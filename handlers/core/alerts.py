"""The alert: what people are told, as one model that every rendering shows.

Text from an event is hostile. It is cleaned of control characters and cut here, once;
each rendering still escapes it for its own medium.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handlers.core.codec import from_json, to_json
from handlers.core.judgement import Finding, Judged
from handlers.core.reasons import explain_finding
from handlers.core.record import MASKS, Record, as_mapping, as_text, is_masked, value_at
from handlers.core.resources import find_resource
from handlers.core.ruleset import Ruleset
from handlers.core.severity import Severity

_IDENTIFIERS = ("Name", "Id", "Arn")
# Of the call, of a part, or of a secret; with a hyphen it is an HTTP header, which some services answer too.
_OF_SOMETHING_ELSE = re.compile(r"request|version|token|key|role|secret|-", re.IGNORECASE)
_HIDDEN = "(hidden by CloudTrail)"
_MASK_IN_JSON = re.compile(rf'(?<!\\)"(?:{"|".join(map(re.escape, sorted(MASKS)))})"')

TEXT_LIMIT = 256
"""Characters of any one text that an event may put into an alert."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who made the call. `id` is stable: for an assumed role it is the role, not the session."""

    kind: str
    id: str
    name: str
    session: str | None


@dataclass(frozen=True, slots=True)
class Alert:
    """One judged call, ready to be told."""

    alert_id: str
    """Stable across redeliveries and corrected records: what a claim is made on."""
    dedup_key: str
    """Alerts with the same key are one person doing one thing in one place."""
    severity: Severity
    rule: str
    operation: str
    category: str
    reasons: tuple[str, ...]
    actor: Actor
    account: str
    region: str
    time: datetime
    source_ip: str
    subject: str | None
    shown: Mapping[str, str]
    error: str | None
    """The error that the call met; None when it succeeded."""
    runbook: tuple[str, ...]
    attack: tuple[str, ...]
    event_id: str
    link: str | None = None
    """The page of the touched resource in the AWS console."""
    account_name: str | None = None
    """What people call the account, where the config says it."""
    region_name: str | None = None
    """What people call the Region, where the config says it."""

    @property
    def where(self) -> tuple[str, str]:
        """Account and Region in the words of people: `prod (111122223333)`, `eu-west-1`."""
        return (
            f"{self.account_name} ({self.account})" if self.account_name else self.account,
            f"{self.region_name} ({self.region})" if self.region_name else self.region,
        )


@dataclass(frozen=True, slots=True)
class Delivery:
    """One alert to one destination: the unit of retry."""

    alert: Alert
    destination: str

    @property
    def key(self) -> str:
        """What a delivery is claimed on."""
        return f"{self.alert.alert_id}#{self.destination}"


class BadDelivery(ValueError):
    """A queue message that is not a delivery of ours; the message says what is wrong."""


class UnknownDelivery(ValueError):
    """A queue message of a kind or a format version that this release does not know: a newer one wrote it."""


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
    return _identifier_in(as_mapping(record.raw.get("responseElements")))


def _identifier_in(answer: Mapping[str, Any]) -> str | None:
    """The name, id or ARN at the top of what AWS answered, which may hold keys and tokens too."""
    texts = {
        name: text
        for name, value in answer.items()
        if (text := as_text(value)) and not is_masked(text) and not _OF_SOMETHING_ELSE.search(name)
    }
    of_itself = [texts[name] for end in _IDENTIFIERS for name in (end, end.lower()) if name in texts]
    others = [text for end in _IDENTIFIERS for name, text in texts.items() if name.endswith(end)]
    return next(map(clean, (*of_itself, *others)), None)


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


def clean(text: str) -> str:
    """`text` on one line, without control, format or unassigned characters (a right-to-left
    override hides what a name says), at most `TEXT_LIMIT` characters.
    """
    cut = text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - 1] + "…"
    if cut.isprintable():
        return cut
    return "".join(" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in cut)


_FORMAT = {"kind": "alert", "version": 1}
"""What a queue message says of itself. The first release said neither and meant this."""


def write_delivery(delivery: Delivery) -> str:
    """The delivery as the JSON of a queue message."""
    # Not as \\u escapes: a hostile name would be three times as long, and ten deliveries share one call.
    return json.dumps({**_FORMAT, **to_json(delivery)}, ensure_ascii=False)


def read_delivery(text: str) -> Delivery:
    """The delivery in a queue message. Raises `BadDelivery` or `UnknownDelivery`.

    A field that this release does not know was added by a newer `detect`, while a deployment is under way.
    """
    try:
        data = json.loads(text)
        stated = {name: data.get(name, value) for name, value in _FORMAT.items()}
        if stated == _FORMAT:
            return from_json(Delivery, data)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadDelivery(f"not a delivery: {type(error).__name__}") from None
    kind, version = map(show, stated.values())
    raise UnknownDelivery(f"the message is of kind {kind}, version {version}: a newer release wrote it")


def _readable(value: object) -> str | None:
    if value is None or value == "":
        return None
    return _HIDDEN if is_masked(value) else show(value)


def show(value: object) -> str:
    """A value of a record as short text for people: texts as they are, everything else as JSON, where what
    CloudTrail hid is said to be hidden.
    """
    if isinstance(value, str):
        return clean(value)
    try:
        return clean(_MASK_IN_JSON.sub(f'"{_HIDDEN}"', json.dumps(value, ensure_ascii=False)))
    except RecursionError:
        return "(nested too deeply to show)"


def _digest(*parts: str) -> str:
    # Their lengths keep ("a", "bc") and ("ab", "c") apart. JSON may hold half a surrogate pair.
    told_apart = "".join(f"{len(part)}:{part}" for part in parts).encode(errors="surrogatepass")
    return hashlib.sha256(told_apart).hexdigest()[:24]
