"""Links of mails, fresh from identity for each mail. Secret: they pass through memory and nowhere else."""

from collections.abc import Mapping
from typing import Final

from services.chassis.http_client import Peer
from services.chassis.problems import Unavailable
from services.contracts.identity_api import MailedLink
from services.contracts.vocabulary import TenantId, UserId
from services.notifications.domain.delivery import Template

_ERROR: Final = 400
ROUTES: Final[Mapping[Template, str]] = {
    Template.ACTIVATION: "activation-links",
    Template.PASSWORD_RESET: "password-reset-links",
}
"""Mails that carry a link, and where identity makes one."""
NEEDLESS: Final[Mapping[Template, Mapping[int, str]]] = {
    Template.ACTIVATION: {404: "user_gone", 409: "already_active"},
    Template.PASSWORD_RESET: {404: "user_gone", 409: "sign_in_not_allowed"},
}


class IdentityAway(Unavailable):
    """Identity cannot be asked at the moment; the mail server has nothing to do with it."""


class NoLongerNeeded(Exception):
    """There is nothing left to tell here: the person is gone or elsewhere, the account active, the day empty."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class IdentityLinks:
    """Identity, as far as mails need it."""

    def __init__(self, identity: Peer) -> None:
        self._identity = identity

    async def fresh(self, template: Template, tenant_id: TenantId, user_id: UserId) -> MailedLink:
        """Return a new link for a mail that carries one. Raises NoLongerNeeded, IdentityAway."""
        path = f"/internal/v1/tenants/{tenant_id}/users/{user_id}/{ROUTES[template]}"
        try:
            reply = await self._identity.post(path)
        except Unavailable:
            raise IdentityAway from None
        if reply.status in NEEDLESS[template]:
            raise NoLongerNeeded(NEEDLESS[template][reply.status])
        if reply.status >= _ERROR:
            raise IdentityAway
        return MailedLink.model_validate_json(reply.body)
