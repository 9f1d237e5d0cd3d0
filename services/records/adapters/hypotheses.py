"""Asking authz whose rights a proposal would change, and how."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from pydantic import BaseModel

from services.chassis.http_client import Peer
from services.chassis.problems import FieldError, Invalid, Unavailable
from services.contracts.authz_api import SupposedAccesses
from services.contracts.vocabulary import TenantId


class UnknownInProposal(Invalid):
    code = "unknown_in_proposal"
    title = "The proposal names a person, group or template that the agency does not have."


class _Refusal(BaseModel):
    detail: str
    errors: tuple[FieldError, ...] = ()


class Hypotheses:
    """What authz says of rights that are only imagined. What a proposal may say is authz's to decide."""

    def __init__(self, authz: Peer) -> None:
        self._authz = authz

    async def of(
        self, tenant_id: TenantId, proposal: Mapping[str, object], keys: Sequence[str], limit: int
    ) -> SupposedAccesses:
        """Return people's rights before and after a proposal, of up to `limit` for whom a key's reach differs.

        Raises Invalid with pointers below `/proposal`, UnknownInProposal, Unavailable.
        """
        asked = {"proposal": proposal, "keys": keys, "limit": limit}
        reply = await self._authz.post(f"/internal/v1/tenants/{tenant_id}/hypotheses", body=asked)
        match reply.status:
            case HTTPStatus.OK:
                return SupposedAccesses.model_validate_json(reply.body)
            case HTTPStatus.UNPROCESSABLE_ENTITY:
                refusal = _Refusal.model_validate_json(reply.body)
                raise Invalid(refusal.detail, refusal.errors)
            case HTTPStatus.NOT_FOUND:
                errors = [FieldError("/proposal", UnknownInProposal.code, UnknownInProposal.title)]
                raise UnknownInProposal(errors=errors)
            case _:
                raise Unavailable
