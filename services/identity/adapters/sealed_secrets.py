"""Secrets that identity must be able to read again, encrypted under the installation's passphrase."""

import hashlib
import secrets
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

_PURPOSE: Final = b"keyholder sealed secrets"
_NONCE_BYTES: Final = 12


class SealedSecrets:
    """AES-256-GCM; each secret is bound to what it is for, so that it opens nothing elsewhere."""

    def __init__(self, passphrase: SecretStr) -> None:
        key = hashlib.scrypt(passphrase.get_secret_value().encode(), salt=_PURPOSE, n=2**14, r=8, p=1, dklen=32)
        self._cipher = AESGCM(key)

    def seal(self, secret: bytes, about: bytes) -> bytes:
        """Return the secret encrypted."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, about)

    def open(self, sealed: bytes, about: bytes) -> bytes:
        """Return the secret that was sealed about the same thing."""
        return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], about)
