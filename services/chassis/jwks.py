"""The issuer's public keys, fetched and kept (RFC 7517)."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import aiohttp
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from services.chassis import logging
from services.chassis.problems import Unavailable
from services.contracts.tokens import ALGORITHM

FRESH_SECONDS: Final = 300.0
UNKNOWN_KEY_PAUSE_SECONDS: Final = 5.0
_log = logging.get(__name__)


class KeySet:
    """Public keys by id. An unknown id asks the issuer again, at most every five seconds."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url
        self._keys: dict[str, EllipticCurvePublicKey] = {}
        self._reached = False
        self._tried_at = float("-inf")
        self._fetching = asyncio.Lock()

    async def find(self, kid: str) -> EllipticCurvePublicKey | None:
        """Return the key, or None if the issuer has no such key. Raises Unavailable when it was never reached."""
        asked_at = time.monotonic()
        if self._is_due(kid, asked_at):
            async with self._fetching:
                if self._is_due(kid, asked_at):  # else somebody's try has just ended, for all who waited with him
                    await self._fetch()
        if not self._reached:
            raise Unavailable
        return self._keys.get(kid)

    def _is_due(self, kid: str, asked_at: float) -> bool:
        kept = FRESH_SECONDS if kid in self._keys else UNKNOWN_KEY_PAUSE_SECONDS
        return asked_at - self._tried_at > (kept if self._reached else 0)

    async def _fetch(self) -> None:
        try:
            async with self._session.get(self._url) as response:
                response.raise_for_status()
                document: dict[str, Any] = await response.json()
            self._keys, self._reached = usable(document["keys"]), True
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError, KeyError, TypeError) as error:
            _log.warning("jwks.not_fetched", error=repr(error))
        self._tried_at = time.monotonic()


def usable(published: Sequence[dict[str, Any]]) -> dict[str, EllipticCurvePublicKey]:
    """Return the keys that verify ES256 signatures. Others are passed over, and all of an id that is given twice."""
    named = Counter(key.get("kid") for key in published)
    return {
        key["kid"]: public
        for key in published
        if isinstance(key.get("kid"), str) and named[key["kid"]] == 1 and (public := _public(key)) is not None
    }


def _public(key: dict[str, Any]) -> EllipticCurvePublicKey | None:
    """Return the key if it says nothing of being for something else (RFC 7517, 4.2 to 4.4)."""
    meant = {"kty": "EC", "crv": "P-256", "use": "sig", "alg": ALGORITHM}
    stated = {name: key.get(name, value if name in {"use", "alg"} else None) for name, value in meant.items()}
    if stated != meant or "verify" not in key.get("key_ops", ["verify"]) or key.keys() & {"d", "k"}:
        return None
    try:
        public: object = jwt.PyJWK(key, ALGORITHM).key
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    return public if isinstance(public, EllipticCurvePublicKey) else None
