"""Access tokens: from a bearer string to the caller, or a refusal.

Stricter than the library: size first, then a header of exactly alg, kid and typ without duplicates, then the
signature by a key that the issuer publishes, then the claims (RFC 8725, RFC 9068).
"""

import base64
import binascii
import hashlib
import json
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Any, Final
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from services.chassis import clock
from services.chassis.problems import Unauthenticated
from services.contracts.identity_events import SessionRevoked
from services.contracts.tokens import ALGORITHM, AUDIENCE, ISSUER, TYPE
from services.contracts.vocabulary import SessionId, TenantId, UserId

Address = IPv4Address | IPv6Address
FindKey = Callable[[str], Awaitable[EllipticCurvePublicKey | None]]

LONGEST_TOKEN: Final = 4096
REMEMBERED: Final = 10_000
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{85}[AQgw]")
"""Header, claims and 64 bytes of signature, in the only way to write them: no padding, no bits left over."""


class InvalidToken(Unauthenticated):
    code = "invalid_token"
    title = "The access token is not valid."


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking: a person of a tenant in one session. Carries no rights."""

    tenant_id: TenantId
    user_id: UserId
    session_id: SessionId
    expires_at: datetime
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    actor: str | None = None
    """Who really acts, where it is not the person himself (RFC 8693, `act`)."""

    def may_come_from(self, address: Address) -> bool:
        """Say whether the session may be used from this client address."""
        return not self.networks or any(address in network for network in self.networks)


class Verifier:
    """Turns bearer tokens into callers; remembers what it has verified until it expires or is revoked."""

    def __init__(self, find_key: FindKey) -> None:
        self._find_key = find_key
        self._verified: OrderedDict[bytes, Caller] = OrderedDict()
        self._revoked: dict[SessionId, datetime] = {}

    def revoke(self, event: SessionRevoked) -> None:
        """Refuse the tokens of these sessions from now on, until they expire by themselves."""
        now = clock.now()
        self._revoked = {session: until for session, until in self._revoked.items() if until > now}
        self._revoked.update(dict.fromkeys(event.session_ids, event.until))

    async def caller(self, token: str, now: datetime) -> Caller:
        """Return who holds the token. Raises InvalidToken."""
        if len(token) > LONGEST_TOKEN or not token.isascii():
            raise InvalidToken
        digest = hashlib.sha256(token.encode()).digest()
        caller = self._verified.get(digest)
        if caller is None:
            caller = await self._verify(token)
            self._verified[digest] = caller
            if len(self._verified) > REMEMBERED:
                self._verified.popitem(last=False)
        if caller.expires_at <= now or caller.session_id in self._revoked:
            raise InvalidToken
        return caller

    async def _verify(self, token: str) -> Caller:
        key = await self._find_key(_key_id(token))
        if key is None:
            raise InvalidToken
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={"require": ["iss", "aud", "sub", "exp", "iat", "jti", "client_id", "tenant_id", "sid"]},
            )
            return Caller(
                tenant_id=TenantId(UUID(claims["tenant_id"])),
                user_id=UserId(UUID(claims["sub"])),
                session_id=SessionId(UUID(claims["sid"])),
                expires_at=datetime.fromtimestamp(claims["exp"], UTC),
                networks=tuple(ip_network(network) for network in claims.get("networks", ())),
                actor=_actor(claims["act"]) if "act" in claims else None,
            )
        except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError, OverflowError):
            raise InvalidToken from None


def _actor(act: Any) -> str:
    if not isinstance(act, dict) or not isinstance(actor := act.get("sub"), str) or not actor:  # pyright: ignore[reportUnknownVariableType,reportUnknownMemberType]
        raise InvalidToken
    return actor


def _key_id(token: str) -> str:
    if _TOKEN.fullmatch(token) is None:
        raise InvalidToken
    header, _claims = (_json_object(segment) for segment in token.split(".")[:2])
    kid = header.get("kid")
    if header.keys() != {"alg", "kid", "typ"} or header["alg"] != ALGORITHM or header["typ"] != TYPE:
        raise InvalidToken
    if not isinstance(kid, str):
        raise InvalidToken
    return kid


def _json_object(segment: str) -> dict[str, object]:
    """Decode one segment. Raises InvalidToken, also for a member given twice."""

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("duplicate member")
        return found

    try:
        raw = base64.b64decode(segment + "=" * (-len(segment) % 4), altchars=b"-_", validate=True)
        decoded: object = json.loads(raw, object_pairs_hook=once)
    except (binascii.Error, ValueError, RecursionError):
        raise InvalidToken from None
    if not isinstance(decoded, dict):
        raise InvalidToken
    return decoded  # pyright: ignore[reportUnknownVariableType] a JSON object has text keys
