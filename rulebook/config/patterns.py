"""Patterns that can never match, told with the reason: names that no record has, values that no field has,
operations that nobody watches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from handlers.core.operations import is_read
from handlers.core.patterns import compile_pattern
from rulebook.api_models import parameters_of
from rulebook.config.conditions import conditions_in, each_literal, only_texts, unmet
from rulebook.config.parameters import unknown_parameters
from rulebook.config.surroundings import Surroundings
from rulebook.faults import Path, did_you_mean, quoted, quoted_loosely
from rulebook.services import SERVICES, Service
from rulebook.validation import is_sound
from rulebook.vocabulary import RECORD, Group, Leaf, Node

Told = tuple[Path, str]
"""A place in a pattern, and what is wrong there."""

_ENVELOPE = {
    "detail": "write what stands below it at the top",
    "source": "write eventSource, such as iot.amazonaws.com",
    "detail-type": "leave it out",
    "account": "write recipientAccountId",
    "region": "write awsRegion",
    "time": "write eventTime",
    "id": "write eventID",
}


_NEVER_READ = "and watch.read_only is false, so it never arrives"

READS_THAT_ARRIVE = frozenset({"DescribeEndpoint"})
"""CloudTrail records these as writes."""


@dataclass(frozen=True)
class _Scope:
    """What the conditions around a place have settled: the services, and the operations if they are named."""

    services: tuple[Service, ...]
    operations: tuple[tuple[Service, str], ...]
    alone: frozenset[str] = frozenset()
    """The operations that the pattern is asked of at all, where they are named."""


def never_matches(
    pattern: object,
    around: Surroundings,
    *,
    operation: str | None = None,
    within: object = None,
    sees_finding: bool = False,
) -> list[Told]:
    """Why a pattern, or a part of it, can never match; empty for a pattern that AWS would refuse anyway.

    `operation` is what a pattern is about that stands below one in config, and `within` the match of the own
    rule that it escalates; `sees_finding` is for suppressions and routes, which may also look at the finding.
    """
    if not is_sound(pattern):
        return []
    scope = _Scope(around.watched, ())
    if operation is not None:
        prefix, _, name = operation.partition(":")
        scope = _Scope((SERVICES[prefix],), ((SERVICES[prefix], name),), alone=frozenset({name}))
    root = Group({**RECORD.members, "finding": around.finding}) if sees_finding else RECORD
    walk = _Walk(around, root)
    if is_sound(within):
        scope = replace(walk.narrowed(within, scope), alone=only_texts(within.get("eventName")))
    return list(walk.record(pattern, scope, ()))


@dataclass(frozen=True)
class _Walk:
    around: Surroundings
    root: Group

    def record(self, pattern: Mapping[str, Any], scope: _Scope, place: Path) -> Iterator[Told]:
        """Faults of a pattern over a whole record."""
        scope = self.narrowed(pattern, scope)
        yield from _written_twice(pattern, place)
        for field in _fields({key: value for key, value in pattern.items() if key != "$or"}):
            kind = field.removeprefix("facts.outside.")
            if kind in ("buckets", "domains") and kind != field and kind not in self.around.own_lists:
                yield place, f"facts.outside.{kind} is never there, for own.{kind} names none"
        for key, value in pattern.items():
            here = (*place, key)
            if key == "$or":
                for position, branch in enumerate(value):
                    yield from self.record(branch, scope, (*here, position))
            elif key in ("eventName", "eventSource"):
                yield from self._names(key, value, scope, here)
            elif key == "requestParameters" or key.startswith("requestParameters."):
                yield from self._parameters(key, value, scope, here)
            elif key in _ENVELOPE:
                advice = f"patterns look at CloudTrail's record, not at the event around it; {_ENVELOPE[key]}"
                yield here, advice
            else:
                yield from self._below(key, value, self.root, here)

    def _names(self, key: str, values: object, scope: _Scope, place: Path) -> Iterator[Told]:
        for position, value in each_literal(values):
            wrong = self._event_name(value, scope) if key == "eventName" else self._event_source(value)
            if wrong is not None:
                yield (*place, position), wrong
        if key == "eventName" and not list(each_literal(values)) and self._only_reads(values, scope):
            yield place, f"matches only operations that read, {_NEVER_READ}"

    def narrowed(self, pattern: Mapping[str, Any], scope: _Scope) -> _Scope:
        """What is settled below a pattern that stands in this scope."""
        sources = only_texts(pattern.get("eventSource"))
        names = only_texts(pattern.get("eventName"))
        services = tuple(each for each in scope.services if not sources or sources & set(each.event_sources))
        if names:
            found = tuple((each, name) for each in services for name in sorted(names))
            found = tuple(each for each in found if each[1] in self._operations(each[0]))
            return replace(scope, services=services, operations=found)
        kept = tuple(each for each in scope.operations if each[0] in services)
        return replace(scope, services=services, operations=kept)

    def _operations(self, service: Service) -> frozenset[str]:
        return self.around.operations[service.prefix]

    def _event_name(self, name: object, scope: _Scope) -> str | None:
        if not isinstance(name, str):
            return "the name of an operation is text"
        if not name.isalnum():
            return _no_name(name)
        if scope.alone and name not in scope.alone:
            return f"this is judged for {' and '.join(sorted(scope.alone))} alone"
        if any(name in self._operations(service) for service in scope.services):
            return f"{quoted(name)} only reads, {_NEVER_READ}" if self._unheard(name) else None
        return self._elsewhere(name, scope)

    def _unheard(self, name: str) -> bool:
        return is_read(name) and name not in READS_THAT_ARRIVE and not self.around.reads_watched

    def _only_reads(self, values: object, scope: _Scope) -> bool:
        """Whether conditions match operations that we know, and all of these are reads that never arrive."""
        matches = compile_pattern({"eventName": values})
        known = frozenset[str]().union(*map(self._operations, scope.services))
        found = [name for name in known if matches({"eventName": name})]
        return bool(found) and all(map(self._unheard, found))

    def _elsewhere(self, name: str, scope: _Scope) -> str:
        homes = [each for each in SERVICES.values() if name in self._operations(each)]
        if homes:
            told = f"{quoted(name)} is an operation of {' and '.join(each.prefix for each in homes)}"
            if any(each in self.around.watched for each in homes):
                return f"{told}, not of this eventSource"
            if all(each.retired for each in homes):
                return f"{told}, which AWS retired: it sends nothing any more"
            return f"{told}, which watch.services leaves out"
        hint = did_you_mean(name, sorted(frozenset().union(*map(self._operations, scope.services))))
        advice = "; for one that AWS launched since, write [{prefix: NAME}]"
        return f"no service that is watched has an operation {quoted(name)}{hint or advice}"

    def _event_source(self, source: object) -> str | None:
        watched = {name: each for each in self.around.watched for name in each.event_sources}
        if source in watched:
            return None
        for each in SERVICES.values():
            if source in each.event_sources:
                why = "AWS retired" if each.retired else "watch.services leaves out"
                return f"{quoted(source)} is a service that {why}"
        prefix = source.removeprefix("aws.") if isinstance(source, str) else ""
        hint = did_you_mean(f"{prefix}.amazonaws.com", watched) or did_you_mean(source, watched)
        return f"{quoted(source)} is no service that is watched{hint}"

    def _parameters(self, key: str, value: object, scope: _Scope, place: Path) -> Iterator[Told]:
        shapes = [parameters_of(service, name) for service, name in scope.operations]
        if shapes and all(shapes):
            every = [shape for versions in shapes for shape in versions]
            yield from unknown_parameters(key.split(".")[1:], value, every, place)

    def _below(self, key: str, value: object, group: Group, place: Path) -> Iterator[Told]:
        """Faults of what a pattern says at the dotted `key` below a group of fields or facts."""
        node: Node = group
        for part in key.split("."):
            if isinstance(node, Leaf):
                yield place, "there is nothing below a single value"
                return
            if isinstance(node, Group):
                if part not in node.members:
                    yield place, self._unknown(part, node)
                    return
                node = node.members[part]
        if isinstance(node, Leaf):
            if isinstance(value, Mapping):
                yield place, "is a single value: match it in a list, such as [value]"
            else:
                yield from unmet(value, node, place)
        elif isinstance(node, Group):
            if isinstance(value, Mapping):
                yield from self._inside(value, node, place)
            else:
                yield place, f"is no single value; name one below it: {', '.join(node.members)}"

    def _inside(self, pattern: Mapping[str, Any], group: Group, place: Path) -> Iterator[Told]:
        for key, value in pattern.items():
            if key == "$or":
                for position, branch in enumerate(value):
                    yield from self._inside(branch, group, (*place, key, position))
            else:
                yield from self._below(key, value, group, (*place, key))

    def _unknown(self, name: str, group: Group) -> str:
        if group is self.root and name == "finding":
            return "only suppressions and routes see the finding; a rule makes it"
        known = f"; known are {', '.join(group.members)}" if len(group.members) <= 12 else ""
        what = "a record has no such field" if group is self.root else "there is no such field or fact"
        return f"{what}{known}{did_you_mean(name, group.members)}"


def _no_name(name: str) -> str:
    if "*" in name:
        return f"a star in a plain value is a star; for any text write {{wildcard: {quoted_loosely(name)}}}"
    alone = name.rpartition(":")[2]
    return (
        f"eventName holds the operation alone, here {quoted(alone)}"
        if ":" in name
        else "is no name of an operation"
    )


def _written_twice(pattern: Mapping[str, Any], place: Path) -> Iterator[Told]:
    """Fields that are written twice, dotted and nested, or beside a `$or` and inside it: the last holds."""
    beside = list(_fields({key: value for key, value in pattern.items() if key != "$or"}))
    for field in sorted({field for field in beside if beside.count(field) > 1}):
        yield place, f"{quoted(field)} is written twice, and only one of both would hold; write it once"
    for position, branch in enumerate(pattern.get("$or", ())):
        for field in sorted(set(beside) & set(_fields(branch))):
            told = f"{quoted(field)} stands beside the $or too, and only one of both would hold"
            yield (*place, "$or", position), f"{told}; write it in each branch"


def _fields(pattern: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """The path of every condition, as the matcher names it; of a `$or`, once for all its branches."""
    for path, values in conditions_in(pattern, at):
        before, found, _ = path.rpartition("$or")
        if found:
            yield from sorted({field for branch in values for field in _fields(branch, before)})
        else:
            yield path
