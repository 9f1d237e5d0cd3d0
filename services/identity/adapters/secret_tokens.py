"""Opaque secrets for links and refresh tokens: they name their tenant, and only their hash is stored."""

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from services.contracts.vocabulary import TenantId

_SECRET_BYTES: Final = 32
_TENANT_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class SecretToken:
    """What the holder presents: whose database rows to look at, and a secret of 256 bits."""

    tenant_id: TenantId
    secret: bytes

    @property
    def hash(self) -> bytes:
        """Return what is stored in its place."""
        return hashlib.sha256(self.secret).digest()

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
