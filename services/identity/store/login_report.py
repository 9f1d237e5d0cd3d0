"""Rows of who is and was signed in. A refresh shows that somebody was there; its token lives for five minutes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.chassis.cursor import Cursor
from services.chassis.database import Transaction
from services.contracts.vocabulary import UserId
from services.identity.domain.session import ACCESS_LIFETIME
from services.identity.domain.worked_hours import Stretch


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody who is signed in now."""

    session_id: UUID
    user_id: UserId
    code: str
    display_name: str
    signed_in_at: datetime
    seen_at: datetime
    actor: str | None
    """Who of the vendor's support it is; None for the person himself."""


async def present(tx: Transaction, now: datetime, *, after: Cursor, limit: int) -> Sequence[Present]:
    """Return up to `limit` sessions of which a token is alive, newest first.

    No scope: handlers have checked that the caller may read the login report, which is the whole agency's.
    """
    rows = await tx.rows(
        """
        SELECT s.id AS session_id, s.user_id, u.code, u.given_name || ' ' || u.family_name AS display_name,
               s.created_at AS signed_in_at, greatest(s.created_at, t.used_at) AS seen_at,
               s.actor
          FROM sessions s
          JOIN users u ON (u.tenant_id, u.id) = (s.tenant_id, s.user_id)
          LEFT JOIN LATERAL (SELECT max(used_at) AS used_at FROM refresh_tokens r
                              WHERE r.tenant_id = $1 AND r.session_id = s.id) t ON true
         WHERE s.tenant_id = $1 AND s.ended_at IS NULL AND s.expires_at > $2 AND s.machine_token_id IS NULL
           AND (greatest(s.created_at, t.used_at) > $2 - $3::interval OR s.actor IS NOT NULL)
           AND (s.created_at, s.id) < ($4, $5)
         ORDER BY s.created_at DESC, s.id DESC
         LIMIT $6
        """,
        tx.tenant_id,
        now,
        ACCESS_LIFETIME,
        after.at,
        after.id,
        limit,
    )
    return [Present(**row) for row in rows]


async def stretches(tx: Transaction, user_id: UserId, begin: datetime, end: datetime) -> Sequence[Stretch]:
    """Return when a person was there between two instants: five minutes from each sign-in and refresh.

    No scope: as `present`.
    """
    rows = await tx.rows(
        """
        SELECT greatest(seen.at, $3) AS begin,
               least(seen.at + $5::interval, s.expires_at, coalesce(s.ended_at, 'infinity'), $4) AS end
          FROM sessions s
         CROSS JOIN LATERAL (SELECT s.created_at AS at
                              UNION ALL
                             SELECT used_at FROM refresh_tokens r
                              WHERE r.tenant_id = $1 AND r.session_id = s.id AND used_at IS NOT NULL) seen
         WHERE s.tenant_id = $1 AND s.user_id = $2 AND s.created_at < $4 AND s.expires_at > $3
           AND seen.at < $4 AND seen.at + $5::interval > $3 AND s.machine_token_id IS NULL
           AND s.actor IS NULL
        """,
        tx.tenant_id,
        user_id,
        begin,
        end,
        ACCESS_LIFETIME,
    )
    return [Stretch(row["begin"], row["end"]) for row in rows]
