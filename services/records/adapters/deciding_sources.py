"""Asking authz what decides about somebody's permissions on a record."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from pydantic import TypeAdapter

from services.chassis.http_client import Peer
from services.chassis.problems import Unavailable
from services.contracts.access import RecordFacts
from services.contracts.authz_api import DecidingSource, DecidingSources
from services.contracts.vocabulary import TenantId, UserId

_FACTS: Final = TypeAdapter(RecordFacts)


class Sources:
    """Through which group, template or grant somebody has what he has, or what takes it from him."""

    def __init__(self, authz: Peer) -> None:
        self._authz = authz

    async def of(self, tenant_id: TenantId, user_id: UserId, facts: RecordFacts) -> Mapping[str, DecidingSource]:
        """Return what decides, by the permissions of the record's section. Raises Unavailable."""
        asked = {"section": facts.section, "record": _FACTS.dump_python(facts, mode="json")}
        reply = await self._authz.post(f"/internal/v1/tenants/{tenant_id}/users/{user_id}/deciding-sources", body=asked)
        if reply.status != HTTPStatus.OK:
            raise Unavailable
        return {each.key: each for each in DecidingSources.model_validate_json(reply.body).sources}
