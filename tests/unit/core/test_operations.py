import pytest

from handlers.core.operations import is_read, name_operation, split_operation


@pytest.mark.parametrize(
    "name", ["GetPolicy", "ListThings", "DescribeEndpoint", "BatchGetAssetPropertyValue"]
)
def test_an_operation_that_only_reads_is_known_by_its_name(name: str) -> None:
    assert is_read(name)


@pytest.mark.parametrize(
    "name", ["UpdateThing", "SearchIndex", "DeregisterWirelessDevice", "BatchPutMessage", ""]
)
def test_every_other_name_may_write(name: str) -> None:
    assert not is_read(name)


@pytest.mark.parametrize(
    ("event_source", "expected"),
    [
        ("iot.amazonaws.com", "iot:X"),
        ("iotsecuretunneling.amazonaws.com", "iotsecuredtunneling:X"),
        ("iotsecuredtunneling.amazonaws.com", "iotsecuredtunneling:X"),
        ("iam.amazonaws.com", "iam:X"),
        ("iot.example.com", "[iot.example.com]:X"),
        ("iot", "[iot]:X"),
        ("iot:x", "[iot:x]:X"),
    ],
)
def test_an_operation_has_one_name_whatever_the_record_spells(event_source: str, expected: str) -> None:
    assert expected == name_operation(event_source, "X")


@pytest.mark.parametrize("service", ["iotsecuretunneling", "iotsecuredtunneling"])
def test_people_may_type_either_spelling_of_a_service(service: str) -> None:
    assert ("iotsecuredtunneling", "OpenTunnel") == split_operation(f"{service}:OpenTunnel")
