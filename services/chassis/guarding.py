"""Who may call a route at all: bearer tokens of people, and the secrets of peers and operators."""

import hmac
from datetime import datetime

from pydantic import SecretStr

from services.chassis.problems import Forbidden, Unauthenticated
from services.chassis.tokens import Address, Caller, Verifier


class AddressNotAllowed(Forbidden):
    code = "address_not_allowed"
    title = "This session may not be used from your address."


class OnlyLooking(Forbidden):
    code = "only_looking"
    title = "Who acts for somebody else may look and change nothing."


def check_actor(caller: Caller, method: str) -> None:
    """Refuse changes by who acts for somebody else (ADR-0015). Raises OnlyLooking."""
    if caller.actor is not None and method != "GET":
        raise OnlyLooking


class Guard:
    """Admits callers by token, peers and operators by a shared secret."""

    def __init__(self, verifier: Verifier, secrets: dict[str, SecretStr]) -> None:
        self._verifier = verifier
        self._secrets = secrets

    async def admit(self, access: str, authorization: str | None, address: Address, now: datetime) -> Caller | None:
        """Return the caller of a route, None where no person is asked for.

        Raises Unauthenticated, InvalidToken, AddressNotAllowed; an unset secret admits nobody.
        """
        if access == "anyone":
            return None
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated
        if access == "caller":
            caller = await self._verifier.caller(token, now)
            if not caller.may_come_from(address):
                raise AddressNotAllowed
            return caller
        secret, given = self._secrets.get(access), token.encode(errors="surrogateescape")
        if secret is None or not hmac.compare_digest(given, secret.get_secret_value().encode()):
            raise Unauthenticated
        return None
