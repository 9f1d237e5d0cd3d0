"""Asking authz about administrators: before one is taken out of service, or somebody gets at his account."""

from http import HTTPStatus

from services.chassis.http_client import Peer
from services.chassis.problems import Conflict, Unavailable
from services.contracts import authz_api
from services.contracts.vocabulary import TenantId, UserId
from services.identity.domain.user import ADMINISTRATION


class LastAdministrator(Conflict):
    code = "last_administrator"
    title = "The agency would be left without an administrator."


class Administrators:
    """The agency's administrators, as authz counts them."""

    def __init__(self, authz: Peer) -> None:
        self._authz = authz

    async def stand_down(self, tenant_id: TenantId, user_id: UserId, version: int) -> None:
        """Stop counting a user of this version as an administrator until the event of a later one.

        Raises LastAdministrator, Unavailable.
        """
        path = f"/internal/v1/tenants/{tenant_id}/users/{user_id}/stand-down"
        reply = await self._authz.post(path, {"If-Match": f'"{version}"'})
        if reply.status == HTTPStatus.CONFLICT:
            raise LastAdministrator
        if reply.status != HTTPStatus.NO_CONTENT:
            raise Unavailable

    async def every(self, tenant_id: TenantId) -> frozenset[UserId]:
        """Return who administers an agency now, with or without an end. Raises Unavailable."""
        reply = await self._authz.get(f"/internal/v1/tenants/{tenant_id}/administrators")
        if reply.status != HTTPStatus.OK:
            raise Unavailable
        return frozenset(authz_api.Administrators.model_validate_json(reply.body).user_ids)

    async def may_manage_rights(self, tenant_id: TenantId, user_id: UserId) -> bool:
        """Say whether a person may manage rights, or may as soon as the account is active. Raises Unavailable."""
        reply = await self._authz.get(f"/internal/v1/tenants/{tenant_id}/users/{user_id}/snapshot-once-active")
        if reply.status != HTTPStatus.OK:
            raise Unavailable
        return authz_api.SNAPSHOT.validate_json(reply.body).holds(ADMINISTRATION)
