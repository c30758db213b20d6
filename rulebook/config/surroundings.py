"""What one part of a config may ask of the rest of the file, read before the file is known to be sound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from handlers.core.record import as_mapping
from handlers.core.severity import Severity
from rulebook.api_models import operations_of
from rulebook.catalog import Entry
from rulebook.services import RUNNING, SERVICES, Service
from rulebook.vocabulary import Group, finding_group

UNCATALOGUED = "uncatalogued-operation"
READ = "read-operation"
"""The rules of operations without an entry: those that may write, and those that only read."""


@dataclass(frozen=True)
class Surroundings:
    """The names that a config may refer to, as far as the file can be read.

    `destinations` is None where the section is no mapping. Where `watch` or `defaults` is faulty the default
    stands in, so that one fault does not make others.
    """

    catalog: Mapping[str, Entry]
    destinations: tuple[str, ...] | None
    watched: tuple[Service, ...]
    reads_watched: bool
    minimum: Severity
    own_rules: frozenset[str]
    own_categories: frozenset[str]
    own_lists: frozenset[str]
    """Which lists of `own` name something."""

    @cached_property
    def finding(self) -> Group:
        """What suppressions and routes may ask of a finding."""
        prefixes = {service.prefix for service in self.watched}
        watched = {name for name in self.catalog if name.partition(":")[0] in prefixes}
        rules = {*watched, *self.own_rules, UNCATALOGUED, READ}
        categories = {entry.category for entry in self.catalog.values()} | self.own_categories
        return finding_group(frozenset(rules), frozenset({*categories, "uncatalogued", "read"}))

    @cached_property
    def operations(self) -> Mapping[str, frozenset[str]]:
        """The operations of each service by its prefix, those that only read too: what AWS's models name, and
        what the catalog still knows of services whose models are gone.
        """
        named: dict[str, set[str]] = {
            service.prefix: set(operations_of(service)) for service in SERVICES.values()
        }
        for operation in self.catalog:
            prefix, _, name = operation.partition(":")
            named[prefix].add(name)
        return {prefix: frozenset(names) for prefix, names in named.items()}


def look_around(data: Mapping[str, object], catalog: Mapping[str, Entry]) -> Surroundings:
    """What a file says, as far as it can be read."""
    named = data.get("destinations")
    watch = as_mapping(data.get("watch"))
    services = [each for each in as_list(watch.get("services")) if isinstance(each, str) and each in SERVICES]
    minimum = as_mapping(data.get("defaults")).get("minimum_severity")
    words = {severity.value: severity for severity in Severity}
    return Surroundings(
        catalog=catalog,
        destinations=tuple(map(str, named)) if isinstance(named, dict) else None,
        watched=tuple(SERVICES[each] for each in services) or RUNNING,
        reads_watched=watch.get("read_only") is True,
        minimum=words.get(str(minimum), Severity.LOW),
        own_rules=frozenset(name for _, name in names_in(data.get("rules"))),
        own_lists=frozenset(name for name, items in as_mapping(data.get("own")).items() if items),
        own_categories=frozenset(
            category
            for rule in as_list(data.get("rules"))
            if isinstance(category := as_mapping(rule).get("category"), str)
        ),
    )


def names_in(section: object) -> Iterator[tuple[int, str]]:
    """The position and name of each item of a list of named things."""
    for position, item in enumerate(as_list(section)):
        name = as_mapping(item).get("name")
        if isinstance(name, str):
            yield position, name


def as_list(value: object) -> list[object]:
    """`value` when it is a list, else an empty one."""
    return value if isinstance(value, list) else []
