"""Rows of who is and was signed in. A refresh shows that somebody was there; its token lives for five minutes."""

from collections.abc import Mapping, Sequence
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


async def stretches(
    tx: Transaction, people: Sequence[UserId], begin: datetime, end: datetime
) -> Mapping[UserId, Sequence[Stretch]]:
    """Return when people were there between two instants: five minutes from each sign-in and refresh, joined.

    Who never was is left out. No scope: as `present`.
    """
    rows = await tx.rows(
        """
        SELECT user_id, lower(stretch) AS begin, upper(stretch) AS end
          FROM (SELECT s.user_id, unnest(range_agg(tstzrange(span.begin, span.end))) AS stretch
                  FROM sessions s
                 CROSS JOIN LATERAL (SELECT s.created_at AS at
                                      UNION ALL
                                     SELECT used_at FROM refresh_tokens r
                                      WHERE r.tenant_id = $1 AND r.session_id = s.id AND used_at IS NOT NULL) seen
                 CROSS JOIN LATERAL (
                    SELECT greatest(seen.at, $3::timestamptz) AS begin,
                           least(seen.at + $5::interval, s.expires_at, coalesce(s.ended_at, 'infinity'),
                                 $4::timestamptz) AS end) span
                 WHERE s.tenant_id = $1 AND s.user_id = ANY($2) AND s.created_at < $4 AND s.expires_at > $3
                   AND s.machine_token_id IS NULL AND s.actor IS NULL AND span.begin < span.end
                 GROUP BY s.user_id) joined
         ORDER BY user_id, begin
        """,
        tx.tenant_id,
        people,
        begin,
        end,
        ACCESS_LIFETIME,
    )
    found = dict[UserId, list[Stretch]]()
    for row in rows:
        found.setdefault(row["user_id"], []).append(Stretch(row["begin"], row["end"]))
    return found


@dataclass(frozen=True, slots=True)
class RefusedSignIn:
    """Somebody was not let in; without a person where the user id was nobody's."""

    id: UUID
    refused_at: datetime
    user_id: UserId | None
    code: str | None
    display_name: str | None
    address: str
    reason: str


async def refused(
    tx: Transaction, since: datetime | None, until: datetime | None, *, after: Cursor, limit: int
) -> Sequence[RefusedSignIn]:
    """Return up to `limit` sign-ins to the agency that were refused, newest first. No scope: as `present`."""
    rows = await tx.rows(
        """
        SELECT r.id, r.refused_at, r.user_id, u.code, u.given_name || ' ' || u.family_name AS display_name, r.address,
               r.reason
          FROM refused_sign_ins r
          LEFT JOIN users u ON (u.tenant_id, u.id) = (r.tenant_id, r.user_id)
         WHERE r.tenant_id = $1 AND (r.refused_at, r.id) < ($2, $3)
           AND r.refused_at >= coalesce($4::timestamptz, '-infinity')
           AND r.refused_at < coalesce($5::timestamptz, 'infinity')
         ORDER BY r.refused_at DESC, r.id DESC
         LIMIT $6
        """,
        tx.tenant_id,
        after.at,
        after.id,
        since,
        until,
        limit,
    )
    return [RefusedSignIn(**row) for row in rows]
