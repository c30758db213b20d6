"""Ids that are the same wherever and however often they are made."""

from __future__ import annotations

import hashlib


def digest(*parts: str) -> str:
    """An id of these texts: 24 hexadecimal digits."""
    # Their lengths keep ("a", "bc") and ("ab", "c") apart. JSON may hold half a surrogate pair.
    told_apart = "".join(f"{len(part)}:{part}" for part in parts).encode(errors="surrogatepass")
    return hashlib.sha256(told_apart).hexdigest()[:24]
