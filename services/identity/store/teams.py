"""Rows of teams and their members."""

from collections.abc import Sequence
from datetime import datetime

from services.chassis.database import ForeignKeyViolation, Row, Transaction, UniqueViolation
from services.chassis.problems import NotFound, Stale
from services.contracts.vocabulary import TeamId
from services.identity.domain.organisation import Team, TeamNameTaken, UnknownMember


async def insert(tx: Transaction, team: Team, now: datetime) -> None:
    """Add a team and its members. Raises TeamNameTaken, UnknownMember."""
    try:
        await tx.execute(
            "INSERT INTO teams (tenant_id, id, name, version, created_at) VALUES ($1, $2, $3, $4, $5)",
            tx.tenant_id,
            team.id,
            team.name,
            team.version,
            now,
        )
    except UniqueViolation:
        raise TeamNameTaken from None
    await _enrol(tx, team)


async def save(tx: Transaction, team: Team) -> None:
    """Write a changed team, whose version is one above the stored one.

    Raises NotFound, Stale, TeamNameTaken, UnknownMember.
    """
    try:
        saved = await tx.execute(
            """
            UPDATE teams SET name = $3, version = $4, changed_at = now()
             WHERE tenant_id = $1 AND id = $2 AND version = $4 - 1
            """,
            tx.tenant_id,
            team.id,
            team.name,
            team.version,
        )
    except UniqueViolation:
        raise TeamNameTaken from None
    if not saved:
        raise (Stale if await find(tx, team.id) else NotFound)
    await tx.execute("DELETE FROM team_members WHERE tenant_id = $1 AND team_id = $2", tx.tenant_id, team.id)
    await _enrol(tx, team)


async def _enrol(tx: Transaction, team: Team) -> None:
    try:
        await tx.execute_many(
            "INSERT INTO team_members (tenant_id, team_id, user_id) VALUES ($1, $2, $3)",
            [(tx.tenant_id, team.id, member) for member in team.members],
        )
    except ForeignKeyViolation:
        raise UnknownMember from None


async def delete(tx: Transaction, team_id: TeamId, version: int) -> Team:
    """Return the deleted team, without members, at its next version. No scope: the permission to manage was checked.

    Raises NotFound, Stale.
    """
    row = await tx.row(
        """
        DELETE FROM teams WHERE tenant_id = $1 AND id = $2 AND version = $3
        RETURNING id, name, version + 1 AS version, array[]::uuid[] AS members
        """,
        tx.tenant_id,
        team_id,
        version,
    )
    if row is None:
        raise (Stale if await find(tx, team_id) else NotFound)
    return _team(row)


async def find(tx: Transaction, team_id: TeamId) -> Team | None:
    """Return a team, or None. No scope: every colleague may know the agency's teams."""
    row = await tx.row(
        """
        SELECT id, name, version,
               array(SELECT user_id FROM team_members WHERE tenant_id = $1 AND team_id = t.id ORDER BY 1) AS members
          FROM teams t
         WHERE tenant_id = $1 AND id = $2
        """,
        tx.tenant_id,
        team_id,
    )
    return _team(row) if row else None


async def every(tx: Transaction) -> Sequence[Team]:
    """Return all teams by name. No scope: as `find`."""
    rows = await tx.rows(
        """
        SELECT id, name, version,
               array(SELECT user_id FROM team_members WHERE tenant_id = $1 AND team_id = t.id ORDER BY 1) AS members
          FROM teams t
         WHERE tenant_id = $1
         ORDER BY name
        """,
        tx.tenant_id,
    )
    return [_team(row) for row in rows]


def _team(row: Row) -> Team:
    return Team(row["id"], row["name"], tuple(row["members"]), row["version"])
