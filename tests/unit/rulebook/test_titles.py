"""Titles: what a phone shows of each call, of ten words at most."""

import re

import pytest

from handlers.core.operations import split_operation
from handlers.core.templates import fill_title, names_in_runbook, names_in_title
from rulebook.catalog import Entry
from rulebook.titles import (
    OF_WINDOWS,
    count_words,
    make_title,
    title_of_failure,
)
from rulebook.windowed_rules import load_windowed_rules
from tests.service_models import shape_at
from tests.support.catalog import CATALOG

IOT = {name: entry for name, entry in CATALOG.items() if name.startswith("iot:")}
IDENTIFIER = re.compile(r"(name|id|arn)$", re.IGNORECASE)
PLAIN = {"string", "boolean", "integer", "long", "timestamp", "double", "float"}


def titles_of(operation: str, entry: Entry) -> list[str]:
    """Every title that a call of the operation may get."""
    title = entry.title or make_title(split_operation(operation)[1])
    failure = title_of_failure(title)
    assert failure is not None
    return [title, failure, *(each.title for each in entry.escalate if each.title is not None)]


def test_every_operation_of_iot_has_a_title_of_its_own() -> None:
    assert [] == [operation for operation, entry in IOT.items() if entry.title is None]


# These are told with what they are.
OF_TWO_WORDS = {
    "target": "certificate 7a1f…",
    "principal": "certificate 7a1f…",
    "securityProfileTargetArn": "group pumps",
}


@pytest.mark.parametrize("operation", IOT)
def test_a_headline_has_ten_words_at_most_with_values_and_actor(operation: str) -> None:
    for title in titles_of(operation, IOT[operation]):
        values = {**dict.fromkeys(names_in_title(title), "x"), **OF_TWO_WORDS}
        headline = f"{fill_title(title, values.get)}, by somebody"
        assert len(headline.split()) <= 10, headline


@pytest.mark.parametrize("operation", CATALOG)
def test_the_headline_of_every_operation_is_short(operation: str) -> None:
    assert [] == [each for each in titles_of(operation, CATALOG[operation]) if count_words(each) > 9]


def in_model(operation: str, name: str) -> bool:
    """Whether a call tells a plain value of this name, or AWS answers an identifier of it."""
    asked = shape_at(operation, f"requestParameters.{name}")
    answered = shape_at(operation, f"responseElements.{name}") if IDENTIFIER.search(name) else None
    return any(shape is not None and shape["type"] in PLAIN for shape in (asked, answered))


@pytest.mark.parametrize("operation", CATALOG)
def test_titles_and_commands_name_what_the_call_has(operation: str) -> None:
    entry = CATALOG[operation]
    of_rule = {"subject", "operation"} if entry.subject else {"operation"}
    titles = {name for title in titles_of(operation, entry) for name in names_in_title(title)} - of_rule
    if entry.subject is None:
        titles.discard("subject")
    # `arn` is that of the resource, where the call has none of its own.
    commands = {name for name in names_in_runbook(entry.runbook) if name != "arn"}
    assert [] == [name for name in sorted(titles | commands) if not in_model(operation, name)]


@pytest.mark.parametrize("operation", CATALOG)
def test_no_runbook_has_an_angle_bracket(operation: str) -> None:
    assert [] == [step for step in CATALOG[operation].runbook if "<" in step]


def test_rules_over_time_have_titles_with_their_own_values() -> None:
    rules = load_windowed_rules()
    assert set() == {name for rule in rules.values() for name in names_in_title(rule.title)} - set(OF_WINDOWS)
    assert [] == [rule.title for rule in rules.values() if count_words(rule.title) > 7]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Policy {subject} attached [to {target}]", "Tried to attach policy {subject} [to {target}]"),
        ("CA certificate {subject} registered", "Tried to register CA certificate {subject}"),
        ("IoT logging turned off", "Tried to turn IoT logging off"),
        ("Command {subject} put back into use", "Tried to put command {subject} back into use"),
        ("Policy {subject} allows everything", None),
    ],
)
def test_the_title_of_a_failed_call_says_that_it_was_tried(title: str, expected: str | None) -> None:
    assert expected == title_of_failure(title)


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("CreateAssetModel", "Asset model {subject} created"),
        ("BatchCreateVehicle", "Vehicle {subject} created"),
        ("AssociateWirelessDeviceWithFuotaTask", "Wireless device {subject} associated"),
        ("PutLoggingOptions", "Logging options {subject} set"),
        ("UpdateOTATask", "OTA task {subject} changed"),
        ("FrobnicateThing", "FrobnicateThing called [on {subject}]"),
    ],
)
def test_an_operation_without_a_title_gets_one_from_its_name(operation: str, expected: str) -> None:
    assert expected == make_title(operation)
