"""The model of the operator's one file, `config/alerts.yaml`: its sections, their keys and what they mean.

Here each section is checked for itself; what concerns several is checked in `check.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import (
    AfterValidator,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from handlers.core.operations import is_read, split_operation
from handlers.core.routes import Audience, find_audience
from handlers.core.severity import Severity
from rulebook.catalog import Entry, Escalation, not_above
from rulebook.config.dedup import DedupDefaults, DedupValue
from rulebook.config.delivery import Destination, Operators, Route
from rulebook.config.rules import NO_THRESHOLDS, CustomRule, Thresholds
from rulebook.config.section import SOME, Section, context_of
from rulebook.config.values import (
    AccountId,
    Alias,
    Bucket,
    Day,
    Domain,
    Flag,
    Name,
    Once,
    Principal,
    Region,
    ServiceName,
    Switch,
    Version,
)
from rulebook.faults import Place, did_you_mean
from rulebook.services import Service, judged_services, watched_services
from rulebook.validation import Items, Pattern, SeverityName, Text, refuse


def _operation(name: str, info: ValidationInfo) -> str:
    context = context_of(info)
    prefix, operation = split_operation(name)
    if f"{prefix}:{operation}" in context.catalog:
        return f"{prefix}:{operation}"
    if operation in context.operations.get(prefix, ()):
        why = "only reads" if is_read(operation) else "is newer than this release"
        raise refuse(((), f"{why}, so the catalog has no entry to change; write a custom rule for it"))
    raise refuse(((), f"the catalog knows no such operation{did_you_mean(name, context.catalog)}"))


SeverityOrOff = Literal["off", "informational", "low", "medium", "high", "critical"]
OperationName = Annotated[str, AfterValidator(_operation)]


class Watch(Section):
    """What reaches Thingwatch at all."""

    renamed: ClassVar[Mapping[str, str]] = {"read_only": "reads"}

    services: Annotated[tuple[ServiceName, ...], SOME, Once] | None = None
    """The services whose calls are judged; all that AWS still runs, when left out."""
    reads: Flag = False
    """Whether calls that only read are judged too (Get, List, Describe). They are many."""

    @property
    def watched(self) -> tuple[Service, ...]:
        """See `watched_services`."""
        return watched_services(self.services)

    @property
    def judged(self) -> tuple[Service, ...]:
        """See `judged_services`."""
        return judged_services(self.services)


class Defaults(Section):
    """What holds where nothing else is said."""

    misplaced: ClassVar[Mapping[str, str]] = {
        "dedup_window": "is now `dedup`, which says how many are told at once too: "
        "`dedup: {window: 10m, first: 1}`"
    }

    minimum_severity: SeverityName = Severity.LOW
    """Findings below this are not told."""
    uncatalogued: SeverityOrOff = "low"
    """How bad an operation is that may write and that the catalog does not know yet."""
    reads: SeverityOrOff = "informational"
    """How bad an operation is that only reads, when watch.reads is true."""
    dedup: DedupDefaults = DedupDefaults()
    """Of each kind of alert the first few in a window are told at once, the others in a rollup."""


class Override(Section):
    """Your judgement of an operation.

    `severity` replaces the catalog's base (`off`: no rule at all), and the catalog's escalations
    still raise it; `escalate` replaces those, and an empty list drops them.
    """

    severity: SeverityOrOff | None = None
    escalate: Annotated[tuple[Escalation, ...], Items] | None = None
    dedup: DedupValue | None = None
    """How its alerts are held back; defaults.dedup when left out."""

    @model_validator(mode="before")
    @classmethod
    def _under_its_key(cls, value: object) -> object:
        if isinstance(value, str):
            raise refuse(((), "write the severity under its key, such as `{severity: off}`"))
        return value

    @model_validator(mode="after")
    def _says_something(self) -> Override:
        if self.severity is None and self.escalate is None and self.dedup is None:
            raise refuse(((), "changes nothing; write `severity:` or `escalate:`, or delete the line"))
        if self.severity == "off" and self.escalate:
            advice = "an operation that is `off` can not escalate; give it a severity, or delete this"
            raise refuse((("escalate",), advice))
        return self


class Suppression(Section):
    """A standing exception: findings that match are told to nobody, through the day `until` (UTC)."""

    name: Name
    match: Pattern
    """An event pattern over the record, its facts and the finding (rule, category, severity)."""
    reason: Text
    until: Day
    broad: Flag = False
    """Says that silencing this much is meant."""

    @property
    def patterns(self) -> tuple[tuple[Place, Mapping[str, object]], ...]:
        """Its event pattern, with its place below the suppression."""
        return ((("match",), self.match),)


class KnownAutomation(Section):
    """Roles whose routine work is lowered and never hidden. What is critical stays critical, and
    circumstances (root, another account, omitted parameters) still raise it.
    """

    name: Name
    roles: Annotated[tuple[Principal, ...], SOME, Once]
    """ARNs of roles or users; * stands for any text."""
    operations: Annotated[tuple[OperationName, ...], SOME, Once] | None = None
    """What is routine for them; everything, when left out."""
    at_most: SeverityName | None = None
    """low, or defaults.minimum_severity where that is higher."""
    reason: Text

    @field_validator("at_most")
    @classmethod
    def _hides_nothing(cls, at_most: Severity | None, info: ValidationInfo) -> Severity | None:
        minimum = context_of(info).minimum
        if at_most is not None and at_most < minimum:
            advice = (
                f"is below defaults.minimum_severity, {minimum.value}, so it would hide; a suppression hides"
            )
            raise refuse(((), advice))
        return at_most


class AllowLists(Section):
    """Your allow lists; anything else raises severity."""

    accounts: Annotated[tuple[AccountId, ...], Items, Once] = ()
    """Your other accounts."""
    buckets: Annotated[tuple[Bucket, ...], Items, Once] = ()
    """Your S3 buckets; when some are named, a call that names another is high at least."""
    domains: Annotated[tuple[Domain, ...], Items, Once] = ()
    """Your web domains, subdomains included; when some are named, an address elsewhere is high at least."""


class Aliases(Section):
    """What people call accounts and Regions."""

    accounts: Mapping[AccountId, Alias] = {}
    regions: Mapping[Region, Alias] = {}


class Config(Section):
    """Who is told what. A config that was checked."""

    renamed: ClassVar[Mapping[str, str]] = {"own": "allow_lists"}

    version: Annotated[Version, Field(examples=["version: 1"])]
    watch: Watch = Watch()
    defaults: Defaults = Defaults()
    operations: Mapping[OperationName, Override] = {}
    """Your own severity of an operation, such as iot:CreateThing."""
    rules: Annotated[tuple[CustomRule, ...], Items] = ()
    """Custom rules, beside the catalog's."""
    thresholds: Thresholds = NO_THRESHOLDS
    """Your own tuning of the built-in rules over time, by name; `off` switches one off."""
    suppressions: Annotated[tuple[Suppression, ...], Items] = ()
    """Standing exceptions, each with a reason and a last day."""
    known_automation: Annotated[tuple[KnownAutomation, ...], Items] = ()
    """Roles whose routine work is lowered and never hidden."""
    allow_lists: AllowLists = AllowLists()
    aliases: Aliases = Aliases()
    destinations: Annotated[
        Mapping[Name, Destination], Field(min_length=1, examples=["destinations: {audit: {sns: create}}"])
    ]
    """Where alerts go, by names of your choice."""
    routes: Annotated[tuple[Route, ...], SOME] = ()
    """Who hears of what; without routes, everything goes everywhere."""
    operators: Operators = Operators()
    """Who hears that Thingwatch itself is unwell."""
    enrich: Switch = True
    """Whether an alert tells what AWS IoT says of its policy or certificate; off takes the permission too."""
    canary: Switch = True
    """Whether a harmless call to AWS IoT every half hour shows that Thingwatch still hears of calls."""
    slack_test_host: Literal["127.0.0.1", "::1", "localhost"] | None = None
    """For tests: a loopback host that may stand in for Slack."""

    @field_validator("destinations")
    @classmethod
    def _stay_apart_as_outputs(cls, destinations: Mapping[str, Destination]) -> Mapping[str, Destination]:
        # The stack's outputs carry these names, and CloudFormation takes no hyphen there.
        bare = [name.replace("-", "") for name in destinations]
        faults = [
            ((name,), "differs from another destination by its hyphens alone; choose another name")
            for position, name in enumerate(destinations)
            if bare[position] in bare[:position]
        ]
        if faults:
            raise refuse(*faults)
        return destinations

    @field_validator("operations")
    @classmethod
    def _escalations_only_raise(
        cls, overrides: Mapping[str, Override], info: ValidationInfo
    ) -> Mapping[str, Override]:
        faults: list[tuple[Place, str]] = []
        for operation, override in overrides.items():
            if override.escalate and override.severity != "off":
                base = effective_severity(context_of(info).catalog[operation], override)
                for path, message in not_above(base, override.escalate):
                    faults.append(((operation, "escalate", *path), message))
        if faults:
            raise refuse(*faults)
        return overrides

    @model_validator(mode="after")
    def _routes_everything(self) -> Config:
        if not self.routes:
            everywhere = Route.model_construct(to=tuple(sorted(self.destinations)))
            object.__setattr__(self, "routes", (everywhere,))
        return self

    def audience_of(self, severity: Severity) -> Audience:
        """Who hears of findings of a severity."""
        return find_audience(
            severity,
            [each.compiled() for each in self.routes],
            minimum=self.defaults.minimum_severity,
            destinations=sorted(self.destinations),
        )


def effective_severity(entry: Entry, override: Override | None) -> Severity:
    """The base severity of an operation: the operator's, else the catalog's (even if it is off)."""
    if override is None or override.severity is None or override.severity == "off":
        return entry.severity
    return Severity(override.severity)
