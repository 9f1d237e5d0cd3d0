"""What the weekly report says, asked of identity when it is written, so that nothing of it is kept twice."""

from datetime import datetime

from services.chassis.http_client import Peer
from services.chassis.problems import Unavailable
from services.contracts.identity_api import AgencyFigures
from services.contracts.vocabulary import TenantId
from services.notifications.adapters.identity_links import IdentityAway

_OK = 200


class Figures:
    """Identity, as far as the weekly report needs it."""

    def __init__(self, identity: Peer) -> None:
        self._identity = identity

    async def of(self, tenant_id: TenantId, since: datetime, until: datetime) -> AgencyFigures:
        """Return the figures of an agency for a span. Raises IdentityAway."""
        span = f"since={since:%Y-%m-%dT%H:%M:%SZ}&until={until:%Y-%m-%dT%H:%M:%SZ}"
        try:
            reply = await self._identity.get(f"/internal/v1/tenants/{tenant_id}/figures?{span}")
        except Unavailable:
            raise IdentityAway from None
        if reply.status != _OK:
            raise IdentityAway
        return AgencyFigures.model_validate_json(reply.body)
