"""Asking authz what a stamp says, when it is set on records."""

from http import HTTPStatus
from uuid import UUID

from services.chassis.http_client import Peer
from services.chassis.problems import FieldError, Invalid, Unavailable
from services.chassis.tokens import Caller
from services.contracts.authz_api import StampEntries
from services.records.domain.record_rights import Entries, Holder, HolderKind


class UnknownStamp(Invalid):
    code = "unknown_stamp"
    title = "You have no such stamp."


class Stamps:
    """People's stamps, as authz keeps them: each person has a list of his own (ON-26)."""

    def __init__(self, authz: Peer) -> None:
        self._authz = authz

    async def entries(self, caller: Caller, stamp_id: UUID) -> Entries:
        """Return what one of the caller's stamps says. Raises UnknownStamp, Unavailable."""
        reply = await self._authz.get(
            f"/internal/v1/tenants/{caller.tenant_id}/users/{caller.user_id}/stamps/{stamp_id}"
        )
        if reply.status == HTTPStatus.NOT_FOUND:
            raise UnknownStamp(errors=[FieldError("/stamp_id", UnknownStamp.code, UnknownStamp.title)])
        if reply.status != HTTPStatus.OK:
            raise Unavailable
        return {
            (Holder(HolderKind(each.holder_kind), each.holder_id), each.record_class): each.effect
            for each in StampEntries.model_validate_json(reply.body).entries
        }
