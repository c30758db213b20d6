"""Cross-section context of a config, read before validation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from handlers.core.operations import split_operation
from handlers.core.record import as_mapping
from handlers.core.severity import Severity
from rulebook.api_models import operations_of
from rulebook.catalog import Entry
from rulebook.services import SERVICES, Service, watched_services
from rulebook.vocabulary import Group, finding_group
from rulebook.windowed_rules import BuiltIn, load_windowed_rules

UNCATALOGUED = "uncatalogued-operation"
READ = "read-operation"
"""The rules of operations without an entry: those that may write, and those that only read."""
THRESHOLD = "threshold"
"""The category of a custom rule over time that names none."""


@dataclass(frozen=True)
class Context:
    """The names that a config may refer to, as far as the file can be read.

    `destinations` is None where the section is no mapping. Where `watch` or `defaults` is faulty the default
    stands in, so that one fault does not make others.
    """

    catalog: Mapping[str, Entry]
    destinations: tuple[str, ...] | None
    watched: tuple[Service, ...]
    reads_watched: bool
    minimum: Severity
    custom_rules: frozenset[str]
    custom_categories: frozenset[str]
    filled_lists: frozenset[str]
    """The allow lists that name something."""
    windowed: Mapping[str, BuiltIn]
    """The built-in rules over time, by name."""

    @cached_property
    def finding(self) -> Group:
        """What suppressions and routes may ask of a finding."""
        prefixes = {service.prefix for service in self.watched}
        watched = {name for name in self.catalog if split_operation(name)[0] in prefixes}
        rules = {*watched, *self.custom_rules, *self.windowed, UNCATALOGUED, READ}
        categories = {entry.category for entry in self.catalog.values()} | self.custom_categories
        categories |= {rule.category for rule in self.windowed.values()}
        return finding_group(frozenset(rules), frozenset({*categories, "uncatalogued", "read", THRESHOLD}))

    @cached_property
    def operations(self) -> Mapping[str, frozenset[str]]:
        """The operations of each service by its prefix, those that only read too: what AWS's models name, and
        what the catalog still knows of services whose models are gone.
        """
        named: dict[str, set[str]] = {
            service.prefix: set(operations_of(service)) for service in SERVICES.values()
        }
        for operation in self.catalog:
            prefix, name = split_operation(operation)
            named[prefix].add(name)
        return {prefix: frozenset(names) for prefix, names in named.items()}


def read_context(data: Mapping[str, object], catalog: Mapping[str, Entry]) -> Context:
    """The context of a file, as far as it can be read."""
    named = data.get("destinations")
    watch = as_mapping(data.get("watch"))
    typed = [split_operation(each)[0] for each in as_list(watch.get("services")) if isinstance(each, str)]
    services = [name for name in typed if name in SERVICES]
    minimum = as_mapping(data.get("defaults")).get("minimum_severity")
    words = {severity.value: severity for severity in Severity}
    return Context(
        catalog=catalog,
        windowed=load_windowed_rules(),
        destinations=tuple(map(str, named)) if isinstance(named, dict) else None,
        watched=watched_services(services or None),
        reads_watched=watch.get("reads") is True,
        minimum=words.get(str(minimum), Severity.LOW),
        custom_rules=frozenset(name for _, name in names_in(data.get("rules"))),
        filled_lists=frozenset(name for name, items in as_mapping(data.get("allow_lists")).items() if items),
        custom_categories=frozenset(
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
