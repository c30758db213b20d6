"""How much the tests do: a tenth of the full sizes, or with `--long` the whole."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is slow, and that is no defect: how long one example takes fails no test.
settings.register_profile(
    "short", max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("long", parent=settings.get_profile("short"), max_examples=1000)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run with the full sizes, not a tenth of them")


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("long" if config.getoption("--long") else "short")


@pytest.fixture(scope="session")
def size(pytestconfig: pytest.Config) -> Callable[[int], int]:
    """How many of a full number to do: all with `--long`, else a tenth, at least one."""
    long: bool = pytestconfig.getoption("--long")
    return lambda full: full if long else max(1, full // 10)
