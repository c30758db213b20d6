"""Where alerts go: the sections `destinations` and `routes` of a config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, ValidationInfo, model_validator

from handlers.core.record_pattern import RecordPattern
from handlers.core.routes import Route as CompiledRoute
from handlers.core.severity import Severity
from rulebook.config.dedup import Archive
from rulebook.config.section import SOME, Section, context_of
from rulebook.config.values import KmsKey, Once, SecretPlace, Topic, name_fault
from rulebook.faults import Place, did_you_mean, quoted
from rulebook.validation import Items, Pattern, SeverityName, refuse


def _routed_to(name: str, info: ValidationInfo) -> str:
    destinations = context_of(info).destinations
    if destinations is not None and name not in destinations:
        known = ", ".join(each for each in destinations if name_fault(each) is None) or "none"
        hint = did_you_mean(name, destinations)
        raise refuse(((), f"no destination has the name {quoted(name)}; known are {known}{hint}"))
    return name


class Destination(Section):
    """A place that alerts go to: a Slack channel (by where its webhook URL is kept) or an SNS topic."""

    slack: SecretPlace | None = None
    """ssm:/NAME (a SecureString) or secretsmanager:NAME; never the URL itself."""
    sns: Topic | None = None
    """create, or the ARN of a topic that is there already."""
    dedup: Archive = True
    """off for an archive: every alert at once, no rollups, whatever is muted."""
    format: Literal["amazon-q"] | None = None
    """Of a topic that feeds Amazon Q Developer in chat applications, which shows nothing else."""
    kms_key: KmsKey | None = None
    """The ARN of your key, if secret or topic are under one; its policy must let the account use it."""

    @model_validator(mode="after")
    def _one_kind(self) -> Destination:
        if (self.slack is None) == (self.sns is None):
            count = "neither" if self.slack is None else "both"
            advice = "write either `slack: ssm:/thingwatch/slack/NAME` or `sns: create`"
            raise refuse(((), f"{advice}; here are {count}"))
        if self.format is not None and self.sns is None:
            raise refuse((("format",), "only an SNS destination has one"))
        if self.kms_key is not None and self.sns is not None and self.sns != "create":
            key, topic = (arn.split(":")[3] for arn in (self.kms_key, self.sns))
            if key != topic:
                advice = "a topic is under a key of its own Region"
                raise refuse((("kms_key",), f"is in {key}, but the topic is in {topic}; {advice}"))
        return self


class Operators(Section):
    """Who hears that Thingwatch itself is unwell: the alarms' topic, and destinations besides."""

    sns: Topic = "create"
    """create, or the ARN of a topic in this account and Region that lets cloudwatch.amazonaws.com publish."""
    encryption: Literal["key", "none"] | None = None
    """Of a topic that the stack makes: key (about a dollar a month), without which CloudWatch could not
    publish to an encrypted topic, or none.
    """
    to: Annotated[tuple[Annotated[str, AfterValidator(_routed_to)], ...], Items, Once] = ()
    """Destinations that hear of alarms too. The topic stays: the way to them may be what broke."""

    @model_validator(mode="after")
    def _of_a_topic_that_is_made(self) -> Operators:
        if self.encryption is not None and self.sns != "create":
            raise refuse((("encryption",), "only a topic that the stack makes has one"))
        return self


class Route(Section):
    """Which findings go to which destinations: those of these severities (all, when left out) that match."""

    severity: Annotated[tuple[SeverityName, ...], SOME, Once] = tuple(Severity)
    match: Pattern | None = None
    """An event pattern over the record, its facts and the finding (rule, category, severity)."""
    to: Annotated[tuple[Annotated[str, AfterValidator(_routed_to)], ...], SOME, Once]

    @property
    def patterns(self) -> tuple[tuple[Place, Mapping[str, object]], ...]:
        """Its event pattern, if it has one, with its place below the route."""
        return () if self.match is None else ((("match",), self.match),)

    def compiled(self) -> CompiledRoute:
        """The route as the functions know it."""
        match = None if self.match is None else RecordPattern(self.match)
        return CompiledRoute(frozenset(self.severity), match, self.to)
