"""The public keys of the issuer (RFC 7517)."""

from typing import Literal

from services.chassis.web import Access, Call, Output, Route
from services.identity.deps import Deps


class PublicKey(Output):
    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: str
    y: str
    kid: str
    alg: Literal["ES256"]
    use: Literal["sig"]


class KeySetShown(Output):
    keys: list[PublicKey]


async def get_keys(deps: Deps, call: Call) -> KeySetShown:
    """Show the public keys that verify access tokens."""
    call.reply_headers["Cache-Control"] = "public, max-age=60"
    return KeySetShown.model_validate({"keys": await deps.signing.published()})


ROUTES = (Route("GET", "/.well-known/jwks.json", get_keys, gives=KeySetShown, access=Access.ANYONE),)
