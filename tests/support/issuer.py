"""An issuer of access tokens with a JWKS endpoint, in place of identity."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from services.contracts.tokens import ALGORITHM, AUDIENCE, CLIENT, ISSUER, TYPE
from tests.support.running import answering


class Issuer:
    """Signs tokens with a key of its own. `jwks_url` works inside `issuing()`."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.kid = uuid4().hex
        self.jwks_url = ""

    def token(self, tenant_id: UUID, user_id: UUID, /, **changed: object) -> str:
        """Return an access token; `changed` claims replace the usual ones, None removes one."""
        now = datetime.now(UTC)
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(user_id),
            "exp": now + timedelta(minutes=5),
            "iat": now,
            "jti": str(uuid4()),
            "client_id": CLIENT,
            "tenant_id": str(tenant_id),
            "sid": str(uuid4()),
            **changed,
        }
        present = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(present, self.key, algorithm=ALGORITHM, headers={"kid": self.kid, "typ": TYPE})

    def bearer(self, tenant_id: UUID, user_id: UUID, /, **changed: object) -> dict[str, str]:
        """Return the header that carries a token."""
        return {"Authorization": f"Bearer {self.token(tenant_id, user_id, **changed)}"}

    async def _jwks(self, _request: web.Request) -> web.Response:
        public: dict[str, Any] = ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return web.json_response({"keys": [{**public, "kid": self.kid, "alg": ALGORITHM, "use": "sig"}]})


@asynccontextmanager
async def issuing() -> AsyncGenerator[Issuer]:
    """Yield an issuer whose keys can be fetched."""
    issuer = Issuer()
    app = web.Application()
    app.router.add_get("/.well-known/jwks.json", issuer._jwks)  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001
    async with answering(app) as url:
        issuer.jwks_url = f"{url}/.well-known/jwks.json"
        yield issuer
