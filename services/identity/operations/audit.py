"""Noting changes in the audit trail, in the transaction that makes them."""

from uuid import UUID

from services.chassis import ids
from services.chassis.database import Transaction
from services.contracts.vocabulary import UserId
from services.identity.adapters import authorship
from services.identity.domain.audit import AuditKind, Change, differing
from services.identity.store import audit_trail


async def note(
    tx: Transaction,
    kind: AuditKind,
    subject_id: UUID,
    before: object | None = None,
    after: object | None = None,
    *,
    proved: UserId | None = None,
) -> None:
    """Note what a change differs in, and who makes it; two equal states are no change.

    `before` and `after` are the thing's states: dataclasses or mappings, without secrets. `proved` is who proved
    himself otherwise than by an access token, such as by a link. Raises Invalid for a reason that cannot be kept.
    """
    was, is_now = differing(before, after)
    if was == is_now and (was is not None or is_now is not None):
        return
    await audit_trail.insert(tx, ids.uuid7(), Change(kind, subject_id, was, is_now), authorship.present(proved))
