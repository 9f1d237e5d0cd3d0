"""Rows of what running sessions were let in for."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from ipaddress import ip_network

from services.chassis.database import Transaction
from services.contracts.vocabulary import SessionId, UserId
from services.identity.domain.access_policy import Admission


async def keep(tx: Transaction, session_id: SessionId, admission: Admission) -> None:
    """Remember what the tokens of a session open from now on."""
    await tx.execute(
        """
        INSERT INTO admissions AS a (tenant_id, session_id, networks, ends_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (tenant_id, session_id) DO UPDATE SET networks = excluded.networks, ends_at = excluded.ends_at
         WHERE (a.networks, a.ends_at) IS DISTINCT FROM (excluded.networks, excluded.ends_at)
        """,
        tx.tenant_id,
        session_id,
        [str(network) for network in admission.networks],
        admission.until,
    )


async def running(
    tx: Transaction, people: Sequence[UserId], now: datetime
) -> Mapping[UserId, Mapping[SessionId, Admission]]:
    """Return the running sessions of these people, locked, with what each was let in for.

    No scope: used to decide which of them may go on, shown to nobody.
    """
    rows = await tx.rows(
        """
        SELECT s.user_id, s.id, coalesce(a.networks, '{}') AS networks, a.ends_at
          FROM sessions s
          LEFT JOIN admissions a ON (a.tenant_id, a.session_id) = (s.tenant_id, s.id)
         WHERE s.tenant_id = $1 AND s.user_id = ANY($2) AND s.ended_at IS NULL AND s.expires_at > $3
           FOR UPDATE OF s
        """,
        tx.tenant_id,
        people,
        now,
    )
    found = dict[UserId, dict[SessionId, Admission]]()
    for row in rows:
        networks = tuple(ip_network(text) for text in row["networks"])
        found.setdefault(row["user_id"], {})[row["id"]] = Admission(networks, row["ends_at"])
    return found


async def shorten(tx: Transaction, session_ids: Sequence[SessionId], until: datetime) -> None:
    """Let sessions end by themselves at an instant, unless they end before."""
    await tx.execute(
        "UPDATE sessions SET expires_at = least(expires_at, $3) WHERE tenant_id = $1 AND id = ANY($2)",
        tx.tenant_id,
        session_ids,
        until,
    )
