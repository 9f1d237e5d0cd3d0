"""The keys that sign access tokens: made in turn, kept encrypted in the database, published as JWKS."""

import asyncio
import hashlib
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from pydantic import SecretStr

from services.chassis import clock, ids, logging
from services.chassis.database import Database
from services.contracts.tokens import ALGORITHM, AUDIENCE, CLIENT, ISSUER, MACHINE_CLIENT, TYPE
from services.contracts.vocabulary import TenantId
from services.identity.domain.access_policy import Network
from services.identity.domain.session import Session
from services.identity.domain.signing_key import AHEAD, KeyTerm, next_is_due, outdated, signer
from services.identity.store import signing_keys
from services.identity.store.signing_keys import StoredKey

FRESH_SECONDS: Final = 60.0
UNKNOWN_KEY_PAUSE_SECONDS: Final = 5.0
_CURVE: Final = ec.SECP256R1()
_log = logging.get(__name__)


class SigningKeys:
    """The keys of the database: one signs, those still in use verify. Read again every minute."""

    def __init__(self, db: Database, passphrase: SecretStr) -> None:
        self._db = db
        self._passphrase = passphrase.get_secret_value().encode()
        self._keys: dict[str, ec.EllipticCurvePrivateKey] = {}
        self._terms: list[KeyTerm] = []
        self._read_at = float("-inf")
        self._loading = asyncio.Lock()

    async def find(self, kid: str) -> ec.EllipticCurvePublicKey | None:
        """Return the public key of that id, or None. Made-up ids cost one query in five seconds."""
        if kid not in self._keys:
            await self._refresh(UNKNOWN_KEY_PAUSE_SECONDS)
        key = self._keys.get(kid)
        return key.public_key() if key else None

    async def access_token(
        self, tenant_id: TenantId, session: Session, networks: Sequence[Network], now: datetime, expires_at: datetime
    ) -> str:
        """Return a signed access token (RFC 9068), good in these networks only; none for anywhere."""
        await self._refresh(FRESH_SECONDS)
        kid = signer(self._terms, now).kid
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
        if session.machine_token_id is not None:
            claims |= {"client_id": f"{MACHINE_CLIENT}:{session.machine_token_id}", "scope": "api"}
        if session.actor is not None:
            claims["act"] = {"sub": session.actor}
        if networks:
            claims["networks"] = [str(network) for network in networks]
        return jwt.encode(claims, self._keys[kid], algorithm=ALGORITHM, headers={"kid": kid, "typ": TYPE})

    async def published(self) -> list[dict[str, Any]]:
        """Return the public keys as JWKs, those that are yet to sign included."""
        await self._refresh(UNKNOWN_KEY_PAUSE_SECONDS)
        return [
            {**ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "alg": ALGORITHM, "use": "sig"}
            for kid, key in self._keys.items()
        ]

    async def rotate(self, now: datetime, term: timedelta) -> None:
        """Make the next key when it is due, and delete those of which no token is alive."""
        async with self._db.across_tenants() as queries:
            await signing_keys.lock(queries)
            stored = [key.term for key in await signing_keys.all_keys(queries)]
            if next_is_due(stored, now, term):
                made = self._new(now + AHEAD if stored else now)
                await signing_keys.insert(queries, made, now)
                _log.info("signing_key.made", kid=made.term.kid, signs_from=made.term.signs_from.isoformat())
            for old in outdated(stored, now):
                await signing_keys.delete(queries, old.kid)
                _log.info("signing_key.deleted", kid=old.kid)

    async def _refresh(self, seconds: float) -> None:
        """Read the keys unless they were read so recently; make the first one if there is none."""
        async with self._loading:
            if self._keys and time.monotonic() - self._read_at < seconds:
                return
            async with self._db.across_tenants() as queries:
                stored = await signing_keys.all_keys(queries)
                if not stored:
                    await signing_keys.lock(queries)
                    stored = await signing_keys.all_keys(queries)
                if not stored:
                    now = clock.now()
                    stored = [self._new(now)]
                    await signing_keys.insert(queries, stored[0], now)
            self._keys = {key.term.kid: self._keys.get(key.term.kid) or self._opened(key) for key in stored}
            self._terms = [key.term for key in stored]
            self._read_at = time.monotonic()

    def _opened(self, stored: StoredKey) -> ec.EllipticCurvePrivateKey:
        key = serialization.load_pem_private_key(stored.private_key.encode(), self._passphrase)
        assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 only _new makes them
        return key

    def _new(self, signs_from: datetime) -> StoredKey:
        key = ec.generate_private_key(_CURVE)
        point = key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(self._passphrase),
        )
        return StoredKey(KeyTerm(hashlib.sha256(point).hexdigest()[:16], signs_from), pem.decode())
