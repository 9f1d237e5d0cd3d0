"""What was granted, to whomever, and what was granted once."""

from collections.abc import Iterable, Sequence

from services.authz.domain.grant import Grant
from services.authz.domain.holder import Holder
from services.authz.domain.reach import Reach
from services.authz.domain.signature import Signature
from services.chassis.database import Row, Transaction
from services.contracts.vocabulary import View


async def of(tx: Transaction, holder: Holder) -> Sequence[Grant]:
    """Return a holder's grants by key and reach. No scope: rights themselves; handlers ask for the permission."""
    rows = await tx.rows(
        """
        SELECT key, reach, reach_id, view, expires_at
          FROM grants
         WHERE tenant_id = $1 AND holder_kind = $2 AND holder_id = $3
         ORDER BY key, reach, reach_id, view
        """,
        tx.tenant_id,
        holder.kind,
        holder.id,
    )
    return [from_row(row) for row in rows]


async def put(tx: Transaction, holder: Holder, grants: Iterable[Grant], signature: Signature) -> None:
    """Grant to a holder; a grant that it has already becomes past, and the new one lasts as long as it says."""
    given = list(grants)
    await end(tx, holder, given, signature)
    await tx.execute(
        """
        INSERT INTO grants (
            tenant_id, holder_kind, holder_id, key, reach, reach_id, view, expires_at, granted_by, granted_at, reason)
        SELECT $1::uuid, $2::text, $3::uuid, given.*, $9::uuid, $10::timestamptz, $11::text
          FROM unnest($4::text[], $5::text[], $6::uuid[], $7::text[], $8::timestamptz[]) AS given
        """,
        tx.tenant_id,
        holder.kind,
        holder.id,
        [grant.key for grant in given],
        [grant.reach for grant in given],
        [grant.reach_id for grant in given],
        [grant.view for grant in given],
        [grant.expires_at for grant in given],
        signature.by,
        signature.at,
        signature.reason,
    )


async def end(tx: Transaction, holder: Holder, grants: Iterable[Grant], signature: Signature) -> None:
    """Take grants from a holder, however long they would have lasted."""
    ended = list(grants)
    await tx.execute(
        """
        WITH gone AS (
            DELETE FROM grants g
             USING unnest($4::text[], $5::text[], $6::uuid[], $7::text[]) AS ended (key, reach, reach_id, view)
             WHERE g.tenant_id = $1 AND g.holder_kind = $2 AND g.holder_id = $3
               AND (g.key, g.reach, g.view) = (ended.key, ended.reach, ended.view)
               AND g.reach_id IS NOT DISTINCT FROM ended.reach_id
            RETURNING g.*)
        INSERT INTO grants_past (
            tenant_id, seq, holder_kind, holder_id, key, reach, reach_id, view, expires_at, granted_by, granted_at,
            reason, valid_to, ended_by, end_reason)
        SELECT tenant_id, seq, holder_kind, holder_id, key, reach, reach_id, view, expires_at, granted_by, granted_at,
               reason, greatest($8::timestamptz, granted_at), $9::uuid, $10::text
          FROM gone
        """,
        tx.tenant_id,
        holder.kind,
        holder.id,
        [grant.key for grant in ended],
        [grant.reach for grant in ended],
        [grant.reach_id for grant in ended],
        [grant.view for grant in ended],
        signature.at,
        signature.by,
        signature.reason,
    )


async def end_all(tx: Transaction, holder: Holder, signature: Signature) -> None:
    """Take everything from a holder."""
    await end(tx, holder, await of(tx, holder), signature)


def from_row(row: Row) -> Grant:
    """Return the grant that a row of the table holds."""
    return Grant(row["key"], Reach(row["reach"]), row["reach_id"], View(row["view"]), row["expires_at"])
