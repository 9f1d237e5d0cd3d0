"""What a recipient may see at the moment at which a mail is written: asked of authz then, and not remembered."""

from collections.abc import Sequence

from services.chassis.http_client import Peer
from services.chassis.problems import Unavailable
from services.contracts.access import AccessSnapshot
from services.contracts.authz_api import SNAPSHOT, Administrators
from services.contracts.vocabulary import TenantId, UserId
from services.notifications.adapters.identity_links import IdentityAway

_OK = 200


class AuthzAway(IdentityAway):
    """authz cannot be asked at the moment; a mail waits for it as it waits for identity."""


class RecipientRights:
    """authz, as far as mails need it."""

    def __init__(self, authz: Peer) -> None:
        self._authz = authz

    async def of(self, tenant_id: TenantId, user_id: UserId) -> AccessSnapshot:
        """Return what somebody may do now. Raises AuthzAway."""
        return SNAPSHOT.validate_json(await self._asked(f"/internal/v1/tenants/{tenant_id}/users/{user_id}/snapshot"))

    async def administrators(self, tenant_id: TenantId) -> Sequence[UserId]:
        """Return who administers an agency now. Raises AuthzAway."""
        answer = await self._asked(f"/internal/v1/tenants/{tenant_id}/administrators")
        return Administrators.model_validate_json(answer).user_ids

    async def _asked(self, path: str) -> bytes:
        try:
            reply = await self._authz.get(path)
        except Unavailable:
            raise AuthzAway from None
        if reply.status != _OK:
            raise AuthzAway
        return reply.body
