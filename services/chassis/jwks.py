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
        self._fetched_at = float("-inf")
        self._fetching = asyncio.Lock()

    async def find(self, kid: str) -> EllipticCurvePublicKey | None:
        """Return the key, or None if the issuer has no such key. Raises Unavailable when it was never reached."""
        if self._is_old(FRESH_SECONDS) or (kid not in self._keys and self._is_old(UNKNOWN_KEY_PAUSE_SECONDS)):
            async with self._fetching:
                if self._is_old(UNKNOWN_KEY_PAUSE_SECONDS):
                    await self._fetch()
        return self._keys.get(kid)

    def _is_old(self, seconds: float) -> bool:
        return time.monotonic() - self._fetched_at > seconds

    async def _fetch(self) -> None:
        try:
            async with self._session.get(self._url) as response:
                response.raise_for_status()
                document: dict[str, Any] = await response.json()
            self._keys = usable(document["keys"])
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError, KeyError, TypeError) as error:
            if not self._keys:
                raise Unavailable from error
            _log.warning("jwks.stale", error=repr(error))
        self._fetched_at = time.monotonic()


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
