"""How every AWS client of the functions is made and behaves."""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.config import Config
from botocore.session import Session

CONFIG = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 3},
)
"""Every call ends within 12 s (three tries and the waits between them), so that all the calls of a run
end inside the function's timeout, and a claim is released and not left to lapse."""

IN_A_HURRY = Config(connect_timeout=1, read_timeout=1, retries={"mode": "standard", "total_max_attempts": 1})
"""For what is good to know: it is asked once, and given up soon."""

_session = cache(Session)


@cache
def make_client(service: str, *, region: str | None = None, config: Config = CONFIG) -> Any:
    """The client of an AWS service, in this Region unless another is given.

    It is botocore's, which is what boto3 passes on: boto3 itself brings along what S3 needs, and that takes
    time at every start of a function (docs/adr/0006).
    """
    return _session().create_client(service, region_name=region, config=config)
