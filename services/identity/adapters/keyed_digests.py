"""Digests under a secret of the installation: equal things can be recognised, nothing can be read or guessed."""

import hashlib
import hmac
from typing import Final

from pydantic import SecretStr

_PURPOSE: Final = b"keyholder keyed digests"
_SHORT: Final = 8


class KeyedDigests:
    """HMAC-SHA-256 with a key derived from the installation's passphrase."""

    def __init__(self, passphrase: SecretStr) -> None:
        self._key = hmac.digest(passphrase.get_secret_value().encode(), _PURPOSE, "sha256")

    def of(self, *parts: str) -> bytes:
        """Return the digest of several texts, told apart however they are cut."""
        whole = b"".join(hashlib.sha256(part.encode()).digest() for part in parts)
        return hmac.digest(self._key, whole, "sha256")

    def short(self, *parts: str) -> bytes:
        """Return eight bytes of it: enough to recognise one of a few, too few to be sure of it with the key."""
        return self.of(*parts)[:_SHORT]
