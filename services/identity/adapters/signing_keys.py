"""The keys that sign access tokens: made once, kept encrypted in the database, published as JWKS."""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from pydantic import SecretStr

from services.chassis import clock, ids
from services.chassis.database import Database
from services.contracts.tokens import ALGORITHM, AUDIENCE, CLIENT, ISSUER, TYPE
from services.contracts.vocabulary import TenantId
from services.identity.domain.access_policy import Network
from services.identity.domain.session import Session
from services.identity.store import signing_keys

_CURVE: Final = ec.SECP256R1()


class SigningKeys:
    """The newest key signs; every key in the database verifies."""

    def __init__(self, db: Database, passphrase: SecretStr) -> None:
        self._db = db
        self._passphrase = passphrase.get_secret_value().encode()
        self._keys: dict[str, ec.EllipticCurvePrivateKey] = {}
        self._loading = asyncio.Lock()

    async def find(self, kid: str) -> ec.EllipticCurvePublicKey | None:
        """Return the public key of that id, or None."""
        if kid not in self._keys:
            await self._load()
        key = self._keys.get(kid)
        return key.public_key() if key else None

    async def access_token(
        self, tenant_id: TenantId, session: Session, networks: Sequence[Network], now: datetime, expires_at: datetime
    ) -> str:
        """Return a signed access token (RFC 9068), good in these networks only; none for anywhere."""
        if not self._keys:
            await self._load()
        kid, key = next(reversed(self._keys.items()))
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(session.user_id),
            "exp": expires_at,
            "iat": now,
            "jti": str(ids.uuid7()),
            "client_id": CLIENT,
            "tenant_id": str(tenant_id),
            "sid": str(session.id),
        }
        if networks:
            claims["networks"] = [str(network) for network in networks]
        return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": kid, "typ": TYPE})

    async def published(self) -> list[dict[str, Any]]:
        """Return the public keys as JWKs."""
        await self._load()
        return [
            {**ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "alg": ALGORITHM, "use": "sig"}
            for kid, key in self._keys.items()
        ]

    async def _load(self) -> None:
        """Read the keys, oldest first; make the first one if there is none."""
        async with self._loading, self._db.across_tenants() as queries:
            stored = await signing_keys.all_keys(queries)
            if not stored:
                await signing_keys.lock(queries)
                stored = await signing_keys.all_keys(queries)
            if not stored:
                kid, pem = self._new()
                await signing_keys.insert(queries, kid, pem, clock.now())
                stored = [(kid, pem)]
            for kid, pem in stored:
                if kid not in self._keys:
                    key = serialization.load_pem_private_key(pem.encode(), self._passphrase)
                    assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 only _new makes them
                    self._keys[kid] = key

    def _new(self) -> tuple[str, str]:
        key = ec.generate_private_key(_CURVE)
        point = key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(self._passphrase),
        )
        return hashlib.sha256(point).hexdigest()[:16], pem.decode()
