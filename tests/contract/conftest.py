"""The embedded AWS with a state table, for the stores that live in DynamoDB."""

from collections.abc import Iterator

import pytest

from local.aws import EmbeddedAws
from tests.support.state import make_state_table


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    with EmbeddedAws(tmp_path_factory.mktemp("contract")) as running:
        make_state_table(running)
        yield running
