"""The issuer's public keys, fetched and kept (RFC 7517)."""

import asyncio
import time
from typing import Any, Final

import aiohttp
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from services.chassis import logging
from services.chassis.problems import Unavailable

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
            self._keys = {
                key["kid"]: public
                for key in document["keys"]
                if isinstance(public := jwt.PyJWK(key).key, EllipticCurvePublicKey)
            }
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError, KeyError, jwt.PyJWTError) as error:
            if not self._keys:
                raise Unavailable from error
            _log.warning("jwks.stale", error=repr(error))
        self._fetched_at = time.monotonic()
