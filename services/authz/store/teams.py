"""The picture of teams.

No scope anywhere: whose rights a team decides, shown to nobody.
"""

from collections.abc import Collection
from datetime import datetime

from services.chassis.database import Transaction
from services.contracts.identity_events import TeamChanged
from services.contracts.vocabulary import TeamId, UserId


async def save(tx: Transaction, team: TeamChanged) -> bool:
    """Keep what is known of a team but its members, unless as new or newer is known; return whether it was kept."""
    return bool(
        await tx.execute(
            """
            INSERT INTO teams AS t (tenant_id, id, team_version, name, removed)
            VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (tenant_id, id) DO UPDATE
               SET team_version = excluded.team_version, name = excluded.name, removed = excluded.removed
             WHERE t.team_version < excluded.team_version
            """,
            tx.tenant_id,
            team.team_id,
            team.version,
            team.name,
            team.removed,
        )
    )


async def members(tx: Transaction, team_id: TeamId) -> frozenset[UserId]:
    """Return who is in a team."""
    rows = await tx.rows(
        "SELECT user_id FROM team_members WHERE tenant_id = $1 AND team_id = $2", tx.tenant_id, team_id
    )
    return frozenset(row["user_id"] for row in rows)


async def add_members(tx: Transaction, team_id: TeamId, user_ids: Collection[UserId], at: datetime) -> None:
    """Put people into a team."""
    await tx.execute(
        """
        INSERT INTO team_members (tenant_id, team_id, user_id, since)
        SELECT $1::uuid, $2::uuid, user_id, $4::timestamptz FROM unnest($3::uuid[]) AS user_id
        """,
        tx.tenant_id,
        team_id,
        list(user_ids),
        at,
    )


async def remove_members(tx: Transaction, team_id: TeamId, user_ids: Collection[UserId], at: datetime) -> None:
    """Take people out of a team."""
    await tx.execute(
        """
        WITH gone AS (
            DELETE FROM team_members WHERE tenant_id = $1 AND team_id = $2 AND user_id = ANY($3) RETURNING *)
        INSERT INTO team_members_past (tenant_id, team_id, user_id, valid_from, valid_to)
        SELECT tenant_id, team_id, user_id, since, greatest($4::timestamptz, since) FROM gone
        """,
        tx.tenant_id,
        team_id,
        list(user_ids),
        at,
    )


async def granted_to(tx: Transaction, team_id: TeamId) -> frozenset[UserId]:
    """Return whoever holds a grant that names the team."""
    rows = await tx.rows(
        """
        SELECT DISTINCT b.user_id
          FROM grants g
          JOIN belongings b USING (tenant_id, holder_kind, holder_id)
         WHERE g.tenant_id = $1 AND g.reach_id = $2 AND g.reach = 'team'
        """,
        tx.tenant_id,
        team_id,
    )
    return frozenset(row["user_id"] for row in rows)


async def end_grants(tx: Transaction, team_id: TeamId, at: datetime) -> None:
    """End every grant that names a team which is no more."""
    await tx.execute(
        """
        WITH gone AS (
            DELETE FROM grants WHERE tenant_id = $1 AND reach_id = $2 AND reach = 'team' RETURNING *)
        INSERT INTO grants_past (
            tenant_id, seq, holder_kind, holder_id, key, reach, reach_id, view, expires_at, granted_by, granted_at,
            reason, valid_to, end_reason)
        SELECT tenant_id, seq, holder_kind, holder_id, key, reach, reach_id, view, expires_at, granted_by, granted_at,
               reason, greatest($3::timestamptz, granted_at), 'the team is no more'
          FROM gone
        """,
        tx.tenant_id,
        team_id,
        at,
    )
