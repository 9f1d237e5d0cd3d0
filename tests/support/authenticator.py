"""A browser with an authenticator: makes passkeys and signs with them, honestly or as told otherwise."""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, encode_cbor

ORIGIN: Final = "http://gateway.example"
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """One device. `counting` false keeps no count, as passkeys that are synchronised do."""

    origin: str = ORIGIN
    domain: str | None = None
    """Of which domain it speaks; None for the one that it is asked for."""
    verifies: bool = True
    counting: bool = True
    cross_origin: bool = False
    count: int = 0
    held: dict[bytes, tuple[ec.EllipticCurvePrivateKey, bytes]] = field(
        default_factory=dict[bytes, tuple[ec.EllipticCurvePrivateKey, bytes]]
    )
    """By credential id: the key, and the handle of the person."""

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return a new passkey as `navigator.credentials.create` gives it."""
        credential_id, key = secrets.token_bytes(32), ec.generate_private_key(ec.SECP256R1())
        self.held[credential_id] = key, base64url_to_bytes(options["user"]["id"])
        numbers = key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + len(credential_id).to_bytes(2, "big") + credential_id + encode_cbor(public)
        data = self._data(options["rp"]["id"], ATTESTED) + attested
        return self._credential(
            credential_id,
            clientDataJSON=self._client_data("webauthn.create", options),
            attestationObject=encode_cbor({"fmt": "none", "attStmt": {}, "authData": data}),
        )

    def sign(self, options: dict[str, Any], **instead: Any) -> dict[str, Any]:
        """Return an assertion as `navigator.credentials.get` gives it; `instead` replaces parts of it."""
        asked = {base64url_to_bytes(one["id"]) for one in options["allowCredentials"]} or set(self.held)
        credential_id = instead.get("credential_id") or next(iter(asked & set(self.held)))
        key, handle = self.held.get(credential_id) or next(iter(self.held.values()))
        self.count += self.counting
        client_data = self._client_data("webauthn.get", options)
        data = self._data(options["rpId"])
        signature = key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
        parts: dict[str, bytes] = {
            "clientDataJSON": client_data,
            "authenticatorData": data,
            "signature": signature,
            "userHandle": handle,
        }
        return self._credential(credential_id, **{name: instead.get(name, part) for name, part in parts.items()})

    def copied(self) -> "Authenticator":
        """Return a copy of the device, keys and count and all."""
        return Authenticator(self.origin, self.domain, self.verifies, self.counting, False, self.count, dict(self.held))

    def _data(self, domain: str, flags: int = 0) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        return (
            hashlib.sha256((self.domain or domain).encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")
        )

    def _client_data(self, kind: str, options: dict[str, Any]) -> bytes:
        read = {
            "type": kind,
            "challenge": options["challenge"],
            "origin": self.origin,
            "crossOrigin": self.cross_origin,
        }
        return json.dumps(read).encode()

    @staticmethod
    def _credential(credential_id: bytes, **response: bytes | None) -> dict[str, Any]:
        written = bytes_to_base64url(credential_id)
        return {
            "id": written,
            "rawId": written,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {name: bytes_to_base64url(part) for name, part in response.items() if part is not None},
        }
