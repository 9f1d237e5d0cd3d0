"""Links by which anybody who holds the mail leaves mail of its category, without signing in (RFC 8058)."""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from pydantic import SecretStr

from services.contracts.vocabulary import TenantId
from services.notifications.domain.delivery import Category
from services.notifications.domain.preference import CHOOSABLE

_MAC_BYTES: Final = 16
_LENGTH: Final = 16 + 16 + 1 + _MAC_BYTES


@dataclass(frozen=True, slots=True)
class Leaving:
    """What a link is about: whose mail, of which category."""

    tenant_id: TenantId
    recipient_id: UUID
    category: Category


class LeaveLinks:
    """Makes and reads the links. They say nothing secret, but only we can make them."""

    def __init__(self, secret: SecretStr, public_url: str) -> None:
        self._key = hashlib.sha256(b"keyholder leave links\0" + secret.get_secret_value().encode()).digest()
        self._public_url = public_url

    def url(self, leaving: Leaving) -> str:
        """Return the address that stands in a mail; empty for mail that nobody can leave."""
        return f"{self._public_url}/unsubscribe/{self.token(leaving)}" if leaving.category in CHOOSABLE else ""

    def token(self, leaving: Leaving) -> str:
        """Return what the link carries."""
        said = leaving.tenant_id.bytes + leaving.recipient_id.bytes + bytes([CHOOSABLE.index(leaving.category)])
        return base64.urlsafe_b64encode(said + self._mac(said)).decode().rstrip("=")

    def read(self, token: str) -> Leaving | None:
        """Return what a link is about, None for one that is not ours."""
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        said, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        if len(raw) != _LENGTH or not hmac.compare_digest(mac, self._mac(said)) or said[32] >= len(CHOOSABLE):
            return None
        leaving = Leaving(TenantId(UUID(bytes=said[:16])), UUID(bytes=said[16:32]), CHOOSABLE[said[32]])
        return leaving if self.token(leaving) == token else None  # the last character has bits to spare

    def _mac(self, said: bytes) -> bytes:
        return hmac.digest(self._key, said, "sha256")[:_MAC_BYTES]
