"""Opaque secrets for links and refresh tokens: they name their tenant, and only their hash is stored."""

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.contracts.vocabulary import TenantId

_SECRET_BYTES: Final = 32
_TENANT_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_SEALING: Final = b"keyholder refresh successor"


@dataclass(frozen=True, slots=True)
class SecretToken:
    """What the holder presents: whose database rows to look at, and a secret of 256 bits."""

    tenant_id: TenantId
    secret: bytes

    @property
    def hash(self) -> bytes:
        """Return what is stored in its place."""
        return hashlib.sha256(self.secret).digest()

    def seal(self, successor: "SecretToken") -> bytes:
        """Return the successor encrypted so that only the holder of this token's secret can open it."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, successor.secret, self.tenant_id.bytes)

    def open(self, sealed: bytes) -> "SecretToken":
        """Return the successor that `seal` encrypted."""
        nonce, text = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        return SecretToken(self.tenant_id, self._cipher.decrypt(nonce, text, self.tenant_id.bytes))

    @property
    def _cipher(self) -> AESGCM:
        """Return a cipher whose key, unlike the secret, no stored hash gives away."""
        return AESGCM(hashlib.sha256(_SEALING + self.secret).digest())

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(self.tenant_id.bytes + self.secret).decode()


def new(tenant_id: TenantId) -> SecretToken:
    """Return a fresh token for a tenant."""
    return SecretToken(tenant_id, secrets.token_bytes(_SECRET_BYTES))


def parse(text: str) -> SecretToken | None:
    """Return the token that a text presents, or None if it can be none."""
    try:
        raw = base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(raw) != _TENANT_BYTES + _SECRET_BYTES:
        return None
    return SecretToken(TenantId(UUID(bytes=raw[:_TENANT_BYTES])), raw[_TENANT_BYTES:])
