"""Patterns that can never match, and why: names that no record has, values that no field has, operations that
nobody watches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from handlers.core.operations import is_read, split_operation
from handlers.core.parameter_case import lower_path
from handlers.core.patterns import Either, Field, Nodes, compile_pattern, fields_of, read_pattern
from rulebook.api_models import parameters_of
from rulebook.config.conditions import each_literal, texts_at, unmet
from rulebook.config.context import Context
from rulebook.config.facts_of_operations import can_have
from rulebook.config.parameters import unknown_parameters
from rulebook.faults import Place, did_you_mean, quoted, quoted_loosely
from rulebook.services import SERVICES, Service
from rulebook.validation import is_sound
from rulebook.vocabulary import RECORD, Group, Leaf, Node

Told = tuple[Place, str]
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


_JUDGED = {"eventCategory": "Management", "managementEvent": True}
"""What these fields are in the records that are judged, if they are there."""

_NEVER_READ = "and watch.reads is false, so it never arrives"

READS_THAT_ARRIVE = frozenset({"DescribeEndpoint"})
"""CloudTrail records these as writes."""


@dataclass(frozen=True)
class _Scope:
    """What the pattern around a field settles: the services, and the operations where it names them."""

    services: tuple[Service, ...]
    operations: tuple[tuple[Service, str], ...]
    alone: frozenset[str] = frozenset()
    """The operations that the pattern is asked of at all, where they are named."""


def never_matches(
    pattern: object,
    context: Context,
    *,
    operation: str | None = None,
    within: object = None,
    sees_finding: bool = False,
) -> list[Told]:
    """Why a pattern, or a part of it, can never match; empty for a pattern that AWS would refuse anyway.

    `operation` is the config key that the pattern sits under, `within` the match of the custom rule that it
    escalates; `sees_finding` is for suppressions and routes, which may look at the finding too.
    """
    if not is_sound(pattern):
        return []
    scope = _Scope(context.watched, ())
    if operation is not None:
        prefix, name = split_operation(operation)
        scope = _Scope((SERVICES[prefix],), ((SERVICES[prefix], name),), alone=frozenset({name}))
    root = Group({**RECORD.members, "finding": context.finding}) if sees_finding else RECORD
    walk = _Walk(context, root)
    if is_sound(within):
        match = read_pattern(within)
        scope = replace(walk.narrowed(match, scope), alone=texts_at(match, "eventName"))
    return list(walk.nodes(read_pattern(pattern), scope, ()))


@dataclass(frozen=True)
class _Walk:
    context: Context
    root: Group

    def nodes(self, nodes: Nodes, scope: _Scope, place: Place) -> Iterator[Told]:
        """Faults of a pattern, or of one branch of a `$or`, that stands at `place`."""
        scope = self.narrowed(nodes, scope)
        yield from _written_twice(nodes, place)
        for node in nodes:
            if isinstance(node, Field):
                yield from self._field(node, scope)
            else:
                for position, branch in enumerate(node.branches):
                    yield from self.nodes(branch, scope, (*node.place, position))

    def _field(self, field: Field, scope: _Scope) -> Iterator[Told]:
        first = field.path[0]
        if field.path in (("eventName",), ("eventSource",)):
            yield from self._names(first, field.values, scope, field.place)
        elif first == "requestParameters":
            yield from self._parameters(field, scope)
        elif first in _ENVELOPE:
            advice = f"patterns look at CloudTrail's record, not at the event around it; {_ENVELOPE[first]}"
            yield field.place_at(1), advice
        else:
            yield from self._value(field)
            yield from _absent_facts(field, scope)

    def _names(self, key: str, values: object, scope: _Scope, place: Place) -> Iterator[Told]:
        for position, value in each_literal(values):
            wrong = self._event_name(value, scope) if key == "eventName" else self._event_source(value)
            if wrong is not None:
                yield (*place, position), wrong
        if key == "eventName" and not list(each_literal(values)) and self._only_reads(values, scope):
            yield place, f"matches only operations that read, {_NEVER_READ}"

    def narrowed(self, nodes: Nodes, scope: _Scope) -> _Scope:
        """The scope of what stands in a pattern, or a branch, that stands in this scope."""
        sources, names = texts_at(nodes, "eventSource"), texts_at(nodes, "eventName")
        services = tuple(each for each in scope.services if not sources or sources & set(each.event_sources))
        if names:
            found = tuple((each, name) for each in services for name in sorted(names))
            found = tuple(each for each in found if each[1] in self._operations(each[0]))
            return replace(scope, services=services, operations=found)
        kept = tuple(each for each in scope.operations if each[0] in services)
        return replace(scope, services=services, operations=kept)

    def _operations(self, service: Service) -> frozenset[str]:
        return self.context.operations[service.prefix]

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
        return is_read(name) and name not in READS_THAT_ARRIVE and not self.context.reads_watched

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
            if any(each in self.context.watched for each in homes):
                return f"{told}, not of this eventSource"
            if all(each.retired for each in homes):
                return f"{told}, which AWS retired: it sends nothing any more"
            return f"{told}, which watch.services leaves out"
        hint = did_you_mean(name, sorted(frozenset().union(*map(self._operations, scope.services))))
        advice = "; for one that AWS launched since, write [{prefix: NAME}]"
        return f"no service that is watched has an operation {quoted(name)}{hint or advice}"

    def _event_source(self, source: object) -> str | None:
        watched = {name: each for each in self.context.watched for name in each.event_sources}
        if source in watched:
            return None
        for each in SERVICES.values():
            if source in each.event_sources:
                why = "AWS retired" if each.retired else "watch.services leaves out"
                return f"{quoted(source)} is a service that {why}"
        prefix = source.removeprefix("aws.") if isinstance(source, str) else ""
        hint = did_you_mean(f"{prefix}.amazonaws.com", watched) or did_you_mean(source, watched)
        return f"{quoted(source)} is no service that is watched{hint}"

    def _parameters(self, field: Field, scope: _Scope) -> Iterator[Told]:
        shapes = [parameters_of(service, name) for service, name in scope.operations]
        if shapes and all(shapes):
            yield from unknown_parameters(field, [shape for versions in shapes for shape in versions])

    def _value(self, field: Field) -> Iterator[Told]:
        """Faults of what a pattern says of a field of the record, of a fact or of the finding."""
        node: Node = self.root
        for steps, part in enumerate(field.path, start=1):
            if isinstance(node, Leaf):
                yield field.place_at(steps - 1), "is a single value: match it in a list, such as [value]"
                return
            if isinstance(node, Group):
                if part not in node.members:
                    yield field.place_at(steps), self._unknown(part, node)
                    return
                node = node.members[part]
        if isinstance(node, Leaf):
            yield from _never_judged(field)
            yield from self._empty_list(field)
            yield from unmet(field.values, node, field.place)
        elif isinstance(node, Group):
            yield field.place, f"is no single value; name one below it: {', '.join(node.members)}"

    def _empty_list(self, field: Field) -> Iterator[Told]:
        facts, outside, *name = field.path if len(field.path) == 3 else ("", "")
        if (facts, outside) == ("facts", "outside") and name[0] not in self.context.filled_lists:
            yield field.place, f"is never there, for allow_lists.{name[0]} names none"

    def _unknown(self, name: str, group: Group) -> str:
        if group is self.root and name == "finding":
            return "only suppressions and routes see the finding; a rule makes it"
        known = f"; known are {', '.join(group.members)}" if len(group.members) <= 12 else ""
        what = "a record has no such field" if group is self.root else "there is no such field or fact"
        return f"{what}{known}{did_you_mean(name, group.members)}"


def _absent_facts(field: Field, scope: _Scope) -> Iterator[Told]:
    """A fact that no call of the operations can have, where the pattern wants it to be there."""
    if field.path[0] != "facts" or len(field.path) < 2 or compile_pattern({"value": field.values})({}):
        return
    named = scope.operations
    if named and not any(can_have(field.path[1:], service, name) for service, name in named):
        calls = " and ".join(sorted({name for _, name in named}))
        yield field.place, f"is never there: no call of {calls} names or carries such a thing"


def _never_judged(field: Field) -> Iterator[Told]:
    if len(field.path) == 1 and field.path[0] in _JUDGED:
        matches = compile_pattern({"value": field.values})
        if not matches({"value": _JUDGED[field.path[0]]}) and not matches({}):
            yield field.place, "only calls of the control plane are judged, so this never matches"


def _no_name(name: str) -> str:
    if "*" in name:
        return f"a star in a plain value is a star; for any text write {{wildcard: {quoted_loosely(name)}}}"
    alone = name.rpartition(":")[2]
    return (
        f"eventName holds the operation alone, here {quoted(alone)}"
        if ":" in name
        else "is no name of an operation"
    )


def _written_twice(nodes: Nodes, place: Place) -> Iterator[Told]:
    """Fields that are written twice: dotted and nested, in both cases, beside a `$or` and inside it."""
    beside = [lower_path(node.path) for node in nodes if isinstance(node, Field)]
    for path in sorted({path for path in beside if beside.count(path) > 1}):
        name = quoted(".".join(path))
        yield place, f"{name} is written twice, and only one of both would hold; write it once"
    for either in nodes:
        for position, branch in enumerate(either.branches if isinstance(either, Either) else ()):
            for path in sorted(set(beside) & {lower_path(field.path) for field in fields_of(branch)}):
                told = f"{quoted('.'.join(path))} stands beside the $or too, and only one of both would hold"
                yield (*either.place, position), f"{told}; write it in each branch"
