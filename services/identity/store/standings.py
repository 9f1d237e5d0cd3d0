"""Rows that decide whether a session may go on: read by its id, or by the refresh token that is being used."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString
from zoneinfo import ZoneInfo

from services.chassis.database import Row, Transaction
from services.contracts.vocabulary import SessionId, UserState
from services.identity.domain.access_policy import Admission, Levels
from services.identity.domain.session import Session
from services.identity.store.access_policies import levels_in, networks_of
from services.identity.store.sessions import session_of


@dataclass(frozen=True, slots=True)
class Standing:
    """A running session, and what decides whether it may go on."""

    session: Session
    state: UserState
    levels: Levels
    zone: ZoneInfo
    held: Admission
    """What its tokens open so far."""


@dataclass(frozen=True, slots=True)
class Used:
    """A refresh token as it was before this use of it, and how its session stands."""

    used_at: datetime | None
    successor: bytes | None
    standing: Standing


_STANDING: Final[LiteralString] = """
        SELECT p.used_at, p.successor, s.id, s.user_id, s.created_at, s.expires_at, s.address, s.user_agent,
               u.state, l.timezone, a.networks AS held_networks, a.ends_at AS held_until,
               o.level, o.hours::text AS hours, o.networks, o.ends_at, o.second_factor,
               array(SELECT unnest(z.networks)
                       FROM access_policy_zones oz
                       JOIN network_zones z ON (z.tenant_id, z.id) = (oz.tenant_id, oz.zone_id)
                      WHERE oz.tenant_id = $1 AND oz.holder_id = o.holder_id) AS zone_networks
          FROM presented p
          JOIN sessions s ON s.tenant_id = $1 AND s.id = p.session_id AND s.ended_at IS NULL AND s.expires_at > $2
          JOIN users u ON u.tenant_id = $1 AND u.id = s.user_id
          JOIN licences l ON l.tenant_id = $1
          LEFT JOIN admissions a ON a.tenant_id = $1 AND a.session_id = s.id
          LEFT JOIN access_policies o
            ON o.tenant_id = $1
           AND o.holder_id = ANY(ARRAY[$1, s.user_id, (SELECT template_id FROM access_template_members
                                                        WHERE tenant_id = $1 AND user_id = s.user_id)])
"""

_BY_ID: Final[LiteralString] = """
        WITH presented (session_id, used_at, successor) AS (SELECT $3::uuid, NULL::timestamptz, NULL::bytea)"""

# Under the token's lock, so that of parallel uses one is the first and all others see its successor.
_BY_USE: Final[LiteralString] = """
        WITH presented AS MATERIALIZED (
            SELECT session_id, used_at, successor FROM refresh_tokens
             WHERE tenant_id = $1 AND token_hash = $3 FOR UPDATE),
        used AS (
            UPDATE refresh_tokens t SET used_at = $2, successor = $5 FROM presented p
             WHERE t.tenant_id = $1 AND t.token_hash = $3 AND p.used_at IS NULL),
        added AS (
            INSERT INTO refresh_tokens (tenant_id, token_hash, session_id)
            SELECT $1, $4, session_id FROM presented WHERE used_at IS NULL)"""


async def of_session(tx: Transaction, session_id: SessionId, now: datetime) -> Standing | None:
    """Return a running session with its holder's state and policies. No scope: used to decide, not shown."""
    rows = await tx.rows(_BY_ID + _STANDING, tx.tenant_id, now, session_id)
    return _standing(rows) if rows else None


async def use_token(
    tx: Transaction, token_hash: bytes, successor_hash: bytes, sealed: bytes, now: datetime
) -> Used | None:
    """Use a refresh token: its first use adds the successor, every other changes nothing.

    None if it is unknown or its session is over. One statement: what it says of the session is of its beginning.
    No scope: the token is the proof.
    """
    rows = await tx.rows(_BY_USE + _STANDING, tx.tenant_id, now, token_hash, successor_hash, sealed)
    return Used(rows[0]["used_at"], rows[0]["successor"], _standing(rows)) if rows else None


def _standing(rows: Sequence[Row]) -> Standing:
    first = rows[0]
    return Standing(
        session_of(first),
        UserState(first["state"]),
        levels_in(rows),
        ZoneInfo(first["timezone"]),
        Admission(networks_of(first["held_networks"]) or (), first["held_until"]),
    )
