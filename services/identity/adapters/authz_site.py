"""Asking authz who may be shown to the world."""

from http import HTTPStatus

from services.chassis.http_client import Peer
from services.chassis.problems import Unavailable
from services.contracts.authz_api import SiteAppearance
from services.contracts.vocabulary import TenantId, UserId


class Site:
    """The agency's web site, as far as authz says who appears on it."""

    def __init__(self, authz: Peer) -> None:
        self._authz = authz

    async def shows(self, tenant_id: TenantId, user_id: UserId) -> bool:
        """Say whether a person may appear. Asked each time: who was just hidden is hidden. Raises Unavailable."""
        reply = await self._authz.get(f"/internal/v1/tenants/{tenant_id}/users/{user_id}/site-appearance")
        if reply.status != HTTPStatus.OK:
            raise Unavailable
        return SiteAppearance.model_validate_json(reply.body).shown
