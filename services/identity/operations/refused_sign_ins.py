"""Writing down sign-ins that are refused after the password, or without one."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime

from services.chassis import ids, logging
from services.chassis.database import Database
from services.chassis.problems import Forbidden
from services.contracts.vocabulary import TenantId, UserId
from services.identity.domain.passkey import CopiedPasskey, WrongPasskey
from services.identity.domain.second_factor import WrongCode
from services.identity.operations.sessions import NOBODY, Origin
from services.identity.store import sign_in_counters
from services.identity.store.sign_in_counters import Refused

_log = logging.get(__name__)


@asynccontextmanager
async def written_down(
    db: Database, tenant_id: TenantId, user_id: UserId | None, origin: Origin, now: datetime
) -> AsyncGenerator[None]:
    """Write a refusal down, and say in the log which passkey was copied: somebody may have two of it."""
    try:
        yield
    except (WrongCode, WrongPasskey, Forbidden) as error:
        reason = error.code
        if isinstance(error, CopiedPasskey):
            reason = "passkey_copied"
            _log.warning("passkey.copied", tenant_id=str(tenant_id), user_id=str(user_id))
        known = None if tenant_id == NOBODY else tenant_id
        async with db.at_once() as queries:
            await sign_in_counters.write_down(
                queries, Refused(ids.uuid7(), known, user_id, str(origin.address), reason, now)
            )
        raise
