"""Secrets by name: `ssm:/path` is an SSM SecureString, `secretsmanager:name` a Secrets Manager secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools.utilities.parameters import SecretsProvider, SSMProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError, TransformParameterError

from handlers.pipeline import TryAgain

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_ssm import SSMClient

KEPT_SECONDS = 5
"""How long a secret is kept in memory: long enough that a burst stays below the 40 calls a second
that SSM allows, short enough that a rotated webhook is in use at once."""


class Secrets:
    """Reads secrets, and keeps each for a moment."""

    def __init__(self, *, ssm: SSMClient, secretsmanager: SecretsManagerClient) -> None:
        self._ssm = SSMProvider(boto3_client=ssm)
        self._secretsmanager = SecretsProvider(boto3_client=secretsmanager)

    def read(self, name: str, *, fresh: bool = False) -> str:
        """The secret's text, read again when `fresh`.

        Raises `TryAgain` while it can not be read: an operator may be about to set it, and until
        then the alert waits.
        """
        store, _, path = name.partition(":")
        try:
            if store == "ssm":
                value = self._ssm.get(path, decrypt=True, max_age=KEPT_SECONDS, force_fetch=fresh)
            else:
                value = self._secretsmanager.get(path, max_age=KEPT_SECONDS, force_fetch=fresh)
        except (GetParameterError, TransformParameterError) as error:
            raise TryAgain(f"can not read {name}: {_code(error)}") from None
        return str(value).strip()


def _code(error: Exception) -> str:
    """The AWS error code alone. Messages are left out: what holds a secret may quote it."""
    cause = error.__context__ or error.__cause__
    response = getattr(cause, "response", None) or {}
    return str(response.get("Error", {}).get("Code") or type(cause or error).__name__)
