"""Activation links, fresh from identity for each mail. Secret: they pass through memory and nowhere else."""

from typing import Final

from services.chassis.http_client import Peer
from services.chassis.problems import Unavailable
from services.contracts.identity_api import ActivationLink
from services.contracts.vocabulary import TenantId, UserId

_GONE, _CONFLICT, _ERROR = 404, 409, 400
NEEDLESS: Final = {_GONE: "user_gone", _CONFLICT: "already_active"}


class NoLongerNeeded(Exception):
    """The person is gone or has activated the account: there is nothing left to tell."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ActivationLinks:
    """Identity, as far as mails need it."""

    def __init__(self, identity: Peer) -> None:
        self._identity = identity

    async def fresh(self, tenant_id: TenantId, user_id: UserId) -> ActivationLink:
        """Return a new link for a person who has yet to choose a password. Raises NoLongerNeeded, Unavailable."""
        reply = await self._identity.post(f"/internal/v1/tenants/{tenant_id}/users/{user_id}/activation-links")
        if reply.status in NEEDLESS:
            raise NoLongerNeeded(NEEDLESS[reply.status])
        if reply.status >= _ERROR:
            raise Unavailable
        return ActivationLink.model_validate_json(reply.body)
