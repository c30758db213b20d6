"""Secrets for tests of what is sent with them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OneSecret:
    """Answers every name with one value, and a fresh look with another if there is one."""

    value: str
    set_since: str | None = None

    def read(self, name: str, *, fresh: bool = False) -> str:
        """See `SecretReader.read`."""
        del name
        return self.set_since if fresh and self.set_since is not None else self.value
