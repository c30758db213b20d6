import pytest

from handlers.core.operations import is_read


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
