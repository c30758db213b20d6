"""Secrets by name: `ssm:/path` is an SSM SecureString, `secretsmanager:name` a Secrets Manager secret."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from handlers.pipeline import TryAgain

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_ssm import SSMClient

KEPT_SECONDS = 5
"""How long a secret, or the failure to read it, is kept in memory: long enough that a burst stays below
the 40 calls a second that SSM allows a whole account
(https://docs.aws.amazon.com/general/latest/gr/ssm.html), short enough that a rotated webhook is in use at
once."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a store said: the text, or why there is none. It is kept until `lapses` on the clock."""

    text: str
    failure: str
    lapses: float


class Secrets:
    """Reads secrets, and keeps each answer for a moment. `clock` counts seconds."""

    def __init__(
        self,
        *,
        ssm: SSMClient,
        secretsmanager: SecretsManagerClient,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ssm = ssm
        self._secretsmanager = secretsmanager
        self._clock = clock
        self._kept: dict[str, _Answer] = {}

    def read(self, name: str, *, fresh: bool = False) -> str:
        """The secret's text, read again when `fresh`.

        Raises `TryAgain` while it can not be read: an operator may be about to set it, and until
        then the alert waits.
        """
        answer = self._kept.get(name)
        if answer is None or fresh or self._clock() >= answer.lapses:
            answer = self._kept[name] = self._ask(name)
        if answer.failure:
            raise TryAgain(f"can not read {name}: {answer.failure}")
        return answer.text

    def _ask(self, name: str) -> _Answer:
        text = failure = ""
        try:
            text = self._fetch(name).strip()
        except ClientError as error:
            # The AWS error code alone. Messages are left out: what holds a secret may quote it.
            failure = error.response["Error"]["Code"]
        except (BotoCoreError, ResponseParserError, KeyError) as error:
            failure = type(error).__name__
        return _Answer(text, failure, self._clock() + KEPT_SECONDS)

    def _fetch(self, name: str) -> str:
        store, _, path = name.partition(":")
        if store == "ssm":
            return self._ssm.get_parameter(Name=path, WithDecryption=True)["Parameter"]["Value"]
        # A secret that is not text has no SecretString.
        return self._secretsmanager.get_secret_value(SecretId=path)["SecretString"]
